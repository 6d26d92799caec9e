"""How well a list foretells what was bought."""

import math
from collections.abc import Iterable, Sequence, Set

import msgspec

Z = 1.96
"""How many standard errors around a mean hold 95 of 100."""


def hit(listed: Sequence[str], bought: Set[str]) -> float:
    """Return 1 where something of the list was bought, else 0."""
    return float(any(each in bought for each in listed))


def recall(listed: Sequence[str], bought: Set[str]) -> float:
    """Return the share of what was bought that is in the list; something was bought."""
    return sum(each in bought for each in listed) / len(bought)


def ndcg(listed: Sequence[str], bought: Set[str]) -> float:
    """Return how close the list is to the best order of what was bought, 0 to 1; something was bought.

    A product at rank r (from 1) gains 1/log2(r + 1). The best order has all that was bought, also where that
    is more than a list can hold. Järvelin and Kekäläinen, Cumulated gain-based evaluation, 2002.
    """
    gained = sum(1 / math.log2(rank + 1) for rank, each in enumerate(listed, 1) if each in bought)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, len(bought) + 1))


class Estimate(msgspec.Struct, frozen=True):
    """A mean, and how far from it the true one lies at most, in 95 of 100 cases."""

    mean: float
    margin: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.margin:.3f}"


class Mean:
    """The mean of numbers that come one by one."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = self._squares = 0.0

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Mean":
        """Return the mean of numbers that are there already."""
        mean = cls()
        for number in numbers:
            mean.add(number)
        return mean

    def add(self, number: float) -> None:
        """Take a number in."""
        self._count += 1
        self._sum += number
        self._squares += number * number

    @property
    def estimate(self) -> Estimate:
        """The mean with its margin, as if the numbers were drawn independently; 0 of none."""
        count = max(1, self._count)
        mean = self._sum / count
        return Estimate(mean, Z * math.sqrt(max(0.0, self._squares / count - mean * mean) / count))
