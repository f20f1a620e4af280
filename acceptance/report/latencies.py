"""The measured answer times, one line a distribution."""

from collections.abc import Iterator, Sequence

from acceptance.latency import Distribution


def latency_lines(measurements: Sequence[Distribution]) -> Iterator[str]:
    """Lines such as `Answer times of a booking (flat): p50 7 ms p95 11 ms p99 12 ms max 12 ms of 20`."""
    for measured in measurements:
        yield f"Answer times of {measured}"
