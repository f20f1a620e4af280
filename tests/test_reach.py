"""Which scenarios carry out what: what is noted, and whom a change concerns."""

import subprocess
import sys
from pathlib import Path

from sabotage.reach import Now, Reach

ROOT = Path(__file__).parents[1]
SOURCE = '''"""A module."""
LIMIT = 3


def judge(number: int) -> str:
    """A function."""
    if number > LIMIT:
        for each in range(number):
            print(
                each
            )
        return "many"
    return "few"
'''
NOTED = """
import sys
from pathlib import Path
from sabotage.reach import Now, note_into

now, notes = Now(), Path(sys.argv[1])
note_into(notes, now)
from reference.backend import speech

now.tell("One [flat]")
assert speech.spoken_list(["ten"]) == "ten"
now.tell("Another")
assert speech.spoken_list(["ten", "eleven"]) == "ten and eleven"
assert speech.spoken_list.__doc__ is None
"""


def reach(*lines: int) -> Reach:
    return Reach({("module", line): frozenset({f"Scenario {line}"}) for line in lines})


def test_a_change_concerns_who_carries_the_innermost_statement_out() -> None:
    assert reach(7, 8, 9, 12).of("module", SOURCE, 10) == frozenset({"Scenario 9"})
    assert reach(7, 8, 9, 12).of("module", SOURCE, 8) == frozenset({"Scenario 8"})
    assert reach(7, 8, 9, 12).of("module", SOURCE, 12) == frozenset({"Scenario 12"})


def test_what_nobody_carries_out_concerns_nobody() -> None:
    assert reach(7, 13).of("module", SOURCE, 12) == frozenset()


def test_what_runs_before_any_scenario_may_concern_all() -> None:
    assert reach(7).of("module", SOURCE, 2) is None
    assert Reach({("module", 7): frozenset({"", "Scenario 7"})}).of("module", SOURCE, 7) is None


def test_each_statement_is_noted_once_for_each_scenario(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    subprocess.run([sys.executable, "-c", NOTED, notes], cwd=ROOT, check=True, timeout=60)
    told = [line.split("\t") for line in notes.read_text().splitlines()]
    told = [note for note in told if note[2]]  # importing carries some out as well, before any scenario
    assert [(module, name) for module, _line, name in told] == [("speech", "One [flat]"), ("speech", "Another")]
    source = (ROOT / "reference" / "backend" / "speech.py").read_text()
    assert Reach.read(notes).of("speech", source, int(told[0][1])) == frozenset({"One [flat]", "Another"})


def test_a_name_is_seen_in_every_process_and_ends_where_it_ends() -> None:
    now = Now()
    now.tell("A long name of a scenario")
    now.tell("Søren")
    assert now.name().decode() == "Søren"
