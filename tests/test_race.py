"""The race judges on hand-written histories, good and bad."""

from types import SimpleNamespace
from typing import cast

import pytest

from acceptance.errors import Inconclusive
from acceptance.promises import in_every_round
from acceptance.race import Attempt, Verdict, judge_others, judge_winner, most_at_once, run_at_once
from acceptance.refusals import REFUSALS
from acceptance.scene import Scene
from acceptance.voice import Outcome, Unreadable

CONFLICT = REFUSALS["a conflict (409)"]


def booked(caller: str, appointment: str = "a1", started: float = 0.0, ended: float = 1.0) -> Attempt:
    outcome = Outcome(200, "", "booked", {"success": True, "appointment_id": appointment}, 1.0, 200)
    return Attempt(caller, started, ended, outcome)


def refused(
    caller: str, status: int = 409, code: str = "CONFLICT", started: float = 0.0, ended: float = 1.0
) -> Attempt:
    return Attempt(caller, started, ended, Outcome(status, code, "taken", {}, 1.0, status))


def unanswered(caller: str) -> Attempt:
    return Attempt(caller, 0.0, 20.0, None, "ReadTimeout: ")


def test_one_winner_in_a_crowd_is_proof() -> None:
    finding = judge_winner([booked("Ada"), refused("Bea"), refused("Cid")])
    assert finding.verdict is Verdict.PROVED
    assert "3 were under way at once" in finding.reason


def test_two_winners_break_the_promise_and_are_named() -> None:
    finding = judge_winner([booked("Ada"), booked("Bea", "a2"), refused("Cid")])
    assert finding.verdict is Verdict.BROKEN
    assert "Ada, Bea were all booked" in finding.reason


def test_two_who_are_told_one_appointment_break_it_too() -> None:
    assert judge_winner([booked("Ada"), booked("Bea")]).verdict is Verdict.BROKEN


def test_a_winner_and_a_lost_answer_is_inconclusive() -> None:
    finding = judge_winner([booked("Ada"), unanswered("Bea")])
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "ReadTimeout" in finding.reason


def test_two_winners_weigh_more_than_a_lost_answer() -> None:
    assert judge_winner([booked("Ada"), booked("Bea", "a2"), unanswered("Cid")]).verdict is Verdict.BROKEN


def test_nobody_booked_is_inconclusive() -> None:
    assert judge_winner([refused("Ada"), refused("Bea")]).verdict is Verdict.INCONCLUSIVE


IN_TURN = [booked("Ada", started=0.0, ended=0.5), refused("Bea", started=0.6, ended=0.9)]
AT_ONCE = [booked("Ada", started=0.0, ended=0.5), refused("Bea", started=0.1, ended=0.9)]


def test_one_after_the_other_is_uncontested() -> None:
    assert judge_winner(IN_TURN).verdict is Verdict.UNCONTESTED


@pytest.mark.parametrize("rounds", [[AT_ONCE], [AT_ONCE, IN_TURN, AT_ONCE]])
def test_most_rounds_must_be_contested(rounds: list[list[Attempt]]) -> None:
    in_every_round(cast(Scene, SimpleNamespace(rounds=rounds)), judge_winner)


@pytest.mark.parametrize("rounds", [[IN_TURN], [AT_ONCE, IN_TURN], [IN_TURN, AT_ONCE, IN_TURN]])
def test_rounds_of_which_half_were_not_contested_prove_nothing(rounds: list[list[Attempt]]) -> None:
    with pytest.raises(Inconclusive, match="came one after the other"):
        in_every_round(cast(Scene, SimpleNamespace(rounds=rounds)), judge_winner)


@pytest.mark.parametrize("history", [[], [booked("Ada")]])
def test_no_crowd_is_inconclusive(history: list[Attempt]) -> None:
    assert judge_winner(history).verdict is Verdict.INCONCLUSIVE
    assert judge_others(history, CONFLICT).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("status", "code"), [(500, ""), (500, "CONFLICT"), (409, ""), (200, ""), (404, "NOT_FOUND"), (0, "UNREADABLE")]
)
def test_a_loser_who_is_refused_otherwise_breaks_the_promise(status: int, code: str) -> None:
    finding = judge_others([booked("Ada"), refused("Bea"), refused("Cid", status, code)], CONFLICT)
    assert finding.verdict is Verdict.BROKEN
    assert "1 of 3" in finding.reason
    assert "Cid" in finding.reason


def test_losers_refused_by_name_are_proof() -> None:
    assert judge_others([booked("Ada"), refused("Bea")], CONFLICT).verdict is Verdict.PROVED


def test_touching_requests_do_not_count_as_overlapping() -> None:
    assert most_at_once([booked("Ada", ended=1.0), refused("Bea", started=1.0, ended=2.0)]) == 1


def test_every_request_is_recorded_whatever_happens_to_it() -> None:
    def crash() -> Outcome:
        raise ConnectionError("reset")

    def mumble() -> Outcome:
        raise Unreadable("no JSON")

    def answer() -> Outcome:
        return Outcome(409, "CONFLICT", "taken", {}, 1.0, 409)

    history = {attempt.caller: attempt for attempt in run_at_once([("a", crash), ("b", mumble), ("c", answer)])}
    assert history["a"].outcome is None
    assert history["a"].trouble == "ConnectionError: reset"
    assert history["b"].outcome is not None
    assert history["b"].outcome.code == "UNREADABLE"
    assert history["c"].outcome is not None
    assert history["c"].outcome.code == "CONFLICT"
