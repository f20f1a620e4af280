"""Whose rows are planted, and who comes to look: real people with the claims of their own real sign-ins."""

import json
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from acceptance.asked import promised
from acceptance.clinics import Clinic, Person
from acceptance.errors import Inconclusive
from acceptance.identity import Accounts, Session
from acceptance.isolation_surface import TENANT_COLUMNS
from acceptance.scene import Scene

OWNER, COLLEAGUE, NOBODYS, ANONYMOUS = "the owner", "a colleague", "somebody of no clinic", "an anonymous visitor"
# What a client may put into the header of a request; any product-specific name is read from the policies.
HEADERS = ("x-org-id", "x-organization-id", "x-tenant-id", "x-clinic-id", "x-user-id", "x-forwarded-user")
# What somebody may write about himself; keys that the policies mention are added.
SELF_DESCRIPTIONS = (*TENANT_COLUMNS, "orgId", "tenant", "organization", "clinic")
TELLING_CLAIMS = ("sub", "role", "org_id", "org_role")
ROLE_WORDS = ("role", "org_role", "user_role")
MOST_WORDS = 8


@dataclass(frozen=True)
class Side:
    """One clinic's part in a probe. Every text and id that is planted for it carries `tag`."""

    name: str
    org_id: str
    owner: Session
    users: Mapping[str, str]
    tag: str
    marker: str

    @classmethod
    def of(cls, clinic: Clinic, marker: str) -> "Side":
        # Hexadecimal and not all digits, so that it is a part of a uuid and never of a number.
        tag = "abcdef"[secrets.randbelow(6)] + secrets.token_hex(4)[1:]
        users = {"owner": clinic.owner.user_id, **{name: person.id for name, person in clinic.people.items()}}
        return cls(clinic.name, clinic.org_id, clinic.owner, users, tag, f"{marker}-{tag}")

    @property
    def traces(self) -> list[str]:
        """Texts by which anything of this clinic is recognised wherever it turns up."""
        return [self.tag, self.org_id, *self.users.values(), self.owner.email]

    @property
    def provider(self) -> str:
        return next((user for name, user in self.users.items() if name != "owner"), self.users["owner"])


@dataclass(frozen=True)
class Identity:
    """Somebody who makes requests: a database role and the claims of a token, as PostgREST sets them."""

    name: str
    role: str
    claims: Mapping[str, Any] = field(repr=False)
    member: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    posing: bool = False

    def settings(self) -> str:
        """One statement that makes the transaction act for this identity (PostgREST, references/transactions)."""
        told = {
            "role": self.role,
            "request.jwt.claims": json.dumps(self.claims),
            "request.headers": json.dumps({"accept": "*/*", **self.headers}),
            "request.cookies": json.dumps(dict(self.headers)),
            "request.method": "GET",
        }
        return "select " + ", ".join(f"set_config({text(key)}, {text(value)}, true)" for key, value in told.items())

    def for_psql(self) -> str:
        """The same for somebody who wants to see it happen; without the claims that only identify the session."""
        needed = (*TELLING_CLAIMS, *(("user_metadata",) if self.posing else ()))
        telling = {key: self.claims[key] for key in needed if key in self.claims}
        headers = f" set local request.headers = {text(json.dumps(dict(self.headers)))};" if self.headers else ""
        return (
            f"begin; set local role {self.role}; set local request.jwt.claims = {text(json.dumps(telling))};{headers}"
        )


def text(value: str) -> str:
    """An SQL string literal."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def signed_in(name: str, session: Session, *, member: bool) -> Identity:
    claims = session.claims
    return Identity(name, str(claims.get("role", "authenticated")), claims, member)


def anonymous() -> Identity:
    return Identity(ANONYMOUS, "anon", {"role": "anon"})


def strangers(scene: Scene, clinic: Clinic) -> list[Identity]:
    """Everybody who is not the neighbour: the owner and a colleague of another clinic, somebody of none, anonymous."""
    with ThreadPoolExecutor(1) as aside:
        nobody = aside.submit(scene.clinics.somebody_of_no_clinic)
        colleague = _colleague(scene, clinic)
    return [
        signed_in(f"{OWNER} of {clinic.name}", clinic.owner, member=True),
        signed_in(f"{COLLEAGUE} of {clinic.name}", colleague, member=True),
        signed_in(NOBODYS, nobody.result(), member=False),
        anonymous(),
    ]


def with_headers(identity: Identity, neighbour: Side, words: list[str]) -> list[Identity]:
    """The same person with the neighbour's number, or a word that the decisions look for, in every header they read."""
    name = f"{identity.name} with a header that names {neighbour.name}"
    keys = sorted({word.lower() for word in (*HEADERS, *words)})
    values = [neighbour.org_id, neighbour.owner.user_id, *words[:MOST_WORDS]] if words else [neighbour.org_id]
    return [replace(identity, name=name, headers=dict.fromkeys(keys, value)) for value in values]


def as_role(identity: Identity, role: str) -> Identity:
    return Identity(f"{identity.name} as {role}", role, identity.claims, identity.member)


def describing_himself(accounts: Accounts, clinic: Clinic, neighbour: Clinic, words: list[str]) -> list[Identity]:
    """The owner after writing the neighbour's number into all that a user may say of himself, signed in again.

    `words` are what the product's own decisions look for in it: each is said under every key as well.
    """
    name = f"{OWNER} of {clinic.name}, who says of himself to belong to {neighbour.name}"
    keys = (*SELF_DESCRIPTIONS, *words)
    said: dict[str, Any] = {**dict.fromkeys(keys, neighbour.org_id), **dict.fromkeys(ROLE_WORDS, "service_role")}
    client = accounts.client()
    owner = clinic.owner
    with promised("Everybody should be able to write into their own details"):
        client.auth.sign_in_with_password({"email": owner.email, "password": owner.password})
        client.auth.update_user({"data": {**said, "is_admin": True}})
    session = accounts.sign_in_as(owner.user_id, owner.email, owner.password, clinic.org_id, owner.called)
    if not said.items() <= session.claims.get("user_metadata", {}).items():
        raise Inconclusive(f"{name}: the token does not carry what was said, so nothing is tried.")
    real = signed_in(name, session, member=True)
    told = [{**said, **dict.fromkeys((*keys, *ROLE_WORDS), word)} for word in words[:MOST_WORDS]]
    real = replace(real, posing=True)
    return [real, *(replace(real, claims={**real.claims, "user_metadata": each}) for each in told)]


def _colleague(scene: Scene, clinic: Clinic) -> Session:
    registry = scene.run.nursery.registry
    address, password = registry.address("colleague"), secrets.token_urlsafe(12)
    person = Person(registry.accounts.invite(address, password, clinic.org_id, "staff", "Rae"), "Rae")
    clinic.people["a colleague"] = person
    return registry.accounts.sign_in_as(person.id, address, password, clinic.org_id, f"a colleague at {clinic.name}")
