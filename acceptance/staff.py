"""What the clinic's people do to an appointment, through the Supabase API with their own token."""

from typing import Any

from postgrest.exceptions import APIError

from acceptance.booking import Slot
from acceptance.errors import PromiseBroken
from acceptance.scene import Exchange, Scene

EXCLUSION_VIOLATION = "23P01"  # PostgreSQL, Appendix A; PostgREST answers it with a 400 (contract-facts D1)


def change_appointment(scene: Scene, exchange: Exchange, **changes: Any) -> None:
    """Change one appointment; raises PromiseBroken unless exactly that row was changed."""
    owner = scene.clinic_of(exchange.wish).owner
    table = scene.run.accounts.as_user(owner).table("appointments")
    changed = table.update(changes).eq("id", exchange.outcome.appointment_id).execute().data
    if len(changed) != 1:
        raise PromiseBroken(
            f"The clinic should be able to change {exchange.wish.caller}'s appointment; it changed {len(changed)}."
        )


def move(scene: Scene, exchange: Exchange, slot: Slot) -> None:
    """Move an appointment to another time."""
    start = slot.moment.at(scene.clinic_of(exchange.wish).zone)
    change_appointment(scene, exchange, appointment_time=start.isoformat(), duration_minutes=slot.minutes)


def refused_move(scene: Scene, exchange: Exchange, slot: Slot) -> str | None:
    """The SQLSTATE with which a move was refused, None when it was not."""
    try:
        move(scene, exchange, slot)
    except APIError as refusal:
        return refusal.code or "no code"
    return None


def must_be_refused_as_overlapping(code: str | None) -> None:
    if code != EXCLUSION_VIOLATION:
        raise PromiseBroken(f"Moving onto a taken slot should be refused as overlapping; it was {code or 'allowed'}.")
