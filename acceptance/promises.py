"""The promises of a booking, each judged by its effect: the row re-read, the event asked for, the rows counted.

Every function raises PromiseBroken with what was expected and what was seen.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from acceptance.clinics import Clinic
from acceptance.diary import Appointment, differences
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.race import Attempt, Finding, Verdict, most_at_once
from acceptance.scene import Exchange, Scene
from acceptance.wording import counted

CLOCK_TOLERANCE = timedelta(seconds=30)


def must_be_booked(scene: Scene, exchange: Exchange) -> Appointment:
    """A success that names an appointment which the diary of the clinic that was asked holds; returns its row."""
    if not exchange.outcome.booked:
        raise PromiseBroken(f"{exchange.wish.caller} should be booked, but was {exchange.outcome}")
    for row in scene.run.observer.appointments(exchange.wish.clinic_id):
        if row.id == exchange.outcome.appointment_id:
            return row
    told = exchange.outcome.appointment_id
    raise PromiseBroken(f"{exchange.wish.caller} was told appointment {told}, but the diary holds no such row.")


def must_answer_within(exchange: Exchange, budget_ms: float) -> None:
    """One answer's time; a distribution is judged by `latency.Distribution`."""
    if exchange.outcome.milliseconds > budget_ms:
        took = exchange.outcome.milliseconds
        raise PromiseBroken(
            f"{exchange.wish.caller} should be answered within {budget_ms:.0f} ms, but waited {took:.0f} ms."
        )


def must_sound_alike(exchange: Exchange, other: Exchange) -> None:
    """Two refusals that a caller cannot tell apart."""
    heard = [str(item.outcome) for item in (exchange, other)]
    if heard[0] != heard[1]:
        raise PromiseBroken(
            f"Both refusals should sound alike; {exchange.wish.caller} was {heard[0]} The other was {heard[1]}"
        )


def must_name_the_same(earlier: Exchange, later: Exchange) -> None:
    """Two answers that name one appointment."""
    if not later.outcome.booked or later.outcome.appointment_id != earlier.outcome.appointment_id:
        told = later.outcome.appointment_id or str(later.outcome)
        raise PromiseBroken(
            f"{later.wish.caller} should be told appointment {earlier.outcome.appointment_id} again, but was told {told}."
        )


def must_be_accepted(answers: Sequence[httpx.Response]) -> None:
    """Every answer is a 200, as Vapi asks for messages that need none."""
    if not answers:
        raise Inconclusive("The assistant has sent nothing yet.")
    refused = [answer.status_code for answer in answers if answer.status_code != 200]
    if refused:
        raise PromiseBroken(
            f"Every message should be accepted with a 200; {len(refused)} were answered with {', '.join(map(str, refused))}."
        )


def asked_since_remembering(scene: Scene) -> list[Exchange]:
    """The exchanges of the last When; raises Inconclusive when there were none."""
    if not scene.asked:
        raise Inconclusive("Nobody has asked anything yet.")
    return [scene.exchanges[caller] for caller in scene.asked]


def diary_must_hold_what_was_said(scene: Scene, exchange: Exchange) -> None:
    """The row, the wish and the answer agree in every field."""
    row, wish = must_be_booked(scene, exchange), exchange.wish
    agree(
        f"The diary's row for {wish.caller}",
        {
            "provider": (wish.provider_id, row.provider_id),
            "patient's name": (wish.patient_name, row.patient_name),
            "patient's address": (wish.patient_email, row.patient_email),
            "start": (wish.starts_at.astimezone(UTC), row.appointment_time.astimezone(UTC)),
            "minutes": (int(wish.minutes), row.duration_minutes),
            "status": ("confirmed", row.status),
        },
    )
    if abs(datetime.now(UTC) - row.created_at) > CLOCK_TOLERANCE:
        raise PromiseBroken(f"The row for {wish.caller} should be created just now, not at {row.created_at}.")
    answer_must_agree_with(row, exchange, scene.clinic_of(wish))


