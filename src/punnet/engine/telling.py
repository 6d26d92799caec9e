"""What was chosen, in names."""

from typing import NamedTuple

import numpy as np

from punnet.core.compiled import reader
from punnet.engine.catalogue import Catalogue
from punnet.engine.filling import MOST_BOUGHT, NEWEST
from punnet.engine.fusion import ALGORITHMS, COUNT
from punnet.engine.offers import BEHAVIOUR, TOGETHER, TRENDING
from punnet.market import Algorithm, Contribution, Reason, Recommendation
from punnet.types import Floats, Positions

REASONS = {
    Algorithm.COLLABORATIVE: Reason.SIMILAR_USERS,
    Algorithm.CONTENT: Reason.SIMILAR_PRODUCTS,
    Algorithm.TRENDING: Reason.TRENDING_LOCAL,
    Algorithm.SEASONAL: Reason.SEASONAL,
    Algorithm.BEHAVIOUR: Reason.USER_BEHAVIOR,
    Algorithm.TOGETHER: Reason.FREQUENTLY_BOUGHT_TOGETHER,
    Algorithm.ARRIVALS: Reason.NEW_ARRIVAL,
}

_REASONS = tuple(REASONS[algorithm] for algorithm in ALGORITHMS)
_NAMES = tuple(algorithm.value for algorithm in ALGORITHMS)

RECENT, LOCAL, IN_RANGE, COMMON, TOTAL, LIFT, NOTES = range(7)
"""Where each note of a product stands, and how many there are."""


class Account(NamedTuple):
    """What is told of each chosen product, in parallel; `COUNT` parts each, the largest share first."""

    products: Positions
    scores: Floats
    confidences: Floats
    parts: Positions
    """The algorithms that offered it, -1 behind them."""
    given: Floats
    """The score that each gave."""
    notes: Floats

    @classmethod
    def of(cls, limit: int) -> "Account":
        """Return room for so many products."""
        products, parts = np.zeros(limit, np.int32), np.zeros(COUNT * limit, np.int32)
        return cls(
            products,
            np.zeros(limit),
            np.zeros(limit),
            parts,
            np.zeros(COUNT * limit),
            np.zeros(NOTES * limit),
        )


account_at = reader(Account)


def recommendations(
    catalogue: Catalogue, account: Account, count: int, weights: list[float]
) -> list[Recommendation]:
    """Return the first `count` products of an account, as they stand in an answer."""
    columns = (account.products, account.scores, account.confidences)
    rows = zip(*(column[:count].tolist() for column in columns), strict=True)
    notes = account.notes[: count * NOTES].tolist()
    parts, given = account.parts[: count * COUNT].tolist(), account.given[: count * COUNT].tolist()
    told: list[Recommendation] = []
    for at, (product, score, confidence) in enumerate(rows):
        contributions: dict[str, Contribution] = {}
        metadata: dict[str, object] = {"contributions": contributions}
        reasons: list[Reason] = []
        for place in range(at * COUNT, (at + 1) * COUNT):
            part = parts[place]
            if part < 0:
                break
            contributions[_NAMES[part]] = Contribution(score=given[place], weight=weights[part])
            reasons.append(_REASONS[part])
            if part in _NOTED:
                _add_notes(catalogue, metadata, part, product, notes, at * NOTES)
        told.append(Recommendation(
            product=catalogue.at(product), score=score, reason=reasons[0], reasons=tuple(reasons),
            confidence=confidence, metadata=metadata,
        ))  # fmt: skip
    return told


_NOTED = frozenset((TRENDING, BEHAVIOUR, TOGETHER))


def _add_notes(
    catalogue: Catalogue, metadata: dict[str, object], part: int, product: int, notes: list[float], begin: int
) -> None:
    if part == TRENDING:
        metadata["recentOrders"] = int(notes[begin + RECENT])
        metadata["area"] = "local" if notes[begin + LOCAL] else "market"
    elif part == BEHAVIOUR:
        metadata["categoryMatch"] = catalogue.at(product).category
        metadata["priceInRange"] = bool(notes[begin + IN_RANGE])
    else:
        metadata["coOccurrences"] = int(notes[begin + COMMON])
        metadata["totalOrders"] = int(notes[begin + TOTAL])
        metadata["lift"] = notes[begin + LIFT]


def fillings(catalogue: Catalogue, products: list[int]) -> list[Recommendation]:
    """Return what an answer was filled up with; -1 - p is a product p that was never bought."""
    told: list[Recommendation] = []
    for product in products:
        reason, why = Reason.TRENDING_LOCAL, MOST_BOUGHT
        if product < 0:
            reason, why = Reason.NEW_ARRIVAL, NEWEST
        told.append(
            Recommendation(
                product=catalogue.at(product if product >= 0 else -1 - product),
                score=0.0,
                reason=reason,
                reasons=(reason,),
                confidence=0.0,
                metadata={"contributions": {}, "filling": why},
            )
        )
    return told
