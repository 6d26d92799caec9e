"""The records of a journal in the order in which things happened, which is not that of an import."""

from collections.abc import Sequence
from typing import NamedTuple

from punnet.market import Action, Order, Record


class Happened(NamedTuple):
    """A record, and when what it tells of happened (seconds)."""

    when: float
    record: Record


def in_order(records: Sequence[Record]) -> list[Happened]:
    """Return the records of a journal by when they happened; those of the same moment as they lie there.

    A purchase and an action say when they were. What changes the market beside them happened when it was
    taken in, or before the earliest of what comes behind it in the journal: a catalogue that was imported
    today is that of last year's orders, which were imported after it.
    """
    found, earliest = list[Happened](), float("inf")
    for record in reversed(records):
        said = _said(record)
        earliest = min(earliest, record.at if said is None else said)
        found.append(Happened(earliest if said is None else said, record))
    found.reverse()
    return sorted(found, key=_when)


def _said(record: Record) -> float | None:
    """Return when a fact says that it happened."""
    match record.fact:
        case Order(placed_at=moment):
            return moment.timestamp()
        case Action(timestamp=moment):
            return record.at if moment is None else moment.timestamp()
        case _:
            return None


def _when(happened: Happened) -> float:
    return happened.when
