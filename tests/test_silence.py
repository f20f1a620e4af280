"""Counting runs: what is no clear pass is red."""

from benchmarks.silence import Run, counted


def test_the_summary_is_counted() -> None:
    assert counted("x\n235 scenarios passed, 0 failed, 0 skipped\n") == (235, 0)
    assert counted("230 scenarios passed, 2 failed, 1 error, 1 hook_error, 3 skipped") == (230, 4)
    assert counted("1 scenario passed, 0 failed") == (1, 0)


def test_a_run_without_a_summary_is_not_silent() -> None:
    assert counted("killed") == (0, 0)
    assert not Run(1, 0, 0, 0, 1.0, "").silent
    assert not Run(1, 2, 235, 0, 1.0, "").silent
    assert "no end within" in str(Run(1, None, 0, 0, 600.0, ""))
    assert Run(1, 0, 235, 0, 1.0, "").silent
