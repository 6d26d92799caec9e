"""How many actions there were, of which kind and when."""

from collections import Counter, deque

from punnet.market import UserAction
from punnet.types import DAY

MINUTE = 60.0


class Tally:
    """Counts of applied actions; the last 24 hours by the minute the server took them in."""

    by_type: Counter[UserAction]
    _minutes: deque[tuple[int, int]]

    def __init__(self) -> None:
        self.by_type = Counter()
        self._minutes = deque()

    @property
    def total(self) -> int:
        """All actions ever applied."""
        return self.by_type.total()

    def count(self, action: UserAction, at: float) -> None:
        """Count one action taken in at `at` (seconds); a clock set back counts on in its latest minute."""
        self.by_type[action] += 1
        minute = int(at // MINUTE)
        if self._minutes and self._minutes[-1][0] >= minute:
            last, count = self._minutes.pop()
            self._minutes.append((last, count + 1))
        else:
            self._minutes.append((minute, 1))
        while self._minutes[0][0] * MINUTE <= self._minutes[-1][0] * MINUTE - DAY - MINUTE:
            self._minutes.popleft()

    def since(self, now: float, seconds: float) -> int:
        """Return the actions of the last `seconds` (at most a day), to the whole minute."""
        return sum(count for minute, count in self._minutes if (minute + 1) * MINUTE > now - seconds)
