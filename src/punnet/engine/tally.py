"""How many actions there were, of which kind and when."""

from collections import Counter

from punnet.market import UserAction

MINUTE = 60.0

KEPT = 1_441
"""Minutes with actions that are remembered: those that a day can touch."""


class Tally:
    """Counts of applied actions; the last 24 hours by the minute the server took them in."""

    by_type: Counter[UserAction]
    _minutes: dict[int, int]

    def __init__(self) -> None:
        self.by_type = Counter()
        self._minutes = {}

    @property
    def total(self) -> int:
        """All actions applied."""
        return self.by_type.total()

    def count(self, action: UserAction, at: float) -> None:
        """Count one action taken in at `at` (seconds), in its own minute wherever the clock stood before."""
        self.by_type[action] += 1
        minute = int(at // MINUTE)
        if minute not in self._minutes and len(self._minutes) == KEPT:
            del self._minutes[next(iter(self._minutes))]
        self._minutes[minute] = self._minutes.get(minute, 0) + 1

    def since(self, now: float, seconds: float) -> int:
        """Return the actions of the last `seconds` (at most a day), to the whole minute.

        Those that a clock running ahead put after `now` count when their minute has come.
        """
        since = now - seconds
        return sum(
            count
            for minute, count in self._minutes.items()
            if (minute + 1) * MINUTE > since and minute * MINUTE <= now
        )
