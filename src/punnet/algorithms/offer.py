"""What an algorithm answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from punnet.core.topk import top_k
from punnet.types import Floats, Indices, Mask

Notes: TypeAlias = Mapping[str, Indices | Floats | Mask]
"""More of each product, by the name it has in an answer's metadata."""

DECIMALS = 12
"""Scores are rounded here, so that sums that are equal on paper are ties in binary as well."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Products with a score above 0, best first; all arrays run in parallel."""

    products: Indices
    scores: Floats
    confidences: Floats
    notes: Notes = field(default_factory=dict)


NOTHING = Offer(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def best(
    scores: Floats,
    confidences: Floats | float,
    eligible: Mask,
    k: int,
    notes: Notes | None = None,
) -> Offer:
    """Return the `k` best products that may appear, from a score (and notes) for every product."""
    rounded: Floats = np.where(eligible, scores, 0.0).round(DECIMALS)
    products = top_k(rounded, k)
    return Offer(
        products,
        rounded[products],
        np.broadcast_to(confidences, rounded.shape)[products],
        {name: values[products] for name, values in (notes or {}).items()},
    )
