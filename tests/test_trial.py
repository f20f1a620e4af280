"""The judgement on a planted fault, on hand-written runs; and that the register itself is sound."""

from collections.abc import Sequence
from itertools import chain

import pytest

from sabotage.catalogue import FAULTS, SMOKE
from sabotage.fault import EVERYTHING, NOTHING_LEFT, Fault
from sabotage.phrases import unreached
from sabotage.report import summary, table
from sabotage.suite import Red, Report, Suite, plain_name
from sabotage.trial import judge

WRONG = Fault("wrong", "Something is wrong.", ("One caller", "A storm"), also=("A conse",), area="diary")
HARMLESS = Fault("harmless", "Nothing is wrong.", ())


def red(scenario: str, *, judged: bool = True, phrase: str = "all is well") -> Red:
    return Red("Feature", "Rule", scenario, f"Then {phrase}", phrase, "ASSERT FAILED: it is not.", judged)


def report(*found: Red, scenarios: int = 5, trouble: str = "") -> Report:
    return Report(scenarios, found, trouble)


def test_a_fault_is_caught_when_every_named_scenario_turns_red() -> None:
    result = judge(WRONG, report(red("One caller, one slot [flat]"), red("A storm")), 1.0)
    assert result.as_expected


def test_what_follows_from_it_may_turn_red_and_need_not() -> None:
    assert judge(WRONG, report(red("One caller"), red("A storm"), red("A consequence")), 1.0).as_expected


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (report(red("One caller")), {"survived": ["A storm"]}),
        (report(red("One caller"), red("A storm"), red("Another")), {"outside": ["Another"]}),
        (report(red("One caller"), red("A storm", judged=False)), {"broke_down": ["A storm"]}),
        (report(red("One caller"), red("A storm"), trouble="a hook failed"), {"trouble": "a hook failed"}),
        (report(red("One caller"), red("A storm"), scenarios=0), {"trouble": "no scenario ran"}),
    ],
    ids=["survived", "outside", "broke down", "trouble", "nothing ran"],
)
def test_anything_else_is_a_failure_of_the_trial(seen: Report, problem: dict[str, object]) -> None:
    result = judge(WRONG, seen, 1.0)
    assert not result.as_expected
    told = {"survived": result.survived, "outside": result.outside, "broke_down": result.broke_down}
    assert {name: value for name, value in {**told, "trouble": result.trouble}.items() if value} == problem
    assert "wrong: " in summary([result], [])


def test_a_harmless_change_must_be_silent() -> None:
    assert judge(HARMLESS, report(), 1.0).as_expected
    assert judge(HARMLESS, report(red("One caller")), 1.0).outside == ["One caller"]


def test_where_the_chain_is_broken_everything_may_turn_red() -> None:
    broken = Fault("broken", "Nothing works.", ("One caller",), also=EVERYTHING)
    assert judge(broken, report(red("One caller"), red("Anything at all")), 1.0).as_expected


def test_the_table_tells_who_caught_what() -> None:
    results = [
        judge(WRONG, report(red("One caller [flat] -- @1.1 "), red("A storm")), 1.0),
        judge(HARMLESS, report(), 2.0),
    ]
    told = table(results)
    assert "wrong         1.0  One caller; A storm" in told
    assert "harmless      2.0  nobody: silent" in told
    assert "1 of 1 faults caught, 1 runs silent" in summary(results, [])


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("One caller, one slot [flat]", "One caller, one slot"),
        ("Looking for the people -- @1.2 ", "Looking for the people"),
        ('It is named "x; --" [tool-calls] -- @1.2 ', 'It is named "x; --"'),
    ],
)
def test_the_plain_name_of_a_scenario(shown: str, plain: str) -> None:
    assert plain_name(shown) == plain


@pytest.fixture(scope="module")
def suite() -> Suite:
    return Suite()


def test_every_expectation_names_scenarios_that_exist(suite: Suite) -> None:
    def lost(fault: Fault) -> Sequence[str]:
        names = [NOTHING_LEFT, *chain.from_iterable(suite.concerned(fault).values())]
        return [begin for begin in (*fault.caught_by, *fault.also) if not any(name.startswith(begin) for name in names)]

    assert {name: lost(fault) for name, fault in FAULTS.items() if lost(fault)} == {}
    assert [name for name, fault in FAULTS.items() if not suite.concerned(fault)] == []


def test_a_phrase_counts_as_reached_when_a_fault_made_it_fail(suite: Suite) -> None:
    phrases = suite.then_phrases()
    assert len(phrases) > 60
    result = judge(
        WRONG, report(red("One caller", phrase=phrases[0]), red("A storm", judged=False, phrase=phrases[1])), 1.0
    )
    assert unreached(suite, [result]) == phrases[1:]


def test_every_family_has_one_fault_in_the_smoke_run() -> None:
    assert sorted(FAULTS[name].area for name in SMOKE) == sorted({fault.area for fault in FAULTS.values()} - {"clean"})
