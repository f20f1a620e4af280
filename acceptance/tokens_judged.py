"""What a token must get at each door: judged by status and code, by the rows that came, and by what did not change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from acceptance.clinics import Clinic
from acceptance.diary import Appointment
from acceptance.doors import Answer, Door, Visit
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.http import json_of
from acceptance.identity import Session
from acceptance.scene import Scene
from acceptance.tokens import KEY_SET_PATH, Material, Stranger
from acceptance.wording import INSUFFICIENT_PRIVILEGE, counted

Seen = Literal["nobody", "nothing", "its own", "the other's", "everything"]
ACCOUNT = "select email::text, raw_user_meta_data::text as own_data from auth.users where id = %(user_id)s"


@dataclass(frozen=True)
class Reply:
    """One way to answer a token: these refusals, or a success that shows this much. At least one is named."""

    words: str
    refusals: frozenset[tuple[int, str]] = frozenset()
    sees: Seen = "nobody"


@dataclass(frozen=True)
class Account:
    """What a forger might have changed of a user."""

    email: str
    own_data: str

    def __str__(self) -> str:
        return f"{self.email} with {self.own_data}"


@dataclass(frozen=True)
class Knock:
    """What all doors answered, and the victim's account as it was before."""

    visit: Visit
    answers: Sequence[Answer]
    account: Account

    @cached_property
    def diaries(self) -> Sequence[tuple[Clinic, Appointment]]:
        """What no refusal may tell anything of."""
        scene = self.visit.scene
        clinics = scene.clinics.founded.values()
        return [(clinic, row) for clinic in clinics for row in scene.run.observer.appointments(clinic.org_id)]


def _named(*replies: Reply) -> dict[str, Reply]:
    return {reply.words: reply for reply in replies}


# PostgREST 13 and later call a token's bad time or audience PGRST303; 12 calls everything PGRST301 (contract-facts D2).
NOT_GENUINE = frozenset({(401, "PGRST301"), (401, "PGRST303")})
UNKNOWN_ROLE = frozenset({(400, "22023"), (401, "22023")})
# An API behind a proxy never sees what the proxy refuses for its size; nginx says 400, others 431 (RFC 6585).
TOO_LARGE = frozenset({(400, ""), (431, "")})

REPLIES: dict[Door, dict[str, Reply]] = {
    "the API": _named(
        Reply("unauthorised (401)", frozenset({(401, "UNAUTHORIZED")})),
        Reply("forbidden (403)", frozenset({(403, "FORBIDDEN")})),
        Reply("unauthorised or too large", TOO_LARGE | {(401, "UNAUTHORIZED")}),
        Reply("its own clinic", sees="its own"),
    ),
    "the database": _named(
        Reply("unauthorised (401)", NOT_GENUINE),
        Reply("unauthorised, or as the first token", NOT_GENUINE, "the other's"),
        Reply("unauthorised, or its own rows", NOT_GENUINE, "its own"),
        Reply("unauthorised or too large", NOT_GENUINE | TOO_LARGE),
        Reply("invalid, or its own rows", frozenset({(400, "22P02")}), "its own"),
        Reply("no such role (400 or 401)", UNKNOWN_ROLE),
        Reply("no such role for callers (403)", frozenset({(403, INSUFFICIENT_PRIVILEGE)})),
        Reply("nothing for anybody (401)", frozenset({(401, INSUFFICIENT_PRIVILEGE)})),
        Reply("its own rows", sees="its own"),
        Reply("the neighbour's rows alone", sees="the other's"),
        Reply("everything", sees="everything"),
        Reply("no rows", sees="nothing"),
    ),
    "the accounts": _named(
        Reply("not genuine (403)", frozenset({(403, "bad_jwt")})),
        Reply("not genuine, or as the first token", frozenset({(403, "bad_jwt")}), "the other's"),
        Reply("not genuine or not a token", frozenset({(403, "bad_jwt"), (401, "no_authorization")})),
        Reply("not genuine or too large", TOO_LARGE | {(403, "bad_jwt")}),
        Reply("no such user (400)", frozenset({(400, "bad_jwt")})),
        Reply("another audience (400)", frozenset({(400, "validation_failed")})),
        Reply("its own account", sees="its own"),
    ),
}
FORGERY: dict[Door, Reply] = {
    "the API": REPLIES["the API"]["unauthorised (401)"],
    "the database": REPLIES["the database"]["unauthorised (401)"],
    "the accounts": REPLIES["the accounts"]["not genuine (403)"],
}


def material(scene: Scene, victim: Clinic, stranger: Stranger) -> Material:
    """What a forger has who works at the other clinic of the scene; raises PromiseBroken without a key set."""
    run = scene.run
    answer = run.accounts.http.get(f"{run.target.supabase_url}{KEY_SET_PATH}")
    published = json_of(answer)
    if answer.status_code != 200 or not isinstance(published, dict):
        raise PromiseBroken(f"The issuer should publish its key set, but answered {answer.status_code}.")
    intruder = other_than(scene, victim).owner
    return Material(victim.owner, intruder, published, stranger, run.target.org_claim, run.target.jwt_secret)


def other_than(scene: Scene, clinic: Clinic) -> Clinic:
    """The first clinic of the scene that is not this one."""
    return next(found for found in scene.clinics.founded.values() if found is not clinic)


def knock(visit: Visit, *, only_look: bool = False) -> Knock:
    """Try all doors; the victim's account is read before."""
    account = _account(visit.scene, visit.clinic.owner)
    return Knock(visit, visit.look() if only_look else visit.break_in(), account)


