"""Products as they stand in answers, each written once for as long as it stays the same."""

from collections.abc import Iterable

from msgspec import Raw, Struct

from punnet.market import ListedProduct, Reason, Recommendation
from punnet.protocol import codec

MOST = 20_000
"""Labels that are kept; each takes about as many bytes as it has letters."""


class Labelled(Struct, frozen=True, gc=False):
    """A recommendation whose product is written already; it is written like any other."""

    product: Raw
    score: float
    reason: Reason
    reasons: tuple[Reason, ...]
    confidence: float
    metadata: dict[str, object]


class Labels:
    """What is written of each product. Of one that changes the catalogue makes a new noun: a new label."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._written: dict[str, tuple[ListedProduct, Raw]] = {}

    def on(self, recommendations: Iterable[Recommendation]) -> list[Labelled]:
        """Return the recommendations with their products written."""
        return [
            Labelled(
                self._of(each.product), each.score, each.reason, each.reasons, each.confidence, each.metadata
            )
            for each in recommendations
        ]

    def _of(self, product: ListedProduct) -> Raw:
        known = self._written.get(product.id)
        if known is None or known[0] is not product:
            if len(self._written) >= self._most:
                self._written.clear()
            known = self._written[product.id] = product, Raw(codec.write(product))
        return known[1]
