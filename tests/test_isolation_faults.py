"""Every way round turns its named scenarios red and no other; every harmless change leaves all of them green."""

import pytest

from sabotage.isolation_faults import FAULTS, HARMLESS
from sabotage.isolation_trial import Trial, try_all

EXPECTED = {**{name: fault.caught_by for name, fault in FAULTS.items()}, **dict.fromkeys(HARMLESS, ())}


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    return {trial.name: trial for trial in try_all(EXPECTED)}


@pytest.mark.parametrize("name", EXPECTED)
def test_exactly_the_named_scenarios_turn_red(name: str, trials: dict[str, Trial]) -> None:
    trial = trials[name]
    assert trial.crashed == {}
    assert trial.scenarios > 0
    assert set(trial.red) == set(trial.expected)
