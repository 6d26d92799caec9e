"""The latest actions, for an operator who looks on."""

from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import msgspec

from punnet.engine.effects import Deed, Effects
from punnet.protocol.replies import RecentAction, RecentActions

MOST = 1_000
"""How many actions are held."""


class Held(NamedTuple):
    """An action, and its position among all that were taken in since the start."""

    position: int
    deed: Deed


class Recent:
    """Holds the latest actions that were taken in since the start, those too that are not reacted to."""

    waiting = 0
    """What is told here is done at once."""

    def __init__(self, most: int = MOST) -> None:
        self._held: deque[Held] = deque(maxlen=most)
        self.last = 0
        """The position of the last action, from 1: how many there were."""

    def start(self) -> None:
        """Hold actions from now on."""

    async def stop(self) -> None:
        """Return at once."""

    def take(self, effects: Effects) -> None:
        """Hold what was done, and let go of what was done long ago."""
        for deed in effects.deeds:
            self.last += 1
            self._held.append(Held(self.last, deed))

    def forget(self, user_id: str) -> None:
        """Drop what a shopper did; the others keep their positions."""
        others = [held for held in self._held if held.deed.action.user_id != user_id]
        self._held.clear()
        self._held.extend(others)

    def after(self, position: int | None, limit: int) -> RecentActions:
        """Return the first actions after a position, at most so many; without one, the latest.

        So it is after a position that was not reached yet: that was told by a server which is no more.
        """
        if position is None or position > self.last:
            found = [*islice(reversed(self._held), limit)][::-1]
        else:
            found = [*islice((held for held in self._held if held.position > position), limit)]
        reached = found[-1].position if len(found) == limit else self.last
        return RecentActions(actions=tuple(map(_told, found)), last=reached)


def _told(held: Held) -> RecentAction:
    action, at, debounced = held.deed
    return RecentAction(
        **msgspec.structs.asdict(action),
        recorded_at=datetime.fromtimestamp(at, UTC),
        position=held.position,
        debounced=debounced,
    )
