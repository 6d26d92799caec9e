"""How long calls take, several ways in turn, so that a noisy machine disturbs all alike."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple, TypeAlias

Times: TypeAlias = Sequence[float]
"""Milliseconds of one call each."""


class Spread(NamedTuple):
    """How times are spread, in milliseconds."""

    p50: float
    p99: float

    def named(self, name: str) -> dict[str, float]:
        """Return both as figures of a name."""
        return {f"{name}.p50_ms": self.p50, f"{name}.p99_ms": self.p99}


def timed(calls: Iterable[Callable[[], object]]) -> list[float]:
    """Return how many milliseconds each call took."""
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e3)
    return times


def percentile(times: Times, share: float) -> float:
    """Return the time that so great a share of all times does not exceed."""
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


def spread(times: Times) -> Spread:
    """Return how the times of one run are spread."""
    return Spread(median(times), percentile(times, 0.99))


def in_turn(ways: Mapping[str, Callable[[int], Times]], runs: int) -> dict[str, list[Spread]]:
    """Let each way run so often, one after the other within each round; return what each run showed.

    A way is told the number of the round, so that it can ask anew what nobody remembers.
    """
    shown: dict[str, list[Spread]] = {name: [] for name in ways}
    for number in range(runs):
        for name, way in ways.items():
            shown[name].append(spread(way(number)))
    return shown


def typical(runs: Sequence[Spread]) -> Spread:
    """Return the medians of some runs."""
    return Spread(median(run.p50 for run in runs), median(run.p99 for run in runs))


def ratio(slow: Sequence[Spread], fast: Sequence[Spread]) -> float:
    """Return how many times as long the p50 of one way is as that of the other, run by run."""
    return median(one.p50 / other.p50 for one, other in zip(slow, fast, strict=True))
