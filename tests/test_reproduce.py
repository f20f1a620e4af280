"""Whoever reads a failure is told how to see it again, and no credential with it."""

import re
import shlex

import httpx
import pytest

from acceptance.report.reproduce import LastRequest, behave_command, curl_command, reproduction

NAMES = [
    ("One caller, one slot", "One caller, one slot", None),
    ("Free slots on the next working day [flat] -- @1.1 ", "Free slots on the next working day", "flat"),
    ("Google limits the rate (403) [tool-calls] -- @1.2 ", "Google limits the rate (403)", "tool-calls"),
    ("Looking for the people -- @1.2 ", "Looking for the people", None),
    (
        "A patient called Robert'); DROP TABLE x; -- [flat] -- @1.3 ",
        "A patient called Robert'); DROP TABLE x; --",
        "flat",
    ),
]


@pytest.mark.parametrize(("shown", "name", "dialect"), NAMES, ids=[name for _shown, name, _dialect in NAMES])
def test_the_command_finds_the_scenario_again(shown: str, name: str, dialect: str | None) -> None:
    program, flag, pattern, *chosen = shlex.split(behave_command(shown))
    assert (program, flag) == ("behave", "-n")
    assert re.fullmatch(pattern, name)
    assert chosen == (["-D", f"dialect={dialect}"] if dialect else [])


def test_the_request_is_told_without_its_credentials() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200))) as client:
        last = LastRequest(client)
        assert len(list(reproduction("One caller", last))) == 1
        headers = {"Authorization": "Bearer eyJhbGciOi.x.y", "apikey": "sb_secret_1", "Idempotency-Key": "a/b"}
        client.post("http://127.0.0.1:1/api/vapi/tools", json={"patient": "O'Connor"}, headers=headers)
        told = list(reproduction("One caller", last))[1]
    assert "eyJ" not in told
    assert "sb_secret_1" not in told
    argv = shlex.split(told.removeprefix("Last asked of the API: "))
    assert argv[:4] == ["curl", "-X", "POST", "http://127.0.0.1:1/api/vapi/tools"]
    assert {"authorization: Bearer $TOKEN", "apikey: $KEY", "idempotency-key: a/b"} <= set(argv)
    assert argv[-2:] == ["--data-raw", '{"patient":"O\'Connor"}']


def test_a_long_body_is_cut_off_and_says_so() -> None:
    told = curl_command(httpx.Request("POST", "http://127.0.0.1:1/", content="x" * 5000))
    assert len(told) < 2200
    assert "(5000 characters)" in told
