"""The end-points of a clinic's settings."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import errors as sql
from psycopg import sql as query
from psycopg.rows import DictRow, dict_row
from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from reference.backend import calendar_outbox, fields, tenancy
from reference.backend.audit import Attempt
from reference.backend.database import Connection
from reference.backend.errors import InvalidRequest, NotFound
from reference.backend.tenancy import Session

LONGEST_CALENDAR_ID = 300
TIME_FORM = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)

SETTINGS = """
select org_id, timezone, google_calendar_id, opening_time, closing_time, slot_minutes, knowledge_threshold,
  updated_at
from public.clinic_settings where org_id = %s
"""
IS_ADMIN = "select from public.profiles where org_id = %s and id = %s and role in ('owner', 'admin')"


def as_zone(value: Any) -> str:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError("must be a time zone of the IANA database, such as Europe/London")


def as_calendar_id(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_CALENDAR_ID or fields.unspeakable(value):
        raise ValueError("must be a Google Calendar's id, or null")
    return value


def as_time_of_day(value: Any) -> time:
    try:
        if isinstance(value, str) and TIME_FORM.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must be a time of day such as 09:00")


def as_share(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1")
    return float(value)


TimeOfDay = Annotated[time, BeforeValidator(as_time_of_day), WithJsonSchema({"type": "string", "format": "time"})]
Share = Annotated[float, BeforeValidator(as_share), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]


class SettingsChange(BaseModel):
    """Body of PATCH: the fields to change, and none that may not be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[str, BeforeValidator(as_zone)] = "UTC"
    google_calendar_id: Annotated[str | None, BeforeValidator(as_calendar_id)] = None
    opening_time: TimeOfDay = time(9)
    closing_time: TimeOfDay = time(17)
    slot_minutes: fields.Minutes = 30
    knowledge_threshold: Share = 0.7


async def read_settings(session: Session, org_id: str) -> dict[str, Any]:
    """The clinic's settings; raises InvalidRequest, Forbidden or NotFound."""
    clinic_id = clinic_id_of(org_id)
    await tenancy.require_own_clinic(session, Attempt("read_settings", "select:clinic_settings", clinic_id))
    async with session.database.as_caller(session.caller) as connection:
        return shown(await settings_of(connection, clinic_id))


async def change_settings(session: Session, org_id: str, body: Any) -> dict[str, Any]:
    """The settings after the change; raises InvalidRequest, Forbidden (also for no admin) or NotFound."""
    clinic_id = clinic_id_of(org_id)
    change = read_change(body)
    attempt = Attempt("change_settings", "update:clinic_settings", clinic_id)
    await tenancy.require_own_clinic(session, attempt)
    try:
        async with session.database.as_caller(session.caller) as connection:
            current = await settings_of(connection, clinic_id)
            if allowed := await is_admin(connection, clinic_id, session.caller.user_id):
                check_hours({**current, **change})
                await update_settings(connection, clinic_id, change)
                current = await settings_of(connection, clinic_id)
    except (sql.CheckViolation, sql.InvalidParameterValue):
        raise InvalidRequest("These settings do not go together.") from None
    if not allowed:
        await tenancy.deny(session, attempt, "Only an owner or admin of the clinic may change its settings.")
    if "google_calendar_id" in change:
        await calendar_outbox.calendar_changed(session.database, clinic_id)
    return shown(current)


def clinic_id_of(text: str) -> UUID:
    try:
        return fields.as_uuid(text)
    except ValueError as problem:
        raise InvalidRequest(f"The clinic's id {problem}.") from None


def read_change(body: Any) -> Mapping[str, Any]:
    """Only what was sent, so that a PATCH leaves the rest as it is."""
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    change = fields.parse(SettingsChange, body)
    if not change.model_fields_set:
        raise InvalidRequest("At least one setting must be given.")
    return change.model_dump(include=change.model_fields_set)


def check_hours(settings: Mapping[str, Any]) -> None:
    if settings["opening_time"] >= settings["closing_time"]:
        raise InvalidRequest("opening_time must be before closing_time.")


async def is_admin(connection: Connection, clinic_id: UUID, user_id: UUID) -> bool:
    """Read from the profile, as a token outlives a demotion."""
    return (await connection.execute(IS_ADMIN, (clinic_id, user_id))).rowcount == 1


async def settings_of(connection: Connection, clinic_id: UUID) -> DictRow:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SETTINGS, (clinic_id,))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("This clinic has no settings.")
    return found


async def update_settings(connection: Connection, clinic_id: UUID, change: Mapping[str, Any]) -> None:
    assignments = query.SQL(", ").join(
        query.SQL("{} = {}").format(query.Identifier(name), query.Placeholder(name)) for name in change
    )
    statement = query.SQL("update public.clinic_settings set {} where org_id = {}").format(
        assignments, query.Placeholder("clinic_id")
    )
    await connection.execute(statement, {**change, "clinic_id": clinic_id})


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json(value) for name, value in settings.items()}


def _json(value: Any) -> Any:
    if isinstance(value, time):
        return value.isoformat("minutes" if value.second == value.microsecond == 0 else "auto")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
