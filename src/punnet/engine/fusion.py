"""Many offers, one order."""

from collections.abc import Mapping
from typing import NamedTuple

from punnet.algorithms.offer import DECIMALS, Offer
from punnet.market import Algorithm


class Part(NamedTuple):
    """What one algorithm gave to a candidate; `row` is the candidate's place in that algorithm's offer."""

    algorithm: Algorithm
    score: float
    weight: float
    confidence: float
    row: int

    @property
    def share(self) -> float:
        """What it adds to the score."""
        return self.score * self.weight


class Candidate(NamedTuple):
    """A product that at least one algorithm offered; parts come with the largest share first."""

    product: int
    score: float
    confidence: float
    parts: tuple[Part, ...]


def fuse(offers: Mapping[Algorithm, Offer], weights: Mapping[Algorithm, float]) -> list[Candidate]:
    """Return every product offered, best first: by score, then confidence, then the product added first."""
    parts: dict[int, list[Part]] = {}
    for algorithm, offer in offers.items():
        offered = zip(offer.products.tolist(), offer.scores.tolist(), offer.confidences.tolist(), strict=True)
        for row, (product, score, confidence) in enumerate(offered):
            part = Part(algorithm, score, weights[algorithm], confidence, row)
            parts.setdefault(product, []).append(part)
    candidates = [_candidate(product, given) for product, given in parts.items()]
    return sorted(candidates, key=lambda it: (-it.score, -it.confidence, it.product))


def _candidate(product: int, parts: list[Part]) -> Candidate:
    score = round(min(sum(part.share for part in parts), 1.0), DECIMALS)
    confidence = round(sum(part.confidence for part in parts) / len(parts), DECIMALS)
    by_share = sorted(parts, key=lambda part: round(-part.share, DECIMALS))
    return Candidate(product, score, confidence, tuple(by_share))
