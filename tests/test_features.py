"""The features as a text: every phrase has one meaning, and speaks of clinics rather than of wires."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FEATURES = sorted((ROOT / "features").glob("*.feature"))
WIRE_WORDS = re.compile(
    r"https?:|/api/|/rest/|\bSELECT\b|\bINSERT\b|\bJSON\b|\bHTTP\b|\buuid\b|\{\"|org_id", re.IGNORECASE
)


def behave(*arguments: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "behave", "--no-color", *arguments]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60)


def test_every_phrase_is_defined_once() -> None:
    done = behave("--dry-run", "--format", "null", "--no-summary")
    assert "undefined" not in (done.stdout + done.stderr).lower()
    assert "ambiguous" not in (done.stdout + done.stderr).lower()
    assert done.returncode == 0, done.stdout + done.stderr


def write_project(folder: Path, feature: str, steps: str) -> None:
    (folder / "steps").mkdir()
    (folder / "a.feature").write_text(feature)
    (folder / "steps" / "a.py").write_text(steps)


def test_an_undefined_phrase_fails_a_run(tmp_path: Path) -> None:
    write_project(tmp_path, "Feature: f\n  Scenario: s\n    Given nothing knows this\n", "")
    done = behave(str(tmp_path))
    assert done.returncode == 1
    assert "undefined" in done.stdout


def test_an_ambiguous_phrase_fails_a_run(tmp_path: Path) -> None:
    twice = "from behave import given\n@given('a clinic')\ndef a(c): pass\n@given('a clinic')\ndef b(c): pass\n"
    write_project(tmp_path, "Feature: f\n  Scenario: s\n    Given a clinic\n", twice)
    done = behave(str(tmp_path))
    assert done.returncode == 1
    assert "AmbiguousStep" in done.stdout + done.stderr


@pytest.mark.parametrize("feature", FEATURES, ids=lambda path: path.name)
def test_features_speak_business_words(feature: Path) -> None:
    # A patient's name may hold anything: what is stored as said is told in tables.
    spoken = [line for line in feature.read_text().splitlines() if not line.lstrip().startswith("|")]
    assert [line for line in spoken if WIRE_WORDS.search(line)] == []


@pytest.mark.parametrize("feature", FEATURES, ids=lambda path: path.name)
def test_every_refusal_says_what_did_not_change(feature: Path) -> None:
    for scenario in re.split(r"\n\s*Scenario", feature.read_text())[1:]:
        if "is refused as" in scenario:
            assert "nothing changed" in scenario or "unchanged" in scenario or "was added" in scenario, scenario


def test_steps_are_thin() -> None:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "features" / "steps").glob("*.py")]
    steps = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lengths = {step.name: (step.end_lineno or 0) - step.body[0].lineno + 1 for step in steps}
    assert {name: count for name, count in lengths.items() if count > 6} == {}


def test_the_phrasebook_holds_every_phrase() -> None:
    book = (ROOT / "docs" / "phrasebook.md").read_text()
    phrases = re.findall(
        r"@(?:given|when|then)\(\s*((?:\"[^\"]*\"\s*)+)\)",
        "".join(p.read_text() for p in (ROOT / "features/steps").glob("*.py")),
    )
    written = {re.sub(r"\{(\w+)(:\w+)?\}", r"<\1>", "".join(re.findall(r"\"([^\"]*)\"", phrase))) for phrase in phrases}
    assert sorted(phrase for phrase in written if f"`{phrase}`" not in book) == []
    assert sorted(set(re.findall(r"^\| `([^`]+)`", book, re.MULTILINE)) - written) == []
