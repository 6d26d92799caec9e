"""Whether the engine answers as plain Python does (tests/naive.py)."""

import math
from collections.abc import Iterable

from punnet.engine.engine import Engine
from punnet.market import Query, Recommendation
from tests.naive import NaiveMarket, Offered, Recommended

CLOSE = 1e-9


def differing(engine: Engine, naive: NaiveMarket, queries: Iterable[Query], now: float) -> list[Query]:
    """Return the queries that both do not answer with the same products, in order, and the same scores."""
    return [
        query
        for query in queries
        if not same(engine.answer(query, now).recommendations, naive.answer(query, now))
    ]


def same(ours: Iterable[Recommendation], plain: Iterable[Recommended] | Iterable[Offered]) -> bool:
    """Return whether both are the same products in order, with equal scores and confidences to 1e-9."""
    one = [(it.product.id, it.score, it.confidence) for it in ours]
    other = [(it.product_id, it.score, it.confidence) for it in plain]
    return len(one) == len(other) and all(
        a[0] == b[0] and math.isclose(a[1], b[1], abs_tol=CLOSE) and math.isclose(a[2], b[2], abs_tol=CLOSE)
        for a, b in zip(one, other, strict=True)
    )
