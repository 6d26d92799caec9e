"""Which actions come too quickly after the same one to be reacted to."""

from collections import Counter, OrderedDict

from punnet.market import Action, UserAction

WINDOW = 0.5
"""Seconds from one reaction in which the same action of the same shopper is not reacted to again."""


class Debounce:
    """Skips what a shopper repeats. Holds only the last two `WINDOW`s, however many shoppers there are."""

    skipped: int
    _skipped_of: Counter[str]
    _kept: OrderedDict[tuple[str, UserAction, str | None], float]

    def __init__(self) -> None:
        self.skipped = 0
        """How many actions were skipped."""
        self._skipped_of = Counter()
        # A plain dict would walk over all that was dropped at its front.
        self._kept = OrderedDict()

    def skips(self, action: Action, at: float) -> bool:
        """Return whether `action`, taken in at `at` (seconds), repeats one less than `WINDOW` old.

        Skipped actions do not count as that one: who goes on clicking gets a reaction every `WINDOW`.
        """
        self._drop_old(at)
        key = (action.user_id, action.action, action.entity_id)
        before = self._kept.get(key)
        if before is not None and abs(at - before) < WINDOW:
            self.skipped += 1
            self._skipped_of[action.user_id] += 1
            return True
        self._kept[key] = at
        self._kept.move_to_end(key)
        return False

    def begin_anew(self) -> None:
        """Count what is skipped from 0; what was just done stays known."""
        self.skipped = 0
        self._skipped_of.clear()

    def forget(self, user_id: str) -> None:
        """Drop what a shopper did, and what was skipped of it."""
        self.skipped -= self._skipped_of.pop(user_id, 0)
        for key in [key for key in self._kept if key[0] == user_id]:
            del self._kept[key]

    def _drop_old(self, at: float) -> None:
        """Drop what is too old by now; where the clock was set back, what it has not reached yet as well."""
        while self._kept:
            oldest = next(iter(self._kept))
            # Twice the window: of two processes the clock of one may be behind that of the other.
            if -WINDOW < at - self._kept[oldest] < 2 * WINDOW:
                return
            del self._kept[oldest]
