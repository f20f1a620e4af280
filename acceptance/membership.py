"""Who belongs where: judged by the rows that a registration wrote, and by what a token then opens.

Every function raises PromiseBroken with what was expected and what was seen.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from acceptance.clinics import Clinic
from acceptance.diary import differences
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.handshake import must_have_the_issuers_shape, published_keys, standing, verified_claims
from acceptance.http import json_of
from acceptance.people import Member, People, Refused, SecondRegistration, refusal_of
from acceptance.scene import Scene
from acceptance.views import must_list_only
from acceptance.wording import listed

NO_SUCH_PASSWORD = Refused(400, "invalid_credentials")


@dataclass(frozen=True)
class Profile:
    """One row of profiles; `written_by` is the transaction that wrote it last."""

    id: str
    org_id: str
    email: str
    role: str
    written_by: str


@dataclass(frozen=True)
class Organisation:
    """One row of organizations."""

    id: str
    name: str
    written_by: str


@dataclass(frozen=True)
class Trace:
    """One row anywhere that bears an address."""

    place: str
    written_by: str


def profile_of(scene: Scene, member: Member) -> Profile:
    """The one profile of a member; raises PromiseBroken when there is none."""
    query = (
        "select id::text, org_id::text, email, role, xmin::text as written_by from public.profiles where id = %(id)s"
    )
    found = scene.run.observer.read(Profile, query, {"id": member.user_id})
    if not found:
        raise PromiseBroken(f"{member.name} has an account, so there should be a profile, but there is none.")
    return found[0]


def founded_by(scene: Scene, member: Member) -> list[Organisation]:
    """Organisations that were written together with the member's profile, or bear what only the member brought."""
    query = """
        select id::text, name, xmin::text as written_by from public.organizations
        where strpos(name, %(email)s) > 0 or strpos(name, %(brought)s) > 0
           or xmin::text in (select xmin::text from public.profiles where email = %(email)s or id = any(%(ids)s::uuid[]))
        order by name"""
    traces = {
        "email": member.email,
        "brought": member.brought or member.email,
        "ids": [session.user_id for session in member.sessions],
    }
    return scene.run.observer.read(Organisation, query, traces)


def traces_of(scene: Scene, member: Member) -> list[Trace]:
    """Every account, identity and profile that bears the member's address."""
    query = """
        select 'account' as place, xmin::text as written_by from auth.users where lower(email) = %(email)s
        union all select 'identity', xmin::text from auth.identities where lower(email) = %(email)s
        union all select 'profile', xmin::text from public.profiles where lower(email) = %(email)s"""
    return scene.run.observer.read(Trace, query, {"email": member.email.lower()})


def forget(people: People) -> None:
    """Remove everybody whom the scenario registered, or tried to, and all that came of it."""
    scene = people.scene
    members = list(people.members.values())
    query = "select id::text as place, '' as written_by from auth.users where lower(email) = any(%(emails)s)"
    users = scene.run.observer.read(Trace, query, {"emails": [member.email.lower() for member in members]})
    founded = [organisation.id for member in members for organisation in founded_by(scene, member)]
    scene.run.observer.erase(founded, [user.place for user in users], scene.run.marker)


def must_have_founded(people: People, member: Member, clinic_name: str, stored_name: str) -> None:
    """Exactly one organisation came of the sign-up, with this name; it joins the scene as `clinic_name`."""
    founded = founded_by(people.scene, member)
    if len(founded) != 1:
        names = ", ".join(organisation.name for organisation in founded) or "none"
        raise PromiseBroken(f"{member.name}'s sign-up should found one clinic, but founded {len(founded)}: {names}.")
    if founded[0].name != stored_name:
        raise PromiseBroken(f'{member.name}\'s clinic should be named "{stored_name}", not "{founded[0].name}".')
    people.settle(member, founded[0].id, clinic_name)


def must_have_founded_nothing(scene: Scene, member: Member) -> None:
    founded = founded_by(scene, member)
    if founded:
        raise PromiseBroken(f'{member.name} was to join a clinic, but "{founded[0].name}" was founded as well.')


def must_belong(scene: Scene, member: Member, clinic: Clinic, role: str) -> None:
    """The profile carries the account's id and address, the clinic and the role."""
    profile = profile_of(scene, member)
    seen = (profile.id, profile.email, profile.org_id, profile.role)
    wanted = (member.user_id, member.email, clinic.org_id, role)
    names = ("id", "address", "clinic", "role")
    wrong = [
        f"{name} should be {want}, is {have or 'nothing'}"
        for name, want, have in zip(names, wanted, seen, strict=True)
        if want != have
    ]
    if wrong:
        raise PromiseBroken(f"The profile of {member.name} is not as it should be: {'; '.join(wrong)}.")


def must_be_one_step(scene: Scene, member: Member) -> None:
    """Identity, profile and organisation were written by one and the same transaction.

    The account's own row says nothing: Auth writes it again when it gives the first token.
    """
    writers = [(trace.place, trace.written_by) for trace in traces_of(scene, member) if trace.place != "account"]
    writers += [("clinic", organisation.written_by) for organisation in founded_by(scene, member)]
    places, transactions = sorted(place for place, _writer in writers), {writer for _place, writer in writers}
    if places != ["clinic", "identity", "profile"] or len(transactions) != 1:
        told = ", ".join(f"the {place} by number {writer}" for place, writer in sorted(writers))
        raise PromiseBroken(f"{member.name}'s registration should be one transaction, but there were several: {told}.")


