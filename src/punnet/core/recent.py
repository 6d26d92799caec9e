"""Who did something last."""

import numpy as np

from punnet.types import Floats, Indices


def most_recent(who: Indices, times: Floats, arrivals: Indices, k: int) -> Indices:
    """Return the `k` different members of `who` with the latest time, the most recent first.

    The three arrays run in parallel, an entry a deed; a member counts with its
    latest deed. Equal times go to the later arrival. Fewer come back when there
    are fewer members.
    """
    reach = 4 * k
    while True:
        recent = slice(None)
        if reach < len(times):
            threshold = np.partition(times, len(times) - reach)[len(times) - reach]
            recent = times >= threshold
        members = _by_recency(who[recent], times[recent], arrivals[recent])
        if len(members) >= k or reach >= len(times):
            return members[:k]
        reach *= 4


def _by_recency(who: Indices, times: Floats, arrivals: Indices) -> Indices:
    newest_first = who[np.lexsort((-arrivals, -times))]
    members, first = np.unique(newest_first, return_index=True)
    return members[np.argsort(first, kind="stable")]
