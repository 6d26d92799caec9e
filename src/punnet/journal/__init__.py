"""Where every accepted fact is kept, durable and in order, before anything else happens to it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from punnet.market import Action, Fact, Order, Record

BATCH = 5_000
"""The most records that a journal hands out at once."""


class Verdict(StrEnum):
    """What became of a record."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"


class Journal(Protocol):
    """The facts of one market, in the order they were taken in.

    Orders are known by their id, actions by their `event_id`. A second record of a known one is not
    kept: it is a DUPLICATE when it says the same, else a CONFLICT.
    """

    def append(self, records: Sequence[Record]) -> list[Verdict]:
        """Keep `records` in one commit and return a verdict on each, once they are durable.

        Raises JournalUnavailable, and then nothing of the call was kept.
        """
        ...

    def read(self) -> Iterator[list[Record]]:
        """Yield every kept record, oldest first, at most BATCH at a time."""
        ...

    def close(self) -> None:
        """Let go of whatever the journal holds open."""
        ...


def key_of(fact: Fact) -> str | None:
    """Return the name under which a journal knows `fact` again, if it does."""
    match fact:
        case Order():
            return f"order:{fact.id}"
        case Action():
            return f"event:{fact.event_id}"
        case _:
            return None