def must_be_nobody(scene: Scene, member: Member) -> None:
    """A registration that failed left nothing: no account, identity, profile or organisation."""
    left = [f"an {trace.place}" if trace.place[0] in "ai" else f"a {trace.place}" for trace in traces_of(scene, member)]
    left += [f'the clinic "{organisation.name}"' for organisation in founded_by(scene, member)]
    if left:
        raise PromiseBroken(
            f"{member.name} was not registered, so nothing should be left, but there is {listed(left)}."
        )


def must_be_signed_and_shaped(scene: Scene, member: Member) -> None:
    """The signature verifies against the published keys, and Auth itself knows the token's holder."""
    keys = published_keys(scene.run.accounts.http, scene.run.target.publishable_key)
    claims = verified_claims(member.session.access_token, keys)
    must_have_the_issuers_shape(member.session, claims, scene.run.target.supabase_url)
    query = "select id::text as place, user_id::text as written_by from auth.sessions where id = %(id)s::uuid"
    sessions = scene.run.observer.read(Trace, query, {"id": claims["session_id"]})
    if [session.written_by for session in sessions] != [member.user_id]:
        raise PromiseBroken(f"The token of {member.name} should name a session of {member.name}; it does not.")


def must_name(scene: Scene, member: Member, clinic: Clinic) -> None:
    """The latest token carries this clinic as its organisation."""
    named = scene.run.accounts.organisation_of(member.session)
    if named != clinic.org_id:
        raise PromiseBroken(
            f"The token of {member.name} should name {clinic.name} ({clinic.org_id}), but names {named}."
        )


def must_stand_as(scene: Scene, member: Member, other: Clinic) -> None:
    """The token says of one founder what it says of another, each with their own clinic, id and address."""
    mine = _anonymous(standing(member.session), profile_of(scene, member).org_id)
    theirs = _anonymous(standing(other.owner), other.org_id)
    wrong = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    if wrong:
        told = "; ".join(f"{name} {mine.get(name)} instead of {theirs.get(name)}" for name in wrong)
        raise PromiseBroken(f"The token of {member.name} should say what every founder's says, but has {told}.")


def must_still_belong(people: People, member: Member, clinic: Clinic, role: str) -> None:
    """Role and clinic are what they were: in the profile, in the next token and in that of a new sign-in."""
    before = standing(member.sessions[0])
    for how, step in (("a renewed token", people.renew), ("a new sign-in", people.sign_in)):
        step(member.name)
        now = standing(member.session)
        changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        if changed:
            told = "; ".join(f"{name} {before.get(name)!r} → {now.get(name)!r}" for name in changed)
            raise PromiseBroken(f"With {how}, {member.name}'s standing should be as before, but: {told}.")
        must_name(people.scene, member, clinic)
        must_belong(people.scene, member, clinic, role)
        for records in ("the clinic's entry", "the people"):
            must_list_only(people.scene, member.name, member.session, records, clinic)


def must_be_written(member: Member, claimed: Mapping[str, object]) -> None:
    """What the member wrote came through: else nothing was tried."""
    written = member.session.claims.get("user_metadata", {})
    missing = [name for name in claimed if written.get(name) != claimed[name]]
    if missing:
        raise Inconclusive(f"{member.name} wrote {', '.join(missing)}, but the token does not carry it.")


def must_be_refused(what: str, refusal: Refused | None, wanted: Refused) -> None:
    """Exactly this status and this name; None stands for a request that was not refused."""
    if refusal != wanted:
        raise PromiseBroken(f"{what} should be {wanted}, but was {refusal or 'not refused at all'}.")


def must_not_open(people: People, second: SecondRegistration) -> None:
    """The password of a registration that was refused is nobody's."""
    seen = refusal_of(
        lambda: people.accounts.client().auth.sign_in_with_password(
            {"email": second.email, "password": second.password}
        )
    )
    must_be_refused("The second password", seen, NO_SUCH_PASSWORD)


def must_change_the_name(people: People, name: str) -> None:
    """What everybody may do in their own profile: one row is changed, and stored."""
    answer = people.change_profile(name, {"full_name": f"{name} of the desk"})
    rows = json_of(answer)
    changed = [row.get("full_name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if answer.status_code != 200 or changed != [f"{name} of the desk"]:
        raise PromiseBroken(f"{name} should be able to change the own name, but was answered {answer.status_code}.")


def only_the_profile_was_added(scene: Scene, member: Member) -> None:
    """Since the last When, one profile in one clinic, and nothing else anywhere."""
    after = scene.census()
    added = after.keys() - scene.before.keys()
    if added != {("profiles", member.user_id)} or len(differences(scene.before, after)) != 1:
        told = "; ".join(differences(scene.before, after)[:3]) or "nothing was added"
        raise PromiseBroken(f"Only {member.name}'s profile should be new, but {told}.")


def _anonymous(said: Mapping[str, object], org_id: str) -> dict[str, str]:
    own = {org_id: "the clinic", str(said.get("sub")): "the holder", str(said.get("email")): "the address"}
    return {name: own.get(str(value), json.dumps(value, sort_keys=True)) for name, value in said.items()}
