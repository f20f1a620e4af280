"""A change at random is planted in a process, and only there."""

import subprocess
import sys
from pathlib import Path

import pytest

from sabotage.mutation import JUDGES, NOT_RUN, verdict
from sabotage.suite import Red
from sabotage.trial import Result

ROOT = Path(__file__).parents[1]
PLANTED = """
from pathlib import Path
import reference.backend.__main__ as serving
from reference.backend import answers
from sabotage.replacing import replace_modules

served = serving.main
source = Path(answers.__file__).read_text()
replace_modules({"answers": source + "\\nCHANGED = True\\n"})
assert serving.main is not served, "the old backend would serve"

from reference.backend import answers as now, calendar_sync
assert now.CHANGED and calendar_sync.one_line is now.one_line, "others would use the old module"
print(Path(answers.__file__).read_text() == source)
"""


def test_a_change_reaches_whoever_serves_and_no_file() -> None:
    done = subprocess.run([sys.executable, "-c", PLANTED], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


def test_every_judge_has_a_module_and_every_module_a_judge_that_exists() -> None:
    modules = {path.stem for path in (ROOT / "reference" / "backend").glob("*.py")}
    assert JUDGES.keys() | NOT_RUN <= modules
    assert {name for names in JUDGES.values() for name in names if not (ROOT / name).is_file()} == set()


@pytest.mark.parametrize(
    ("red", "trouble", "told"),
    [
        ((), "", "SURVIVED"),
        (
            (Red("f", "r", "One caller", "", "", "Ada is late.\nMore", judged=True),),
            "",
            "noticed by: One caller: Ada is late.",
        ),
        ((), "nothing after 300 s", "noticed, as the system did not run: nothing after 300 s"),
    ],
    ids=["nobody noticed", "a scenario noticed", "nothing ran"],
)
def test_a_change_is_noticed_by_a_red_scenario_or_because_nothing_runs(
    red: tuple[Red, ...], trouble: str, told: str
) -> None:
    assert verdict(Result("n", "", "", 1.0, 1, red, trouble=trouble)) == told
