"""Founding and removing clinics, their people and their calendars; everything carries the run's marker."""

import secrets
from dataclasses import dataclass, field
from uuid import uuid4
from zoneinfo import ZoneInfo

from acceptance.asked import promised
from acceptance.calendar import CalendarReader
from acceptance.diary import Observer
from acceptance.errors import PromiseBroken
from acceptance.identity import Accounts, Session


@dataclass(frozen=True)
class Person:
    """Somebody who can be booked, or a colleague who cannot."""

    id: str
    name: str


@dataclass(frozen=True)
class Blueprint:
    """What a scenario says of a clinic before it exists."""

    name: str
    zone: str
    provider: str


@dataclass
class Clinic:
    """One organisation with its people; `calendar_id` None where the target offers no calendar."""

    name: str
    org_id: str
    owner: Session
    zone: ZoneInfo
    calendar_id: str | None = None
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def user_ids(self) -> list[str]:
        return [self.owner.user_id, *(person.id for person in self.people.values())]


@dataclass(frozen=True)
class Registry:
    """Makes clinics and removes them again; safe to share between threads."""

    accounts: Accounts
    calendar: CalendarReader | None
    settler: Observer = field(repr=False)  # a connection of its own: a clinic must not be settled inside an erasure
    marker: str

    def found(self, blueprint: Blueprint) -> Clinic:
        """Sign up an owner, which founds the organisation, set its zone and calendar, and hire the provider."""
        clinic = self.sign_up(blueprint.name, blueprint.zone)
        self._settle(clinic)
        self.hire(clinic, blueprint.provider, "provider")
        return clinic

    def sign_up(self, name: str, zone: str) -> Clinic:
        """A clinic that has an owner, and nothing else yet."""
        data = {"business_name": f"{name} {self.marker}"}
        owner = self.accounts.sign_up(self.address("owner"), secrets.token_urlsafe(12), data, f"the owner of {name}")
        return Clinic(name, self.accounts.organisation_of(owner), owner, ZoneInfo(zone))

    def hire(self, clinic: Clinic, name: str, role: str) -> Person:
        """Somebody who joins the clinic in a role."""
        password = secrets.token_urlsafe(12)
        person = Person(self.accounts.invite(self.address(role), password, clinic.org_id, role, name), name)
        clinic.people[name] = person
        return person

    def address(self, of: str) -> str:
        """A fresh address that carries the run's marker."""
        return f"{self.marker}-{of}-{uuid4().hex[:12]}@{self.accounts.target.mail_domain}"

    def remove(self, clinic: Clinic, observer: Observer) -> None:
        """Undo a clinic; rows first, so that nothing is written to a calendar that is gone."""
        observer.erase([clinic.org_id], clinic.user_ids, self.marker)
        if self.calendar and clinic.calendar_id and clinic.calendar_id != self._shared_calendar():
            self.calendar.delete_calendar(clinic.calendar_id)

    def _shared_calendar(self) -> str | None:
        calendar = self.accounts.target.calendar
        return calendar.calendar_id if calendar else None

    def _settle(self, clinic: Clinic) -> None:
        changes = {"timezone": clinic.zone.key}
        if self.calendar:
            shared = self._shared_calendar()
            with promised(f"{clinic.name} should be given a calendar"):
                clinic.calendar_id = shared or self.calendar.create_calendar(clinic.name, clinic.zone.key)
            changes["google_calendar_id"] = clinic.calendar_id
        stored = self.settler.settle(clinic.org_id, changes)
        if stored != 1:
            raise PromiseBroken(f'"{clinic.name}" should have one row of settings after its sign-up, not {stored}.')
