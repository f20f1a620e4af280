"""The survey on a schema of awkward tables: everything is found, everything is planted, and the rate holds."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from acceptance.isolation import ATTEMPTS
from acceptance.isolation_cells import Verdict
from acceptance.isolation_reading import read_all
from acceptance.isolation_survey import Survey, surveying
from acceptance.isolation_writing import CHANGE, change_rows, try_on
from acceptance.run import open_run
from acceptance.scene import Run, Scene
from reference.attached import attached_reference
from sabotage.catalogue import FAULTS
from sabotage.isolation_faults import MEASURED

SLOWER_AT_MOST = 2.5
AWKWARD = """
create domain public.rating as integer check (value between 1 and 5);
create domain public.contact as text check (value like '%@%');
create type public.mood as enum ('calm', 'worried');
create table public.rooms (
  id bigint generated always as identity primary key,
  org_id uuid not null references public.organizations (id) on delete cascade,
  code varchar(5) not null unique check (code ~ '^[A-Z]{1,5}$'),
  contact public.contact not null, rating public.rating not null, mood public.mood not null,
  tags text[] not null, size numrange not null, moods public.mood[] not null, price numeric(8, 2) not null,
  look extensions.vector(8) not null, seen tstzrange not null, ip inet not null, blob bytea not null,
  opens time not null, closes time not null, label text generated always as (code || '!') stored,
  check (opens <= closes)
);
create table public.room_photos (
  room bigint not null references public.rooms (id) on delete cascade, place smallint not null check (place > 100),
  url text not null check (url like 'https://%'), primary key (room, place)
);
create table public.no_key (org_id uuid, note text);
create table public.visits (
  org_id uuid not null references public.organizations (id) on delete cascade, kind text not null, note text
) partition by list (kind);
create table public.visits_first partition of public.visits for values in ('first');
create table public.visits_again partition of public.visits for values in ('again', 'late');
create table public.never (org_id uuid not null, note text not null, check (false));
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    sql = tmp_path_factory.mktemp("sql") / "awkward.sql"
    sql.write_text(AWKWARD)
    with attached_reference("--sql", str(sql)) as words:
        flags = {key.lower(): value for key, value in words.items() if not key.startswith("CALENDAR_")}
        with open_run({"target": "remote", **flags}) as opened:
            yield opened


@pytest.fixture
def survey(run: Run) -> Iterator[Survey]:
    scene = Scene.begin(run, "flat")
    own = scene.clinics.found("Harbour Dental", "Europe/London", "Dr Smith")
    neighbour = scene.clinics.found("Hilltop Physio", "Europe/London", "Dr Johnson")
    with surveying(scene, own, neighbour) as opened:
        yield opened
    scene.clinics.leave()


def test_every_awkward_table_is_planted_but_the_impossible_one(survey: Survey) -> None:
    survey.plant(survey.own, survey.neighbour)
    assert list(survey.planter.trouble) == ["table public.never"]
    found = {relation.name for relation in survey.surface.tables()}
    assert {"rooms", "room_photos", "no_key", "visits", "visits_first", "visits_again"} <= found


def test_what_cannot_be_planted_is_not_proved(survey: Survey) -> None:
    ATTEMPTS["do anything to what was added since"](survey)
    told = {cell.surface for cell in survey.cells if cell.verdict is Verdict.UNPROVED}
    assert told == {"table public.never"}


def test_unprotected_tables_are_reached_each_by_each(survey: Survey) -> None:
    ATTEMPTS["do anything to what was added since"](survey)
    read = {c.surface for c in survey.cells if c.verdict is Verdict.BROKEN and c.operation == "read"}
    expected = {"rooms", "room_photos", "no_key", "visits_first", "visits_again"}
    assert {f"table public.{name}" for name in expected} | {"partitioned table public.visits"} == read


def test_nothing_of_a_survey_stays(survey: Survey, run: Run) -> None:
    survey.plant(survey.own, survey.neighbour)
    with psycopg.connect(run.target.database_url) as other:
        rows = other.execute("select count(*) from public.rooms").fetchone()
    assert rows == (0,)


def test_a_cell_costs_little_more_than_its_statement(survey: Survey) -> None:
    """The same statements, bare with psycopg, on the same planted rows."""
    survey.plant(survey.own, survey.neighbour)
    tables = [relation for relation in survey.surface.tables() if relation.label not in survey.planter.trouble]
    survey.prober.statements.clear()
    began = time.perf_counter()
    read_all(survey, tables, survey.strangers)
    try_on(survey, tables, CHANGE, change_rows, survey.strangers)
    judged = time.perf_counter() - began
    bare = _bare(survey)
    print(
        f"{len(survey.cells)} cells in {judged:.3f} s; {len(survey.prober.statements)} statements bare in {bare:.3f} s"
    )
    assert judged <= SLOWER_AT_MOST * bare


def _bare(survey: Survey) -> float:
    connection = survey.planter.connection
    began = time.perf_counter()
    for script in survey.prober.statements:
        try:
            connection.execute(script.encode())
        except psycopg.Error:
            continue  # refused, as it was before
    return time.perf_counter() - began


def test_folder_of_changes_is_complete() -> None:
    folder = Path(__file__).parents[1] / "sabotage" / "sql"
    assert len(MEASURED) == 24
    assert len([fault for fault in FAULTS.values() if fault.area == "harmless"]) == 10
    assert {path.stem for path in folder.glob("*.sql")} == {fault.sql.stem for fault in FAULTS.values() if fault.sql}
