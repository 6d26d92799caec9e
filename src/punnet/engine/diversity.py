"""Not everything from one farm, one category or one end of the price list."""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from punnet.core.shelf import Shelf
from punnet.engine.fusion import Candidate

THIRDS = 3


class Shares(NamedTuple):
    """The largest share of an answer for one farm, one category and one third of the price range."""

    farm: float
    category: float
    price: float

    def caps(self, limit: int) -> tuple[int, int, int]:
        """Return how many products of an answer of `limit` that is, rounded up."""
        farm, category, price = (ceil(round(share * limit, 9)) for share in self)
        return farm, category, price


def diversify(candidates: Sequence[Candidate], limit: int, shelf: Shelf, shares: Shares) -> list[Candidate]:
    """Return at most `limit` candidates: down their order those within the shares, then those passed over."""
    caps = shares.caps(limit)
    taken: Counter[tuple[int, int]] = Counter()
    chosen: list[Candidate] = []
    passed_over: list[Candidate] = []
    thirds = _thirds([float(shelf.price[candidate.product]) for candidate in candidates])
    for candidate, third in zip(candidates, thirds, strict=True):
        groups = (int(shelf.farm[candidate.product]), int(shelf.category[candidate.product]), third)
        if all(taken[kind, group] < caps[kind] for kind, group in enumerate(groups)):
            taken.update((kind, group) for kind, group in enumerate(groups) if group >= 0)
            chosen.append(candidate)
            if len(chosen) == limit:
                break
        else:
            passed_over.append(candidate)
    return (chosen + passed_over)[:limit]


def _thirds(prices: list[float]) -> list[int]:
    """Return for each price its third of the range, 0 to 2; -1 for all where the range is one price."""
    low, high = min(prices, default=0.0), max(prices, default=0.0)
    if low == high:
        return [-1] * len(prices)
    return [min(int(round(THIRDS * (price - low) / (high - low), 9)), THIRDS - 1) for price in prices]
