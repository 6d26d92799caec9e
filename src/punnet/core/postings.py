"""Rows of positions that keep growing: which orders hold a product, what a shopper bought."""

import numpy as np

from punnet.core.column import Column
from punnet.types import Indices


class Postings:
    """Many growing rows of indices, each lying together in memory.

    A row that is full moves to the end of the pool with twice the room, so
    that adding costs amortised constant time and reading a row is a slice.
    """

    __slots__ = ("_lengths", "_pool", "_rooms", "_starts")

    def __init__(self) -> None:
        self._starts = Column(np.int64)
        self._lengths = Column(np.int64)
        self._rooms = Column(np.int64)
        self._pool = Column(np.int64)

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def lengths(self) -> Indices:
        """The number of entries of each row."""
        return self._lengths.values

    def reserve(self, rows: int) -> None:
        """Have at least `rows` rows; new ones are empty."""
        missing = rows - len(self)
        if missing > 0:
            for column in (self._starts, self._lengths, self._rooms):
                column.extend(np.zeros(missing, np.int64))

    def row(self, row: int) -> Indices:
        """Return the entries of one row, in the order they were added, without a copy; row -1 is empty."""
        if row < 0:
            return np.zeros(0, np.int64)
        start = self._starts.values[row]
        return self._pool.values[start : start + self._lengths.values[row]]

    def gather(self, rows: Indices) -> Indices:
        """Return the entries of `rows`, one row after the other."""
        return self._pool.values[spans(self._starts.values[rows], self._lengths.values[rows])]

    def extend(self, rows: Indices, entries: Indices) -> None:
        """Add `entries[i]` to the end of row `rows[i]`, for each i in order."""
        order = np.argsort(rows, kind="stable")
        touched, counts = np.unique(rows, return_counts=True)
        self._make_room(touched, counts)
        ends = self._starts.values[touched] + self._lengths.values[touched]
        self._pool.values[spans(ends, counts)] = entries[order]
        self._lengths.values[touched] += counts

    def remove(self, rows: Indices, entries: Indices) -> None:
        """Take all of `entries` out of `rows`, each row given once; the others keep their order."""
        starts, lengths = self._starts.values[rows], self._lengths.values[rows]
        before = spans(starts, lengths)
        found = self._pool.values[before]
        staying = ~np.isin(found, entries)
        counts = np.bincount(np.repeat(np.arange(len(rows)), lengths)[staying], minlength=len(rows))
        self._pool.values[before] = 0
        self._pool.values[spans(starts, counts)] = found[staying]
        self._lengths.values[rows] = counts

    def _make_room(self, rows: Indices, counts: Indices) -> None:
        needed = self._lengths.values[rows] + counts
        full = needed > self._rooms.values[rows]
        moving, rooms = rows[full], 2 * needed[full]
        starts = len(self._pool) + np.cumsum(rooms) - rooms
        lengths = self._lengths.values[moving]
        left = spans(self._starts.values[moving], lengths)
        moved = self._pool.values[left]
        # What is removed later must not live on here.
        self._pool.values[left] = 0
        self._pool.extend(np.zeros(int(rooms.sum()), np.int64))
        self._pool.values[spans(starts, lengths)] = moved
        self._starts.values[moving] = starts
        self._rooms.values[moving] = rooms


def spans(starts: Indices, lengths: Indices) -> Indices:
    """Return `starts[0], starts[0]+1, …` for `lengths[0]` numbers, then the same for each further span."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    positions: Indices = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return positions