def answer_must_agree_with(row: Appointment, exchange: Exchange, clinic: Clinic) -> None:
    """What the caller was told is what was stored, in the clinic's wall-clock time."""
    told = exchange.outcome.answer.get("appointment")
    if not isinstance(told, dict):
        raise PromiseBroken(f"{exchange.wish.caller}'s answer should describe the appointment; it holds none.")
    said = {name: _instant_told(told, name, exchange) for name in ("appointment_time", "end_time", "created_at")}
    ends_at = row.appointment_time + timedelta(minutes=row.duration_minutes)
    agree(
        f"The answer to {exchange.wish.caller}",
        {
            "id": (row.id, told.get("id")),
            "clinic": (row.org_id, told.get("clinic_id")),
            "provider": (row.provider_id, told.get("provider_id")),
            "patient's name": (row.patient_name, told.get("patient_name")),
            "patient's address": (row.patient_email, told.get("patient_email")),
            "start": (row.appointment_time.astimezone(UTC), said["appointment_time"].astimezone(UTC)),
            "start on the clinic's clock": (
                wall_clock(row.appointment_time, clinic),
                said["appointment_time"].replace(tzinfo=None),
            ),
            "end": (ends_at.astimezone(UTC), said["end_time"].astimezone(UTC)),
            "end on the clinic's clock": (wall_clock(ends_at, clinic), said["end_time"].replace(tzinfo=None)),
            "minutes": (row.duration_minutes, told.get("duration_minutes")),
            "status": (row.status, told.get("status")),
            "zone": (clinic.zone.key, told.get("time_zone")),
            "time of creation": (row.created_at.astimezone(UTC), said["created_at"].astimezone(UTC)),
        },
    )


def _instant_told(told: Mapping[str, Any], name: str, exchange: Exchange) -> datetime:
    """A time of an answer; raises PromiseBroken when it is none, or does not say its offset from UTC."""
    with suppress(ValueError):
        said = datetime.fromisoformat(str(told.get(name)))
        if said.tzinfo is not None:
            return said
    raise PromiseBroken(
        f"The answer to {exchange.wish.caller} should say its {name} with an offset from UTC, but says {told.get(name)}."
    )


def only_this_was_added(scene: Scene, exchange: Exchange) -> None:
    """One appointment and its one promise to the calendar, and nothing else anywhere."""
    row = must_be_booked(scene, exchange)
    promised = [entry for entry in scene.run.observer.outbox(row.org_id) if entry.appointment_id == row.id]
    if len(promised) != 1:
        raise PromiseBroken(
            f"The calendar should be promised {exchange.wish.caller}'s event once, not {len(promised)} times."
        )
    after = scene.census()
    added = sorted(table for table, _key in after.keys() - scene.before.keys())
    if added != ["appointments", "calendar_events"] or len(differences(scene.before, after)) != len(added):
        raise PromiseBroken(
            f"Only {exchange.wish.caller}'s appointment should be new; {_told(differences(scene.before, after))}"
        )


def nothing_changed_at(scene: Scene, clinic: Clinic) -> None:
    """Every row of the clinic is as it was before anybody acted, and none was added."""
    mine = {key: row for key, row in scene.before.items() if _belongs_to(row, clinic)}
    if ("organizations", clinic.org_id) not in mine:
        raise Inconclusive(f"Before anybody acted nothing of {clinic.name} was seen, so no change would be either.")
    now = scene.run.observer.census([clinic.org_id])
    changed = differences(mine, now)
    if changed:
        raise PromiseBroken(f"Nothing should change at {clinic.name}, but {_told(changed)}")


def appointment_unchanged(scene: Scene, exchange: Exchange) -> None:
    """The row is field by field what it was before the last step that acted."""
    key = ("appointments", must_be_booked(scene, exchange).id)
    if key not in scene.before:
        raise Inconclusive(f"{exchange.wish.caller}'s appointment was not there before, so it could not have changed.")
    changed = differences({key: scene.before[key]}, {key: scene.census()[key]})
    if changed:
        raise PromiseBroken(f"{exchange.wish.caller}'s appointment should be untouched, but {_told(changed)}")


def no_overlap(scene: Scene, clinic: Clinic) -> None:
    """Of a diary that holds something, no two live appointments of a provider share a minute."""
    if not scene.run.observer.appointments(clinic.org_id):
        raise Inconclusive(f"The diary of {clinic.name} is empty, so nothing in it could overlap.")
    pairs = scene.run.observer.overlaps(clinic.org_id)
    if pairs:
        raise PromiseBroken(
            f"No minute should be booked twice, but {counted(len(pairs), 'pair')} of appointments overlap, "
            f"first {' and '.join(pairs[0])}."
        )


