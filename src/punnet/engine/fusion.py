"""Many offers, one order."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from punnet.algorithms.offer import DECIMALS, Offer
from punnet.market import Algorithm


class Part(NamedTuple):
    """What one algorithm gave to a candidate; `row` is the candidate's place in that algorithm's offer."""

    algorithm: Algorithm
    score: float
    weight: float
    confidence: float
    row: int


class Candidate(NamedTuple):
    """A product that at least one algorithm offered; parts come with the largest share first."""

    product: int
    score: float
    confidence: float
    parts: tuple[Part, ...]


def fuse(offers: Mapping[Algorithm, Offer], weights: Mapping[Algorithm, float]) -> list[Candidate]:
    """Return every product offered, best first: by score, then confidence, then the product added first."""
    algorithms = list(offers)
    given = list(offers.values())
    owner = np.repeat(np.arange(len(given)), [len(offer.products) for offer in given])
    weight = np.array([weights[algorithm] for algorithm in algorithms])[owner]
    scores = np.concatenate([offer.scores for offer in given])
    confidences = np.concatenate([offer.confidences for offer in given])
    offered = np.concatenate([offer.products for offer in given])
    products, place, count = np.unique(offered, return_inverse=True, return_counts=True)
    fused = np.minimum(np.bincount(place, scores * weight), 1.0).round(DECIMALS)
    sure = (np.bincount(place, confidences) / count).round(DECIMALS)

    parts: list[list[Part]] = [[] for _ in products]
    rows = np.concatenate([np.arange(len(offer.products)) for offer in given])
    columns = [column.tolist() for column in (place, owner, scores, weight, confidences, rows)]
    for at in np.lexsort((owner, -(scores * weight).round(DECIMALS))).tolist():
        to, by, *figures = (column[at] for column in columns)
        parts[to].append(Part(algorithms[by], *figures))
    best = np.lexsort((products, -sure, -fused)).tolist()
    return [Candidate(int(products[at]), float(fused[at]), float(sure[at]), tuple(parts[at])) for at in best]
