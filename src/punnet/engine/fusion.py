"""Many offers, one order."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms.offer import Shortlist
from punnet.core.best import Best, rounded
from punnet.core.compiled import compiled, reader
from punnet.core.desk import Desk
from punnet.market import Algorithm
from punnet.types import Floats, Indices, Positions

ALGORITHMS = tuple(Algorithm)
"""Their order here is their number in a mix."""

COUNT = len(ALGORITHMS)


class Mix(NamedTuple):
    """What was offered, what became of it, and what was chosen, of one question after the other.

    Algorithm a has the places from `a × reach` on in the first four. Candidates run in parallel, `rows`
    has `COUNT` for each of them; `order` has the best of them first.
    """

    products: Positions
    scores: Floats
    confidences: Floats
    sizes: Indices
    reach: int
    candidates: Positions
    fused: Floats
    sure: Floats
    offers: Positions
    """How many algorithms offered a candidate."""
    rows: Positions
    """The place of a candidate in the offer of each algorithm, -1 where it has none."""
    order: Positions
    spare: Positions
    chosen: Positions
    """Candidates for the answer."""
    passed: Positions
    """Candidates that were passed over."""
    filling: Positions
    """Products for the rest of the answer."""
    counts: Indices
    """How many candidates, chosen ones and fillings there are."""

    @classmethod
    def of(cls, limit: int) -> "Mix":
        """Return room for an answer of at most so many products."""
        reach = 2 * limit
        most = COUNT * reach
        return cls(
            products=np.zeros(most, np.int32),
            scores=np.zeros(most),
            confidences=np.zeros(most),
            sizes=np.zeros(COUNT, np.int64),
            reach=reach,
            candidates=np.zeros(most, np.int32),
            fused=np.zeros(most),
            sure=np.zeros(most),
            offers=np.zeros(most, np.int32),
            rows=np.zeros(COUNT * most, np.int32),
            order=np.zeros(most, np.int32),
            spare=np.zeros(most, np.int32),
            chosen=np.zeros(limit, np.int32),
            passed=np.zeros(most, np.int32),
            filling=np.zeros(limit, np.int32),
            counts=np.zeros(3, np.int64),
        )


mix_at = reader(Mix)


@compiled
def shortlist(mix: Mix, algorithm: int, k: int) -> Shortlist:
    """Return the empty shortlist of an algorithm, for `k` products."""
    begin = algorithm * mix.reach
    end = begin + k
    mix.sizes[algorithm] = 0
    best = Best(mix.products[begin:end], mix.scores[begin:end], mix.sizes[algorithm : algorithm + 1])
    return Shortlist(best, mix.confidences[begin:end])


@compiled
def fuse(mix: Mix, desk: Desk, asks: Positions, weights: Floats) -> None:
    """Order every product that the algorithms asked offer: by score, then confidence, then age."""
    count = 0
    for algorithm in asks:
        for row in range(mix.sizes[algorithm]):
            count = _add(mix, desk, algorithm, row, weights[algorithm], count)
    for at in range(count):
        mix.fused[at] = rounded(min(mix.fused[at], 1.0))
        mix.sure[at] = rounded(mix.sure[at] / mix.offers[at])
        mix.order[at] = at
    _sort(mix, count)
    mix.counts[0] = count


@compiled
def _add(mix: Mix, desk: Desk, algorithm: int, row: int, weight: float, count: int) -> int:
    """Add one offer to its candidate; return how many candidates there are."""
    at = algorithm * mix.reach + row
    product = mix.products[at]
    if desk.slotted[product] != desk.turn[0]:
        desk.slotted[product], desk.slots[product] = desk.turn[0], count
        mix.candidates[count], mix.fused[count], mix.sure[count], mix.offers[count] = product, 0.0, 0.0, 0
        mix.rows[count * COUNT : (count + 1) * COUNT] = -1
        count += 1
    slot = desk.slots[product]
    mix.fused[slot] += mix.scores[at] * weight
    mix.sure[slot] += mix.confidences[at]
    mix.offers[slot] += 1
    mix.rows[slot * COUNT + algorithm] = row
    return count


@compiled
def _sort(mix: Mix, count: int) -> None:
    """Sort the order, the best first: a merge sort from runs of one."""
    width = 1
    while width < count:
        for left in range(0, count, 2 * width):
            _merge(mix, left, min(left + width, count), min(left + 2 * width, count))
        for at in range(count):
            mix.order[at] = mix.spare[at]
        width *= 2


@compiled
def _merge(mix: Mix, left: int, middle: int, right: int) -> None:
    one, other = left, middle
    for to in range(left, right):
        if other == right or (one < middle and _is_better(mix, mix.order[one], mix.order[other])):
            mix.spare[to] = mix.order[one]
            one += 1
        else:
            mix.spare[to] = mix.order[other]
            other += 1


@compiled
def _is_better(mix: Mix, one: int, other: int) -> bool:
    if mix.fused[one] != mix.fused[other]:
        return bool(mix.fused[one] > mix.fused[other])
    if mix.sure[one] != mix.sure[other]:
        return bool(mix.sure[one] > mix.sure[other])
    return bool(mix.candidates[one] < mix.candidates[other])
