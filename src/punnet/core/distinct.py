"""Each value once."""

import numpy as np

from punnet.types import Indices


def distinct(values: Indices) -> Indices:
    """Return the different values, ascending; several times faster here than `np.unique`, which hashes."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
