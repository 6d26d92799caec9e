"""How long something took, of very many times, in little room."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

STEPS = (1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9)
"""The preferred numbers of ISO 3 (R20): each is about an eighth more than the one before."""

BOUNDS = tuple(float(f"{step}e{decade}") for decade in range(-6, 2) for step in STEPS)
"""Up to how many seconds each count goes, from a microsecond to 90 seconds; one more count is of the rest."""


class Histogram:
    """Counts times by their length, in steps of an eighth, and never forgets one.

    What came between two moments is told by the difference of their counts.
    """

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        """The sum of all times."""

    @property
    def count(self) -> int:
        """How many times there were."""
        return sum(self.counts)

    def add(self, seconds: float) -> None:
        """Count one time."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


def between(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """Return the counts of what was added after one moment and up to another."""
    return [late - early for early, late in zip(before, after, strict=True)]


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return the time (seconds) that this share (above 0) of all times does not exceed; None of none.

    It lies where it would if the times of a step were spread evenly over it: at most one step from the truth.
    What took longer than the last bound is told as that.
    """
    total = sum(counts)
    if not total:
        return None
    rank = share * total
    at = bisect_left(list(accumulate(counts)), rank)
    if at == len(BOUNDS):
        return BOUNDS[-1]
    lower, upper = BOUNDS[at - 1] if at else 0.0, BOUNDS[at]
    inside = (rank - sum(counts[:at])) / counts[at]
    return lower + inside * (upper - lower)
