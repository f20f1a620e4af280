"""What the clinic's people do to an appointment, through the Supabase API with their own token."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from postgrest.exceptions import APIError

from acceptance.asked import rows_of
from acceptance.booking import Slot
from acceptance.errors import PromiseBroken
from acceptance.promises import must_be_booked
from acceptance.scene import Exchange, Scene

EXCLUSION_VIOLATION = "23P01"  # PostgreSQL, Appendix A; PostgREST answers it with a 400 (contract-facts D1)


def strange_id(scene: Scene, who: str) -> str | None:
    """What may stand in a provider's place: an `unknown` id, the `receptionist`'s, a `malformed` one; None if `missing`."""
    receptionist = scene.clinics.person("Rae").id
    return {"unknown": str(uuid4()), "receptionist": receptionist, "malformed": "12345", "missing": None}[who]


def change_appointment(scene: Scene, exchange: Exchange, **changes: Any) -> None:
    """Change one appointment; raises PromiseBroken unless exactly that row was changed, and in the diary too."""
    what = f"The clinic should be able to change {exchange.wish.caller}'s appointment"
    changed = rows_of(_change(scene, exchange, changes), what)
    row = must_be_booked(scene, exchange)
    stored = {name: getattr(row, name) for name in changes}
    if len(changed) != 1 or stored != changes:
        raise PromiseBroken(f"{what}; it was told of {len(changed)} changes, and the diary says {_said(stored)}.")


def move(scene: Scene, exchange: Exchange, slot: Slot) -> None:
    """Move an appointment to another time."""
    change_appointment(scene, exchange, **_at(scene, exchange, slot))


def refused_move(scene: Scene, exchange: Exchange, slot: Slot) -> str | None:
    """The SQLSTATE with which a move was refused, None when it was not."""
    try:
        _change(scene, exchange, _at(scene, exchange, slot)).execute()
    except APIError as refusal:
        return refusal.code or "no code"
    return None


def must_be_refused_as_overlapping(code: str | None) -> None:
    if code != EXCLUSION_VIOLATION:
        raise PromiseBroken(f"Moving onto a taken slot should be refused as overlapping; it was {code or 'allowed'}.")


def _at(scene: Scene, exchange: Exchange, slot: Slot) -> dict[str, Any]:
    return {
        "appointment_time": slot.moment.at(scene.clinic_of(exchange.wish).zone),
        "duration_minutes": slot.minutes,
    }


def _change(scene: Scene, exchange: Exchange, changes: Mapping[str, Any]) -> Any:
    owner = scene.clinic_of(exchange.wish).owner
    table = scene.run.accounts.as_user(owner).table("appointments")
    return table.update(_said(changes)).eq("id", exchange.outcome.appointment_id)


def _said(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in changes.items()}
