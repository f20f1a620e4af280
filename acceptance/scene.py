"""One scenario's world: its clinics, its callers, what they asked and what they were told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import psycopg

from acceptance.asked import rows_of
from acceptance.booking import BOOK, Slot, Wish
from acceptance.calendar import CalendarFaults, CalendarReader
from acceptance.clinics import Blueprint, Clinic, Person
from acceptance.diary import Census, Observer
from acceptance.errors import Inconclusive, NoAnswer, NotOffered, PromiseBroken
from acceptance.http import accepted, open_client
from acceptance.identity import Accounts, Session
from acceptance.isolation_surface import Surface
from acceptance.latency import Distribution
from acceptance.nursery import Nursery
from acceptance.race import Attempt
from acceptance.report.matrix import Matrix
from acceptance.target import Dialect, Target
from acceptance.voice import WIRES, Assistant, Outcome, ToolCall, Unreadable

DOUBLE_POLL_SECONDS = 0.005
GOOGLE_POLL_SECONDS = 0.25


@dataclass
class Exchange:
    """One tool call with what came back."""

    wish: Wish
    call: ToolCall
    outcome: Outcome


@dataclass
class Run:
    """What all scenarios of a run share: the target and the connections to it."""

    target: Target
    observer: Observer
    accounts: Accounts
    api: httpx.Client
    calendar: CalendarReader | None
    faults: CalendarFaults | None
    nursery: Nursery
    marker: str
    measurements: list[Distribution] = field(default_factory=list)
    matrix: Matrix = field(default_factory=Matrix)
    surface: Surface | None = None  # read from the catalogue by the first scenario that asks for it
    _prober: "psycopg.Connection[Any] | None" = None

    def prober(self) -> "psycopg.Connection[Any]":
        """A connection for scenarios to try things on, one after the other: its server knows the catalogue by then."""
        if self._prober is None or self._prober.closed:
            self._prober = psycopg.connect(self.target.database_url, autocommit=True, prepare_threshold=None)
        return self._prober

    def close(self) -> None:
        if self._prober is not None:
            self._prober.close()


@dataclass
class Clinics:
    """The clinics of one scenario; raises LookupError for a name that nobody introduced."""

    nursery: Nursery
    founded: dict[str, Clinic] = field(default_factory=dict)

    def found(self, name: str, zone: str, provider: str) -> Clinic:
        clinic = self.nursery.take(Blueprint(name, zone, provider))
        self.founded[name] = clinic
        return clinic

    def hire(self, clinic: str, person: str, role: str) -> Person:
        return self.nursery.registry.hire(self.clinic(clinic), person, role)

    def somebody_of_no_clinic(self) -> Session:
        """A signed-in person whose token carries no organisation, because the profile is gone."""
        closed = self.founded["a clinic that closed"] = self.nursery.registry.sign_up("a clinic that closed", "UTC")
        owner, accounts = closed.owner, self.nursery.registry.accounts
        gone = accounts.service().table("profiles").delete().eq("id", owner.user_id)
        if len(rows_of(gone, "The service should be able to take somebody out of a clinic")) != 1:
            raise Inconclusive(f"{owner} should belong to no clinic any more, but had no profile to lose.")
        return accounts.sign_in_as(owner.user_id, owner.email, owner.password, None, owner.called)

    def clinic(self, name: str) -> Clinic:
        if name not in self.founded:
            raise LookupError(f'No clinic "{name}" in this scenario; there are: {", ".join(self.founded)}.')
        return self.founded[name]

    def employer_of(self, person: str) -> Clinic:
        """The clinic where somebody of this name works."""
        for clinic in self.founded.values():
            if person in clinic.people:
                return clinic
        raise LookupError(f'Nobody called "{person}" works at {", ".join(self.founded)}.')

    def person(self, name: str) -> Person:
        return self.employer_of(name).people[name]

    def leave(self) -> None:
        """Give the clinics up for removal."""
        self.nursery.retire(self.founded.values())


@dataclass
class Scene:
    """The state of one scenario; steps read and write it, checks only read."""

    run: Run
    dialect: Dialect
    clinics: "Clinics"
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    rounds: list[list[Attempt]] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before: Census = field(default_factory=dict)

    @classmethod
    def begin(cls, run: Run, dialect: Dialect) -> "Scene":
        return cls(run, dialect, Clinics(run.nursery))

    def remember(self) -> None:
        """Take the census that "nothing changed" is measured against: just before anybody acts."""
        self.before, self.asked = self.census(), []

    def census(self) -> Census:
        return self.run.observer.census([clinic.org_id for clinic in self.clinics.founded.values()])

    def assistant(self, clinic: Clinic) -> Assistant:
        """The receptionist at a clinic's line, with the token of its owner's own sign-in."""
        return self.assistant_with(f"Bearer {clinic.owner.access_token}")

    def assistant_with(self, authorization: str | None) -> Assistant:
        return Assistant(self.run.api, WIRES[self.dialect], authorization)

    def wish(self, caller: str, provider: str, slot: Slot, **changes: Any) -> Wish:
        """What a caller asks of a provider, in the zone of the provider's clinic."""
        clinic = self.clinics.employer_of(provider)
        plain = Wish(
            caller=caller,
            clinic_id=clinic.org_id,
            provider_id=self.clinics.person(provider).id,
            patient_name=caller,
            patient_email=self.run.nursery.registry.address("patient"),
            starts_at=slot.moment.at(clinic.zone),
            minutes=slot.minutes,
        )
        return replace(plain, **changes)

    def ask(self, wish: Wish, assistant: Assistant | None = None) -> Exchange:
        """Make one booking call and keep what came back under the caller's name."""
        speaker = assistant or self.assistant(self.clinic_of(wish))
        return self.exchange(wish, ToolCall(BOOK, wish.arguments()), speaker.call)

    def exchange(self, wish: Wish, call: ToolCall, answer: Callable[[ToolCall], Outcome]) -> Exchange:
        """Make any tool call; raises PromiseBroken when no answer can be read."""
        try:
            return self.keep(Exchange(wish, call, answer(call)))
        except Unreadable as problem:
            raise PromiseBroken(
                f"{wish.caller} should get an answer that the assistant can read, but {problem}."
            ) from None
        except NoAnswer as problem:
            raise PromiseBroken(f"{wish.caller} should get an answer, but none came ({problem.how}).") from None

    def keep(self, exchange: Exchange) -> Exchange:
        """Under the caller's name, where a later one replaces it."""
        self.exchanges[exchange.wish.caller] = exchange
        self.asked.append(exchange.wish.caller)
        return exchange

    def of(self, caller: str) -> Exchange:
        """What a caller asked last and was told."""
        if caller not in self.exchanges:
            raise LookupError(f'"{caller}" has not called yet; these have: {", ".join(self.exchanges)}.')
        return self.exchanges[caller]

    def clinic_of(self, wish: Wish) -> Clinic:
        """The clinic whose line the caller rang: the one that is named in the wish."""
        for clinic in self.clinics.founded.values():
            if clinic.org_id == wish.clinic_id:
                return clinic
        raise LookupError("The wish names no clinic of this scenario, so say who speaks for it.")

    def calendar(self) -> CalendarReader:
        if self.run.calendar is None:
            raise NotOffered("no calendar is configured (calendar_service_account)")
        return self.run.calendar

    @property
    def poll_seconds(self) -> float:
        """How long to wait between two looks at a calendar: the real Google counts requests (contract-facts F)."""
        calendar = self.run.target.calendar
        return DOUBLE_POLL_SECONDS if calendar and calendar.faults_url else GOOGLE_POLL_SECONDS

    @property
    def calendar_seconds(self) -> float:
        """How long the calendar may take to follow the diary."""
        calendar = self.run.target.calendar
        return calendar.seconds if calendar else 0.0

    def faults(self) -> CalendarFaults:
        if self.run.faults is None:
            raise NotOffered("the real Google cannot be told to fail (calendar_faults_url)")
        return self.run.faults

    def control_backend(self, order: str) -> None:
        """Kill the backend or start it again; raises NotOffered where nothing may do so."""
        url = self.run.target.backend_control_url
        if url is None:
            raise NotOffered("nothing here may kill the backend (backend_control_url)")
        with open_client(url, patience=self.run.target.patience) as control:
            accepted(control.post(f"/backend/{order}"))
