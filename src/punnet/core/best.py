"""The best products so far."""

from typing import NamedTuple

import numpy as np

from punnet.core.compiled import compiled
from punnet.types import Floats, Indices, Positions

DECIMALS = 12
"""Scores are rounded here, so that sums that are equal on paper are ties in binary as well."""

SCALE = 10.0**DECIMALS


class Best(NamedTuple):
    """At most so many products as the arrays are long, the best score first; `size` holds how many there are.

    Ties go to the lower position, so equal input gives equal output on every machine.
    """

    products: Positions
    scores: Floats
    size: Indices


@compiled
def rounded(value: float) -> float:
    """Return a value to 12 decimals, as `np.round` does."""
    return float(np.rint(value * SCALE) / SCALE)


@compiled
def is_beaten(best: Best, product: int, score: float) -> bool:
    """Return whether a product with this score would come behind all there is room for."""
    size = best.size[0]
    if size < len(best.products):
        return False
    last = best.scores[size - 1]
    return bool(score < last or (score == last and product > best.products[size - 1]))


@compiled
def keep(best: Best, product: int, score: float) -> bool:
    """Have a product among the best if it belongs there, and return whether it does with this score.

    One that is there already keeps its higher score.
    """
    if len(best.products) == 0 or is_beaten(best, product, score):
        return False
    size = best.size[0]
    at = 0
    while at < size and best.products[at] != product:
        at += 1
    if at < size and best.scores[at] >= score:
        return False
    if at == size:
        at = min(size, len(best.products) - 1)
        best.size[0] = at + 1
    while at and _comes_before(product, score, best.products[at - 1], best.scores[at - 1]):
        best.products[at] = best.products[at - 1]
        best.scores[at] = best.scores[at - 1]
        at -= 1
    best.products[at] = product
    best.scores[at] = score
    return True


@compiled
def gather(best: Best, product: int, score: float) -> None:
    """Have a product, which is not there yet, among the best in no order but a heap's, the least on its top.

    That is quicker than `keep` where there are many; which of equal scores stay at the edge is left open.
    """
    size, at = best.size[0], 0
    if size < len(best.products):
        at = size
        best.size[0] = size + 1
        while at and score < best.scores[(at - 1) // 2]:
            best.products[at], best.scores[at] = best.products[(at - 1) // 2], best.scores[(at - 1) // 2]
            at = (at - 1) // 2
    elif score > best.scores[0]:
        while 2 * at + 1 < size:
            child = 2 * at + 1
            child += child + 1 < size and best.scores[child + 1] < best.scores[child]
            if best.scores[child] >= score:
                break
            best.products[at], best.scores[at] = best.products[child], best.scores[child]
            at = child
    else:
        return
    best.products[at], best.scores[at] = product, score


@compiled
def _comes_before(product: int, score: float, other: int, its: float) -> bool:
    return score > its or (score == its and product < other)


@compiled
def propose(best: Best, product: int, score: float) -> bool:
    """Keep a product with its score, rounded, if that is above 0; return whether it was kept."""
    score = rounded(score)
    return score > 0 and keep(best, product, score)


@compiled
def is_closed(best: Best, product: int, bound: float) -> bool:
    """Return whether neither `product` nor a later one, with scores up to `bound`, can still be kept."""
    return is_beaten(best, product, rounded(bound))
