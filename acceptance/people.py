"""People who register in a scenario: by signing up, or by joining a clinic that invites them."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from supabase_auth.errors import AuthApiError

from acceptance.asked import promised
from acceptance.clinics import Clinic
from acceptance.errors import PromiseBroken
from acceptance.http import json_of
from acceptance.identity import Session
from acceptance.scene import Scene
from acceptance.wording import INSUFFICIENT_PRIVILEGE

USER_PATH = "/auth/v1/user"
PROFILES_PATH = "/rest/v1/profiles"


@dataclass
class Member:
    """Somebody with an account, or nearly; `sessions` are the tokens they were given, oldest first.

    `business` is what a founder named; `brought` is one of their own that nobody asked an invited person for.
    """

    name: str
    email: str
    password: str = field(repr=False)
    business: str | None = None
    brought: str = ""
    sessions: list[Session] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The latest; raises LookupError for somebody who never got one."""
        if not self.sessions:
            raise LookupError(f'"{self.name}" has no token yet.')
        return self.sessions[-1]

    @property
    def user_id(self) -> str:
        return self.session.user_id


@dataclass(frozen=True)
class Refused:
    """How a request was answered: its status and its name on the wire ("" when nothing was named)."""

    status: int
    code: str

    def __str__(self) -> str:
        if self.status < 400:
            return f"accepted ({self.status})"
        if self.code == INSUFFICIENT_PRIVILEGE:
            return f"refused for want of permission ({self.status})"
        return f"refused as {self.code or 'nothing named'} ({self.status})"


@dataclass(frozen=True)
class SecondRegistration:
    """Somebody registers an address that is taken: how it was refused, and how it should be (contract-facts B2)."""

    email: str
    password: str = field(repr=False)
    refusal: Refused | None
    expected: Refused


ALREADY_SIGNED_UP = Refused(422, "user_already_exists")
ALREADY_INVITED = Refused(422, "email_exists")


# What a person may write about themselves, with the id of a clinic that is not theirs.
CLAIMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "membership": lambda org: dict.fromkeys(("org_id", "organization_id", "tenant_id", "clinic_id"), org),
    "a granted membership": lambda org: {
        place: {"org_id": org, "org_role": "owner"} for place in ("app_metadata", "raw_app_meta_data", "claims")
    },
    "the role of an owner": lambda _org: dict.fromkeys(("role", "org_role", "user_role"), "owner"),
    "the role of a provider": lambda _org: dict.fromkeys(("role", "org_role", "user_role"), "provider"),
    "the role of the service": lambda _org: {
        "role": "service_role", "org_role": "service_role", "is_admin": True, "is_super_admin": True,
    },
}  # fmt: skip

# Columns of a profile that are not its holder's to change.
FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "clinic": lambda org: {"org_id": org},
    "role": lambda _org: {"role": "owner"},
    "identity": lambda _org: {"id": str(uuid4())},
    "address": lambda _org: {"email": "somebody@else.example"},
}

MISTAKES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a clinic that does not exist": lambda _org: {"org_id": str(uuid4()), "org_role": "staff"},
    "garbage for a clinic": lambda _org: {"org_id": "the one by the harbour", "org_role": "staff"},
    "a role that does not exist": lambda org: {"org_id": org, "org_role": "emperor"},
}


OCCASIONS: dict[str, tuple[str, ...]] = {
    "signing up": (),
    "signing in again": ("sign_in",),
    "renewing it": ("renew",),
    "renewing twice": ("renew", "renew"),
}

SIGN_UPS = ("a sign-up", "a sign-up in capitals")


