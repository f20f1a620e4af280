"""What a failure says holds no secret, whatever shows it."""

import os
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from acceptance.report.redaction import HIDDEN, redacted

TOKEN = jwt.encode({"sub": "ada", "org_id": "harbour"}, "k" * 32, algorithm="HS256")
SAYS_TOO_MUCH = f"""
import sys
from behave import then

@then("somebody {{how}}")
def says_too_much(_context, how):
    print("captured {TOKEN}")
    if how == "judges":
        raise AssertionError("The token {TOKEN} should not open hush-hush.")
    raise RuntimeError("hush-hush and {TOKEN}")
"""
ENVIRONMENT = """
from features.redactor import Redactor

def before_all(context):
    Redactor.precede(context._runner, ["hush-hush"])

def after_all(context):
    raise AssertionError("hush-hush was left behind")
"""
FEATURE = "Feature: f\n  Scenario: a\n    Then somebody judges\n  Scenario: b\n    Then somebody stumbles\n"


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        TOKEN[:60],
        "sb_" + "secret_abcDEF-123",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "password='s3 cret'",
    ],
    ids=["a token", "a token cut short", "a key", "a private key", "a private key cut short", "a connection string"],
)
def test_what_looks_secret_is_hidden(secret: str) -> None:
    assert redacted(f"It said {secret}") == f"It said {HIDDEN}"


def test_a_password_in_a_url_is_hidden_and_its_host_is_not() -> None:
    assert redacted("postgresql://ada:pw@db.example/postgres") == f"postgresql://{HIDDEN}@db.example/postgres"


def test_a_known_secret_is_hidden_as_a_whole_where_another_begins_like_it() -> None:
    assert redacted("key-1 and key-12", ["key-1", "key-12"]) == f"{HIDDEN} and {HIDDEN}"


def test_words_stay() -> None:
    said = 'Ada should be booked, but was refused as CONFLICT (409): "eyJay at 10:00" is taken.'
    assert redacted(said, ["hush-hush"]) == said


@pytest.mark.parametrize("formatter", ["pretty", "plain", "json"])
def test_no_formatter_and_no_report_shows_a_secret(tmp_path: Path, formatter: str) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "a.py").write_text(SAYS_TOO_MUCH)
    (tmp_path / "environment.py").write_text(ENVIRONMENT)
    (tmp_path / "a.feature").write_text(FEATURE)
    argv = [sys.executable, "-m", "behave", "--no-color", "--junit", "--junit-directory", str(tmp_path / "junit")]
    argv += ["-f", formatter, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    shown = done.stdout + done.stderr + "".join(path.read_text() for path in (tmp_path / "junit").iterdir())
    assert "0 scenarios passed, 1 failed, 1 error" in done.stdout
    assert f"HOOK-ERROR in after_all: AssertionError: {HIDDEN} was left behind" in done.stdout
    assert HIDDEN in shown
    assert "hush-hush" not in shown
    assert TOKEN not in shown
