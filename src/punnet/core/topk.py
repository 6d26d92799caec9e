"""Pick the best-scoring products."""

import numpy as np

from punnet.types import Floats, Indices


def top_k(scores: Floats, k: int) -> Indices:
    """Return the indices of the `k` highest scores above 0, best first.

    Ties go to the lower index, so equal input gives equal output on every
    machine. Fewer than `k` come back when fewer are above 0.
    """
    positive = np.flatnonzero(scores > 0)
    if 0 < k < len(positive):
        threshold = np.partition(scores[positive], len(positive) - k)[len(positive) - k]
        positive = positive[scores[positive] >= threshold]
    return positive[np.argsort(-scores[positive], kind="stable")][:k]