def in_every_round(scene: Scene, judge: Callable[[Sequence[Attempt]], Finding]) -> None:
    """Each round's history is judged; a round that proves nothing is red too, as such.

    A busy machine may send the few requests of a round one after the other; most rounds must be contested.
    """
    if not scene.rounds:
        raise Inconclusive("No callers have called at the same moment yet.")
    uncontested = []
    for number, history in enumerate(scene.rounds, 1):
        finding = judge(history)
        said = f"Round {number} of {len(scene.rounds)}: {finding.reason}"
        if finding.verdict is Verdict.BROKEN:
            raise PromiseBroken(said)
        if finding.verdict is Verdict.INCONCLUSIVE:
            raise Inconclusive(f"{said} This proves nothing, so it does not count as passed.")
        if finding.verdict is Verdict.UNCONTESTED:
            uncontested.append(said)
    if 2 * len(uncontested) >= len(scene.rounds):
        raise Inconclusive(
            f"{uncontested[0]} So it was in {len(uncontested)} of {len(scene.rounds)} rounds, which is too many to prove anything."
        )


def all_told_the_same(scene: Scene) -> None:
    """Every delivery of one call was answered with the same appointment, and really at the same time."""
    history = scene.rounds[-1]
    told = {
        str(attempt.outcome)
        if attempt.outcome is None or not attempt.outcome.booked
        else attempt.outcome.appointment_id
        for attempt in history
    }
    if len(told) != 1 or not all(attempt.outcome and attempt.outcome.booked for attempt in history):
        raise PromiseBroken(
            f"{len(history)} deliveries of one call should all name one appointment; they were told: {'; '.join(sorted(told))}"
        )
    if most_at_once(history) < 2:
        raise Inconclusive("The deliveries came one after the other, so nothing was contested.")


def attempt_recorded(scene: Scene, clinic: Clinic, target: Clinic) -> None:
    """One entry says who of which clinic reached for which other clinic, for what, and when."""
    action = asked_since_remembering(scene)[-1].call.tool
    entries = [entry for entry in scene.run.observer.audit(clinic.org_id) if entry.target_org_id == target.org_id]
    wanted = [entry for entry in entries if entry.user_id == clinic.owner.user_id and entry.attempted_action == action]
    if len(wanted) != 1:
        seen = ", ".join(f"{entry.attempted_action} by {entry.user_id}" for entry in entries) or "none"
        raise PromiseBroken(
            f"{clinic.name}'s audit log should hold one entry for its attempt on {target.name}; it holds {len(wanted)} (seen: {seen})."
        )
    if abs(datetime.now(UTC) - wanted[0].created_at) > CLOCK_TOLERANCE:
        raise PromiseBroken(f"The attempt should be dated now, not {wanted[0].created_at}.")
    if scene.run.observer.audit(target.org_id):
        raise PromiseBroken(
            f"The attempt should stand in {clinic.name}'s log alone, but {target.name}'s has an entry too."
        )


def wall_clock(instant: datetime, clinic: Clinic) -> datetime:
    """The clinic\'s own clock, without its zone."""
    return instant.astimezone(clinic.zone).replace(tzinfo=None)


def _belongs_to(row: Any, clinic: Clinic) -> bool:
    return clinic.org_id in (row.get("org_id"), row.get("id"))


def agree(what: str, pairs: dict[str, tuple[Any, Any]]) -> None:
    """Every pair is of two equal things, the wanted one first."""
    wrong = [
        f"{name} should be {wanted!s}, is {_or_nothing(seen)}"
        for name, (wanted, seen) in pairs.items()
        if wanted != seen
    ]
    if wrong:
        raise PromiseBroken(f"{what} is not as said: {'; '.join(wrong)}.")


def _or_nothing(seen: Any) -> str:
    return "nothing" if seen in (None, "") else str(seen)


def _told(changes: Sequence[str]) -> str:
    more = f" (and {len(changes) - 3} more)" if len(changes) > 3 else ""
    return "; ".join(changes[:3]) + more + "." if changes else "nothing was added."