def must_open_every_door(visit: Visit, hint: str = "") -> None:
    """The token of the clinic's owner sees the clinic, its diary and the account, and nothing of anybody else."""
    for answer in visit.look():
        _must_show(visit, answer, "its own", f"A genuine token should open {answer.door}{hint}")


def must_refuse_everywhere(seen: Knock) -> None:
    """Every request at every door was refused as not genuine, none showed a row, and the account is what it was."""
    for answer in seen.answers:
        _must_reply(seen, answer, FORGERY[answer.door])
        if answer.door == "the API" and not answer.challenge.startswith("Bearer"):
            raise PromiseBroken(f"The API should ask for a bearer token when it refuses one (RFC 6750): {answer}")
    now = _account(seen.visit.scene, seen.visit.clinic.owner)
    if now != seen.account:
        raise PromiseBroken(f"The account of the clinic's owner should be what it was, {seen.account}; it is {now}.")


def must_reply(seen: Knock, replies: Mapping[Door, Reply]) -> None:
    """Each answer of each door was the reply that is said for it."""
    for answer in seen.answers:
        _must_reply(seen, answer, replies[answer.door])


def must_only_read_settings(answers: Sequence[Answer], clinic: Clinic) -> None:
    """The claim says whose settings are read; who may change them is said by the clinic's own list of people."""
    read, change = answers
    _must_equal(_field(read, "org_id"), clinic.org_id, "the settings of", "The claim says whose settings are shown")
    if (change.status, change.code) != (403, "FORBIDDEN"):
        raise PromiseBroken(f"Who is no admin of {clinic.name} should change nothing there, but got {change}")


def in_every_row(knocks: Mapping[str, Knock], judge: Callable[[str, Knock], None]) -> None:
    """Judge what came of each row of a table; raises PromiseBroken naming every row that broke the promise."""
    if not knocks:
        raise Inconclusive("Nobody has knocked yet.")
    broken = {}
    for row, seen in knocks.items():
        try:
            judge(row, seen)
        except PromiseBroken as problem:
            broken[row] = str(problem)
    if broken:
        told = "\n".join(f"{row}: {problem}" for row, problem in broken.items())
        how_many = f"{len(broken)} {'was' if len(broken) == 1 else 'were'}"
        raise PromiseBroken(f"Of {counted(len(knocks), 'token')} {how_many} not answered as they should be.\n{told}")


def _must_reply(seen: Knock, answer: Answer, reply: Reply) -> None:
    promise = f"{answer.door} should answer this token with: {reply.words}"
    if answer.status < 400 and reply.sees != "nobody":
        _must_show(seen.visit, answer, reply.sees, promise)
    elif (answer.status, answer.code) not in reply.refusals:
        raise PromiseBroken(f"{promise}; it answered {answer}")
    else:
        _must_tell_nothing(seen, answer)


def _must_show(visit: Visit, answer: Answer, sees: Seen, promise: str) -> None:
    if answer.status != 200 or answer.code:
        raise PromiseBroken(f"{promise}; it answered {answer}")
    whose = visit.clinic if sees == "its own" else other_than(visit.scene, visit.clinic)
    if answer.door == "the database":
        _must_show_rows(visit, answer, sees, promise)
    elif answer.door == "the accounts":
        _must_equal(_field(answer, "id"), whose.owner.user_id, "the account", promise)
    elif answer.what == "read_settings":
        _must_equal(_field(answer, "org_id"), whose.org_id, "the settings of", promise)
    elif not _field(answer, "slots"):
        raise PromiseBroken(f"{promise}; it offered no free slot: {answer}")


def _must_show_rows(visit: Visit, answer: Answer, sees: Seen, promise: str) -> None:
    own, other = visit.clinic, other_than(visit.scene, visit.clinic)
    shown = {"its own": [own], "the other's": [other], "everything": [own, other], "nothing": []}[sees]
    diary = visit.scene.run.observer.appointments
    wanted = {row.id for clinic in shown for row in diary(clinic.org_id)}
    hidden = {row.id for clinic in (own, other) if clinic not in shown for row in diary(clinic.org_id)}
    rows = answer.body if isinstance(answer.body, list) else [{}]
    seen = {str(row.get("id")) for row in rows}
    if not all(diary(clinic.org_id) for clinic in (own, other)):
        raise Inconclusive("Both diaries should hold a row, or nothing tells what the token may not see.")
    strangers = seen - wanted if sees != "everything" else set()
    if not wanted <= seen or hidden & seen or strangers:
        raise PromiseBroken(
            f"{promise}; of the {len(wanted)} rows it may see it saw {len(wanted & seen)}, and besides them "
            f"{', '.join(sorted(seen - wanted)) or 'none'}."
        )


def _must_tell_nothing(seen: Knock, answer: Answer) -> None:
    """No refusal holds anything of either clinic's diary."""
    for clinic, row in seen.diaries:
        if row.id in answer.text or row.patient_email in answer.text:
            raise PromiseBroken(f"A refusal should tell nothing of {clinic.name}'s patients, but {answer}")


def _must_equal(seen: Any, wanted: str, what: str, promise: str) -> None:
    if seen != wanted:
        raise PromiseBroken(f"{promise}; it showed {what} {seen or 'nobody'}, not {wanted}.")


def _field(answer: Answer, name: str) -> Any:
    return answer.body.get(name) if isinstance(answer.body, dict) else None


def _account(scene: Scene, owner: Session) -> Account:
    (found,) = scene.run.observer.read(Account, ACCOUNT, {"user_id": owner.user_id})
    return found
