"""What the audit log remembers of refused attempts, who may read it, and that nobody rewrites it.

Every function raises PromiseBroken with what was expected and what was seen.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from acceptance.clinics import Clinic
from acceptance.colleagues import join
from acceptance.doors import Answer, Visit
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.identity import Session
from acceptance.promises import CLOCK_TOLERANCE
from acceptance.scene import Scene
from acceptance.tokens_judged import other_than
from acceptance.wording import INSUFFICIENT_PRIVILEGE

Recorded = tuple[str | None, str | None, str | None, str, str]

DENIED = "denied"
NO_PERMISSION = (
    INSUFFICIENT_PRIVILEGE  # PostgreSQL, Appendix A; PostgREST answers 403, or 401 to anybody (contract-facts D1)
)
ENTRIES = """
    select id::text, user_id::text, org_id::text, action, target_org_id::text, attempted_action, status,
      details::text as details, created_at
    from public.audit_log where org_id = any(%(orgs)s::uuid[]) or target_org_id = any(%(orgs)s::uuid[])
    order by created_at, id"""


@dataclass(frozen=True)
class Entry:
    """One refused attempt, as remembered, in full."""

    id: str
    user_id: str | None
    org_id: str | None
    action: str
    target_org_id: str | None
    attempted_action: str
    status: str
    details: str
    created_at: datetime


@dataclass(frozen=True)
class Rewriting:
    """What somebody was answered who tried to rewrite the log."""

    who: str
    answers: Sequence[Answer]


def entries(scene: Scene) -> list[Entry]:
    """Every entry that names a clinic of the scene, oldest first."""
    orgs = [clinic.org_id for clinic in scene.clinics.founded.values()]
    return scene.run.observer.read(Entry, ENTRIES, {"orgs": orgs})


def each_is_recorded(
    scene: Scene, who: Session, own: Clinic | None, target: Clinic, actions: Sequence[str], before: Sequence[Entry]
) -> None:
    """One new entry for each attempt, in order, with all that issue 3 asks for, and no other new entry."""
    if not actions:
        raise Inconclusive("Nobody has tried anything yet.")
    known = {entry.id for entry in before}
    added = [entry for entry in entries(scene) if entry.id not in known]
    org_id = own.org_id if own else None
    wanted: Counter[Recorded] = Counter((who.user_id, org_id, target.org_id, action, DENIED) for action in actions)
    seen: Counter[Recorded] = Counter(
        (new.user_id, new.org_id, new.target_org_id, new.attempted_action, new.status) for new in added
    )
    if seen != wanted:
        missing, extra = _told(scene, wanted - seen), _told(scene, seen - wanted)
        raise PromiseBroken(f"Each attempt should stand once in the audit log; missing: {missing}; too many: {extra}.")
    undated = [entry for entry in added if abs(datetime.now(UTC) - entry.created_at) > CLOCK_TOLERANCE]
    unnamed = [entry for entry in added if not entry.action.strip()]
    if undated or unnamed:
        one = (undated + unnamed)[0]
        raise PromiseBroken(
            "Every entry should be dated now and name its action; "
            f"one is dated {one.created_at:%Y-%m-%d %H:%M:%S} and names the action {one.action!r}."
        )


def _told(scene: Scene, recorded: Counter[Recorded]) -> str:
    """Entries in words: who of which clinic tried what at which clinic, and how it ended."""
    clinics = scene.clinics.founded.values()
    names = {clinic.org_id: clinic.name for clinic in clinics}
    owners = {clinic.owner.user_id: "the owner" for clinic in clinics}

    def told(entry: Recorded) -> str:
        user, own, target, action, status = entry
        who = owners.get(user or "", f"user {user}") if user else "nobody"
        return (
            f"{action} at {names.get(target or '', target or 'no clinic')}, by {who} of "
            f"{names.get(own or '', own or 'no clinic')}, {status}"
        )

    return " and ".join(told(entry) for entry in recorded.elements()) or "none"


def reader(scene: Scene, clinic: Clinic, words: str) -> Visit:
    """Somebody who would like to read a clinic's log, or to rewrite it."""
    if words == "the service itself":
        return Visit(scene, clinic, key=scene.run.target.secret_key)
    if words == "anybody without a token":
        return Visit(scene, clinic)
    session = _session(scene, clinic, words)
    return Visit(scene, clinic, [f"Bearer {session.access_token}"])


