"""Chance that is the same on every machine."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from punnet.types import Floats, Indices

Ints: TypeAlias = npt.NDArray[np.int32]
"""Positions, counts or cents, where half the memory matters."""

Chance: TypeAlias = np.random.Generator

GRAIN = 2.0**40
"""Weights are cut to so many parts of their sum: sums of whole numbers are the same in any order."""


def chance(seed: int, *part: int) -> Chance:
    """Return the chance of one part of a market, which the other parts do not disturb."""
    return np.random.Generator(np.random.PCG64([seed, *part]))


def power_law(count: int, exponent: float, shift: float = 0.0) -> Floats:
    """Return weights of `count` ranks: (rank + shift) to the power of −exponent, for ranks from 1 on."""
    return (np.arange(1, count + 1) + shift) ** -exponent


class Urn:
    """Things in a row, drawn by weight: any of them, or any of a stretch of the row."""

    def __init__(self, weights: Floats) -> None:
        parts = np.rint(weights * (GRAIN / weights.sum())).astype(np.int64) + 1
        self._bounds = np.concatenate(([0], np.cumsum(parts)))

    def draw(self, luck: Chance, count: int) -> Ints:
        """Return the positions of `count` things, drawn with replacement."""
        return self._find(luck.random(count) * self._bounds[-1])

    def draw_within(self, luck: Chance, first: Indices, last: Indices) -> Ints:
        """Return for each stretch first ≤ position < last one of its things; of an empty one a neighbour."""
        low = self._bounds[first]
        return self._find(low + luck.random(len(low)) * (self._bounds[last] - low))

    def _find(self, tickets: Floats) -> Ints:
        found = np.searchsorted(self._bounds, tickets.astype(np.int64), side="right") - 1
        return np.minimum(found, len(self._bounds) - 2).astype(np.int32)
