"""Many people who sign up at the same moment: record first, judge afterwards."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from acceptance.clinics import Clinic
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.http import open_client, open_lines
from acceptance.membership import founded_by, must_belong, must_name, profile_of
from acceptance.people import Member, People
from acceptance.race import most_at_once
from acceptance.views import must_list_only

SHARE_AT_ONCE = 0.5  # at the fullest moment at least this share of them must be under way


@dataclass(frozen=True)
class SignUp:
    """One person's attempt: seconds on one monotonic clock, and why it failed ("" when it did not)."""

    member: Member
    started: float
    ended: float
    trouble: str = ""


def sign_up_at_once(people: People, count: int) -> list[SignUp]:
    """Everybody signs up from one barrier, over connections that are open already; only records."""
    target = people.scene.run.target
    members = [people.newcomer(f"founder {number}", f"Practice {number}") for number in range(1, count + 1)]
    barrier = threading.Barrier(count)
    with (
        open_client(target.supabase_url, patience=target.patience, connections=count) as client,
        ThreadPoolExecutor(count) as pool,
    ):
        accounts = replace(people.accounts, http=client)
        open_lines(client, "/auth/v1/health", count)

        def sign_up(member: Member) -> SignUp:
            barrier.wait()
            started, trouble = time.monotonic(), ""
            try:
                data = {"business_name": member.business}
                member.sessions.append(accounts.sign_up(member.email, member.password, data, member.name))
            except Exception as problem:  # judged afterwards, with everybody else's
                trouble = str(problem) or type(problem).__name__
            return SignUp(member, started, time.monotonic(), trouble)

        return list(pool.map(sign_up, members))


def must_have_come_at_once(history: Sequence[SignUp]) -> None:
    """Everybody was registered, and really at the same time."""
    failed = [attempt for attempt in history if attempt.trouble]
    if failed:
        raise PromiseBroken(f"{len(failed)} of {len(history)} could not sign up; first: {failed[0].trouble}")
    crowd = most_at_once(history)
    if crowd < len(history) * SHARE_AT_ONCE:
        raise Inconclusive(f"Only {crowd} of {len(history)} sign-ups were under way at once, so nothing was contested.")


def each_must_have_founded_one(people: People, history: Sequence[SignUp]) -> None:
    """A clinic each, named after the own business, held by the own profile, named by the own token."""
    for attempt in history:
        member = attempt.member
        founded = founded_by(people.scene, member)
        if [organisation.name for organisation in founded] != [member.business]:
            names = ", ".join(organisation.name for organisation in founded) or "none"
            raise PromiseBroken(f'{member.name} should have founded "{member.business}" alone, but founded: {names}.')
        people.settle(member, founded[0].id, member.name)
        clinic = people.scene.clinics.clinic(member.name)
        must_belong(people.scene, member, clinic, "owner")
        must_name(people.scene, member, clinic)
    shared = [org for org, count in Counter(_clinics(people, history)).items() if count > 1]
    if shared:
        raise PromiseBroken(f"Every founder should have a clinic alone, but these are shared: {shared}.")


def each_must_see_their_own(people: People, history: Sequence[SignUp]) -> None:
    """By effect: the token of each opens the own clinic and no other's."""
    for attempt in history:
        clinic: Clinic = people.scene.clinics.clinic(attempt.member.name)
        for records in ("the clinic's entry", "the people"):
            must_list_only(people.scene, attempt.member.name, attempt.member.session, records, clinic)


def _clinics(people: People, history: Sequence[SignUp]) -> list[str]:
    return [profile_of(people.scene, attempt.member).org_id for attempt in history]
