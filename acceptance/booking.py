"""What a caller asks for, as the assistant would put it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from acceptance.moments import Moment, minutes_between

BOOK = "book_appointment"
USUAL_MINUTES = 30


@dataclass(frozen=True)
class Slot:
    """A moment by rule and a length in minutes."""

    moment: Moment
    minutes: int = USUAL_MINUTES

    @classmethod
    def between(cls, day: str, start: time, end: time) -> "Slot":
        return cls(Moment(day, start), minutes_between(start, end))

    def later(self, minutes: int) -> "Slot":
        """The slot of the same length that starts so many minutes later on the same day."""
        start = (datetime.combine(datetime.min, self.moment.time) + timedelta(minutes=minutes)).time()
        return replace(self, moment=Moment(self.moment.day, start))


@dataclass(frozen=True)
class Wish:
    """Everything that one booking says; `time_as_said` and `extra` are for scenarios about how it is said."""

    caller: str
    clinic_id: str
    provider_id: str
    patient_name: str
    patient_email: str
    starts_at: datetime
    minutes: Any = USUAL_MINUTES
    time_as_said: str | None = None

    def arguments(self) -> Mapping[str, Any]:
        """The tool's arguments (docs/contract.md, Tools)."""
        return {
            "clinic_id": self.clinic_id,
            "provider_id": self.provider_id,
            "patient_name": self.patient_name,
            "patient_email": self.patient_email,
            "appointment_time": self.time_as_said or self.starts_at.isoformat(),
            "duration_minutes": self.minutes,
        }

    def said_in(self, offset: ZoneInfo) -> "Wish":
        """The same instant, said in another offset."""
        return replace(self, time_as_said=self.starts_at.astimezone(offset).isoformat())