class People:
    """The people of one scenario by name; raises LookupError for one who was never introduced."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.accounts = scene.run.accounts
        self.members: dict[str, Member] = {}

    def __getitem__(self, name: str) -> Member:
        if name not in self.members:
            raise LookupError(f'No "{name}" in this scenario; there are: {", ".join(self.members)}.')
        return self.members[name]

    def newcomer(self, name: str, business: str | None = None) -> Member:
        """Somebody with an address and a password and no account; the business carries the run's marker."""
        registry, marker = self.scene.run.nursery.registry, self.scene.run.marker
        said = f"{business} {marker}" if business and business.strip() else business
        self.members[name] = Member(name, registry.address("person"), secrets.token_urlsafe(12), said)
        return self.members[name]

    def sign_up(self, name: str, business: str | None = None, data: Mapping[str, Any] | None = None) -> Member:
        """Raises PromiseBroken when it is refused; the clinic that was founded joins the scene by its name."""
        member = self.newcomer(name, business)
        said = {} if member.business is None else {"business_name": member.business}
        member.sessions.append(self.accounts.sign_up(member.email, member.password, {**(data or {}), **said}, name))
        return member

    def invite(self, name: str, grant: Mapping[str, Any]) -> Member:
        """An account made with the service's rights; raises AuthApiError when it is refused.

        The invited bring a business of their own, so that a system that founds on its name shows.
        """
        member = self.newcomer(name)
        member.brought = f"{name}'s own practice {uuid4().hex[:12]} {self.scene.run.marker}"
        self.accounts.service().auth.admin.create_user(
            {
                "email": member.email,
                "password": member.password,
                "email_confirm": True,
                "app_metadata": dict(grant),
                "user_metadata": {"full_name": name, "business_name": member.brought},
            }
        )
        return member

    def join(self, name: str, clinic: Clinic, role: str) -> Member:
        """Somebody who is invited and signs in; raises PromiseBroken when either is refused."""
        with promised(f"{name} should be able to join {clinic.name}"):
            self.invite(name, {"org_id": clinic.org_id, "org_role": role})
        self.sign_in(name)
        return self[name]

    def sign_in(self, name: str) -> None:
        member = self[name]
        member.sessions.append(self.accounts.sign_in(member.email, member.password, name))

    def renew(self, name: str) -> None:
        member = self[name]
        member.sessions.append(self.accounts.renew(member.session))

    def refused_invitation(self, name: str, grant: Mapping[str, Any]) -> Refused | None:
        """How an invitation was refused, None when it was not."""
        return refusal_of(lambda: self.invite(name, grant))

    def sign_up_again(self, member: Member) -> None:
        """Sign up with an address that was left free; raises PromiseBroken when it is refused."""
        member.sessions.append(self.accounts.sign_up(member.email, member.password, {}, member.name))

    def second_registration(self, member: Member, way: str) -> SecondRegistration:
        """Register the member's address once more, with another password."""
        email = member.email.upper() if way == "a sign-up in capitals" else member.email
        password = secrets.token_urlsafe(12)
        if way in SIGN_UPS:
            seen = refusal_of(lambda: self.accounts.client().auth.sign_up({"email": email, "password": password}))
            return SecondRegistration(email, password, seen, ALREADY_SIGNED_UP)
        grant = {"org_id": self.scene.clinics.clinic(way.split('"')[1]).org_id, "org_role": "staff"}
        invitation: Any = {"email": email, "password": password, "email_confirm": True, "app_metadata": grant}
        seen = refusal_of(lambda: self.accounts.service().auth.admin.create_user(invitation))
        return SecondRegistration(email, password, seen, ALREADY_INVITED)

    def get_token(self, name: str, occasion: str) -> None:
        """Another token, by one of the ways in which Auth gives one."""
        for step in OCCASIONS[occasion]:
            getattr(self, step)(name)

    def write_details(self, name: str, claimed: Mapping[str, Any]) -> None:
        """What a person may always do: write into their own details; raises PromiseBroken when refused."""
        answer = self.request(self[name], "PUT", USER_PATH, {"data": dict(claimed)})
        if answer.status_code != 200:
            raise PromiseBroken(f"{name} should be able to write own details, but was {refused(answer)}.")

    def request(self, member: Member, method: str, path: str, body: Any) -> httpx.Response:
        """A plain request with the member's token, where status and name of a refusal are the promise."""
        headers = {
            "apikey": self.scene.run.target.publishable_key,
            "Authorization": f"Bearer {member.session.access_token}",
            "Prefer": "return=representation",
        }
        return self.accounts.http.request(method, path, json=body, headers=headers)

    def change_profile(self, name: str, changes: Mapping[str, Any]) -> httpx.Response:
        """Ask for changes of the member's own profile."""
        member = self[name]
        return self.request(member, "PATCH", f"{PROFILES_PATH}?id=eq.{member.user_id}", dict(changes))

    def settle(self, member: Member, org_id: str, called: str) -> None:
        """Make a founded clinic known to the scene, under the name that the feature gives it."""
        self.scene.clinics.founded[called] = Clinic(called, org_id, member.session, ZoneInfo("UTC"))


def refusal_of(request: Callable[[], object]) -> Refused | None:
    """How a request of the Supabase client was refused by Auth, None when it was not; raises PromiseBroken."""
    with promised("Auth should say yes or no"):
        try:
            request()
        except AuthApiError as refusal:
            return Refused(refusal.status, refusal.code or "")
    return None


def refused(answer: httpx.Response) -> Refused:
    """A plain answer's status and the name it gives: a code, else the gateway's message (contract-facts B2)."""
    body = json_of(answer)
    told = body if isinstance(body, dict) else {}
    names = (told.get(key) for key in ("error_code", "code", "message"))
    return Refused(answer.status_code, next((name for name in names if isinstance(name, str) and name), ""))