def _session(scene: Scene, clinic: Clinic, words: str) -> Session:
    if words == "its owner":
        return clinic.owner
    if words == "the owner of the other clinic":
        return other_than(scene, clinic).owner
    if words == "somebody of no clinic":
        return scene.clinics.somebody_of_no_clinic()
    return join(scene, clinic, ROLES[words])


ROLES = {"its admin": "admin", "its receptionist": "staff", "its provider": "provider"}
READERS = {words: words for words in (*ROLES, "its owner", "the owner of the other clinic", "somebody of no clinic",
                                      "anybody without a token", "the service itself")}  # fmt: skip
FINDINGS = ("every attempt", "nothing", "no permission (401)")


def must_find(visit: Visit, finding: str) -> None:
    """What one reader finds in the log over the Supabase API: all the clinic's entries, none, or a refusal."""
    answer = visit.database("GET", "audit_log?select=*&order=created_at,id")
    own = [entry.id for entry in entries(visit.scene) if entry.org_id == visit.clinic.org_id]
    if not own:
        raise Inconclusive("The log holds no entry of the clinic, so finding none proves nothing.")
    if finding == "no permission (401)":
        met = (answer.status, answer.code) == (401, NO_PERMISSION)
    else:
        found = [row.get("id") for row in answer.body] if isinstance(answer.body, list) else [answer.code]
        met = answer.status == 200 and found == (own if finding == "every attempt" else [])
    if not met:
        raise PromiseBroken(f"In the log of {visit.clinic.name} this reader should find {finding}, but got {answer}")


def first_of(scene: Scene, clinic: Clinic) -> Entry:
    """The clinic's first entry; raises Inconclusive when there is none that could be rewritten."""
    own = [entry for entry in entries(scene) if entry.org_id == clinic.org_id]
    if not own:
        raise Inconclusive(f"The log of {clinic.name} holds no entry, so nobody could rewrite one.")
    return own[0]


def rewrite(visit: Visit, who: str, entry: Entry) -> Rewriting:
    """Try to change, to replace, to delete and to forge an entry; the service writes entries, so it forges none."""
    one = f"audit_log?id=eq.{entry.id}"
    lie: dict[str, Any] = {"user_id": entry.user_id, "org_id": entry.org_id, "target_org_id": entry.org_id}
    lie |= {"action": "forged", "attempted_action": "forged", "status": "allowed"}
    forged = [] if visit.key else [visit.database("POST", "audit_log", lie)]
    return Rewriting(
        who,
        [
            visit.database("PATCH", one, {"status": "allowed"}),
            visit.database("PATCH", f"audit_log?org_id=eq.{entry.org_id}", {"target_org_id": None}),
            visit.database("POST", "audit_log?on_conflict=id", {**lie, "id": entry.id}, upsert=True),
            visit.database("DELETE", one),
            visit.database("DELETE", f"audit_log?org_id=eq.{entry.org_id}"),
            *forged,
        ],
    )


def must_be_refused(tried: Rewriting) -> None:
    """Each try was refused for want of permission, or touched no row; an insertion can only be refused."""
    for answer in tried.answers:
        status = 401 if tried.who == "anybody without a token" else 403
        refused = (answer.status, answer.code) == (status, NO_PERMISSION)
        touched_none = answer.status == 200 and answer.body == [] and not answer.what.startswith("POST")
        if not refused and not touched_none:
            raise PromiseBroken(f"The audit log is nobody's to rewrite, but {tried.who} got {answer}")


def must_be_untouched(scene: Scene, before: Sequence[Entry]) -> None:
    """Every entry that was there is there, to the letter, and none was added."""
    if not before:
        raise Inconclusive("The log was empty, so nothing could be rewritten.")
    now = entries(scene)
    if now != list(before):
        gone, new = [entry for entry in before if entry not in now], [entry for entry in now if entry not in before]
        raise PromiseBroken(
            f"The audit log should be what it was, but {len(gone)} entries are gone or changed and {len(new)} are new: "
            f"{'; '.join(_shown(entry) for entry in (*gone[:2], *new[:2]))}."
        )


def _shown(entry: Entry) -> str:
    return f"{entry.attempted_action} of {entry.created_at:%Y-%m-%d %H:%M:%S} ({entry.status}, entry {entry.id})"


def must_keep(scene: Scene, before: Sequence[Entry], added: int) -> None:
    """The first entries are still there after many more, each of which was added."""
    now = entries(scene)
    if now[: len(before)] != list(before) or len(now) != len(before) + added:
        raise PromiseBroken(
            f"The log should keep its first {len(before)} and gain {added}; it holds {len(now)}, "
            f"of the first {sum(entry in now for entry in before)}."
        )
