"""Each value once."""

import numpy as np

from punnet.types import Indices

DENSE = 4
"""Values up to this often their number are marked off in a list; that costs less than to sort them."""


def distinct(values: Indices) -> Indices:
    """Return the different values, ascending; several times faster here than `np.unique`, which hashes."""
    if len(values) and values.min() >= 0 and values.max() < DENSE * len(values):
        marked = np.zeros(values.max() + 1, np.bool_)
        marked[values] = True
        return np.flatnonzero(marked)
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
