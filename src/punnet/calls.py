"""What a caller submits, on its way into the journal."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from punnet.journal import Entry, Verdict
from punnet.market import Action


class Call(NamedTuple):
    """What one caller submitted, and where its verdicts go."""

    entries: list[Entry]
    verdicts: asyncio.Future[list[Verdict]]
    began: float

    @property
    def size(self) -> int:
        """How many facts the call brings."""
        return sum(len(entry.facts) for entry in self.entries)

    def actions(self) -> Iterator[tuple[str, float]]:
        """Yield the ids of the actions that it brings, and when they came: elsewhere the same came later."""
        for entry in self.entries:
            for fact in entry.facts:
                if isinstance(fact, Action):
                    yield fact.event_id, entry.at

    def fail(self, error: Exception) -> None:
        """Tell the caller, unless it went away, what kept the call from being answered."""
        if not self.verdicts.done():
            self.verdicts.set_exception(error)
