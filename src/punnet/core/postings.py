"""Rows of positions that keep growing: which orders hold a product, what a shopper bought."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.core.compiled import Packed, compiled, entry, reader
from punnet.types import Floats, Indices, Positions

LEAST = 2
"""The room of a row that has an entry. A row's room is the power of two that it needs."""

NOWHERE = -1
"""Ends a chain of free rooms."""


NO_TIMES = np.zeros(0)
"""The times of entries that have none."""


class Rows(NamedTuple):
    """Rows as compiled loops read them: entries `pool[heads[2·row]]` and on, `heads[2·row + 1]` of them.

    Start and length lie together, so that a row of a million costs one wait for memory and not two.
    """

    heads: Positions
    pool: Positions


class Postings:
    """Many growing rows, each lying together in memory, ascending and without an entry twice.

    They ascend by what they are, or by the time that each of them has where times are given. A row that is
    full moves to a room twice as large, and its room goes to the next row of that size: to add costs
    amortised constant time at the end of a row, and what stands behind it elsewhere.
    """

    __slots__ = ("_free", "_heads", "_packed", "_pool")

    def __init__(self) -> None:
        self._heads = Column(np.int32)
        self._pool = Column(np.int32)
        self._free = Column.of(np.full(32, NOWHERE, np.int32))
        """The first free room of each size; each of them holds where the next one is."""
        self._packed = Packed(self.rows)

    def __len__(self) -> int:
        return len(self._heads) // 2

    @property
    def lengths(self) -> Positions:
        """The number of entries of each row."""
        return self._heads.values[1::2]

    @property
    def rows(self) -> Rows:
        """All rows, for compiled loops; valid until entries are added."""
        return Rows(self._heads.room, self._pool.room)

    def reserve(self, rows: int) -> None:
        """Have at least `rows` rows; new ones are empty."""
        self._heads.lengthen(2 * rows)

    def row(self, row: int) -> Positions:
        """Return the entries of one row, without a copy; row -1 is empty."""
        if row < 0:
            return np.zeros(0, np.int32)
        start, length = self._heads.values[2 * row : 2 * row + 2]
        return self._pool.values[start : start + length]

    def gather(self, rows: Indices) -> Positions:
        """Return the entries of `rows`, one row after the other."""
        heads = self._heads.values.reshape(-1, 2)[rows]
        return self._pool.values[spans(heads[:, 0].astype(np.int64), heads[:, 1].astype(np.int64))]

    def add(self, rows: Positions, entries: Positions, times: Floats = NO_TIMES) -> None:
        """Add `entries[i]` to row `rows[i]` for each i, unless it is there; entry e may have `times[e]`."""
        done = 0
        while done < len(rows):
            length = len(self._pool)
            self._packed.hold(self.rows)
            done, length = add(self._packed.address, self._free.values, length, rows, entries, done, times)
            self._pool.lengthen(length)
            if done < len(rows):
                self._pool.reserve(length + 2 * int(self.lengths[rows[done]]) + LEAST)

    def remove(self, rows: Indices, entries: Indices) -> None:
        """Take all of `entries` out of `rows`; nothing of them stays in memory."""
        self._packed.hold(self.rows)
        for row in rows.tolist():
            kept = self.row(row)
            kept = kept[~np.isin(kept, entries)].copy()
            shrink(self._packed.address, self._free.values, row, kept)


rows_at = reader(Rows)


@entry
def add(
    rows: int, free: Positions, used: int, to: Positions, entries: Positions, first: int, times: Floats
) -> tuple[int, int]:
    """Add from the `first` on while the pool has room; return how many are done and how much is in use."""
    return _add(rows_at(rows), free, used, to, entries, first, times)


@entry
def shrink(rows: int, free: Positions, row: int, kept: Positions) -> None:
    """Have a row hold what is `kept` of it, and release what it needs no more."""
    _shrink(rows_at(rows), free, row, kept)


@compiled
def _room(length: int) -> int:
    """Return the room that a row of `length` entries has: none, or the power of two."""
    room = LEAST if length else 0
    while room < length:
        room *= 2
    return room


@compiled
def _size(room: int) -> int:
    """Return which power of two a room is."""
    size = 0
    while room > 1:
        room //= 2
        size += 1
    return size


@compiled
def _comes_before(times: Floats, one: int, other: int) -> bool:
    if len(times) and times[one] != times[other]:
        return bool(times[one] < times[other])
    return one < other


@compiled
def _add(
    rows: Rows, free: Positions, used: int, to: Positions, entries: Positions, first: int, times: Floats
) -> tuple[int, int]:
    """Add from the `first` on while the pool has room; return how many are done and how much is in use."""
    for at in range(first, len(to)):
        row, entry = to[at], entries[at]
        length = rows.heads[2 * row + 1]
        place = _place(rows, row, entry, times)
        if place < 0:
            continue
        if length == _room(length):
            used = _move(rows, free, used, row)
            if used < 0:
                return at, -used - 1
        start = rows.heads[2 * row]
        for back in range(length, place, -1):
            rows.pool[start + back] = rows.pool[start + back - 1]
        rows.pool[start + place] = entry
        rows.heads[2 * row + 1] = length + 1
    return len(to), used


@compiled
def _place(rows: Rows, row: int, entry: int, times: Floats) -> int:
    """Return before how many entries of its row `entry` comes, counted from the front; -1 if it is there."""
    start, high = rows.heads[2 * row], rows.heads[2 * row + 1]
    if high and _comes_before(times, rows.pool[start + high - 1], entry):
        return int(high)
    low = 0
    while low < high:
        middle = (low + high) // 2
        if _comes_before(times, rows.pool[start + middle], entry):
            low = middle + 1
        else:
            high = middle
    if low < rows.heads[2 * row + 1] and rows.pool[start + low] == entry:
        return -1
    return low


@compiled
def _move(rows: Rows, free: Positions, used: int, row: int) -> int:
    """Give a full row twice the room and return how much of the pool is in use then.

    Where the pool is too small for that, -1 less what is in use.
    """
    start, length = rows.heads[2 * row], rows.heads[2 * row + 1]
    room = max(2 * length, LEAST)
    to = free[_size(room)]
    if to >= 0:
        free[_size(room)] = rows.pool[to]
        rows.pool[to] = 0
    elif used + room <= len(rows.pool):
        to = used
        used += room
    else:
        return -used - 1
    for step in range(length):
        rows.pool[to + step] = rows.pool[start + step]
    _release(rows, free, start, length)
    rows.heads[2 * row] = to
    return used


@compiled
def _release(rows: Rows, free: Positions, start: int, room: int) -> None:
    """Let another row have a room; what stood there must not live on."""
    if room:
        rows.pool[start : start + room] = 0
        rows.pool[start] = free[_size(room)]
        free[_size(room)] = start


@compiled
def _shrink(rows: Rows, free: Positions, row: int, kept: Positions) -> None:
    """Have a row hold what is `kept` of it, and release what it needs no more."""
    start, before = rows.heads[2 * row], _room(rows.heads[2 * row + 1])
    after = _room(len(kept))
    rows.pool[start : start + after] = 0
    for at in range(len(kept)):
        rows.pool[start + at] = kept[at]
    rows.heads[2 * row + 1] = len(kept)
    if not after and before:
        after = LEAST
        _release(rows, free, start, LEAST)
    while after < before:
        _release(rows, free, start + after, after)
        after *= 2


def spans(starts: Indices, lengths: Indices) -> Indices:
    """Return `starts[0], starts[0]+1, …` for `lengths[0]` numbers, then the same for each further span."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    positions: Indices = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return positions
