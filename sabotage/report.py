"""What people read of a run: progress, the table, and one failure as its user would see it."""

from collections.abc import Sequence

from sabotage.suite import plain_name
from sabotage.trial import Result


def progress(result: Result, number: int, total: int) -> str:
    """One line as soon as a fault has been tried."""
    return f"{number:4} of {total}  {_verdict(result):16} {result.seconds:5.1f} s  {result.name}"


def table(results: Sequence[Result]) -> str:
    """Fault, who caught it, and how long that took."""
    width = max(len(result.name) for result in results)
    lines = [f"\n{'fault':{width}}  seconds  caught by"]
    for result in results:
        caught = "; ".join(dict.fromkeys(plain_name(red.scenario) for red in result.red)) or "nobody: silent"
        lines.append(f"{result.name:{width}}  {result.seconds:7.1f}  {caught}")
    return "\n".join(lines)


def explanation(result: Result) -> str:
    """Every failure that one fault caused, as whoever runs the features reads it."""
    lines = [f"\n{result.name}: {result.defect}"]
    for red in result.red:
        lines.append(f"\nFeature: {red.feature}\n  Rule: {red.rule}\n    Scenario: {red.scenario}\n      {red.step}")
        lines += [f"        {line}" for line in red.message.splitlines()]
    return "\n".join(lines)


def summary(results: Sequence[Result], missed: Sequence[str]) -> str:
    """What is not as expected, then the totals."""
    lines = [f"{result.name}: {problem}" for result in results for problem in _problems(result)]
    lines += [f"No fault made this judgement fail: {phrase}" for phrase in missed]
    faults = [result for result in results if result.red or result.survived]
    silent = [result for result in results if not result.red and not result.survived]
    caught = sum(not result.survived and not result.trouble for result in faults)
    lines.append(f"{caught} of {len(faults)} faults caught, {len(silent)} runs silent as they should be.")
    return "\n" + "\n".join(lines)


def _verdict(result: Result) -> str:
    if result.as_expected:
        return "caught" if result.red else "silent"
    return "SURVIVED" if result.survived else "NOT AS EXPECTED"


def _problems(result: Result) -> list[str]:
    return [
        *(f"no scenario turned red that begins with: {name}" for name in result.survived),
        *(f"turned red, though the fault does not concern it: {name}" for name in result.outside),
        *(f"failed by a defect of the suite's own: {name}" for name in result.broke_down),
        *([result.trouble] if result.trouble else []),
    ]
