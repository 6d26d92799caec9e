"""One value a row, for rows that keep coming."""

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Value = TypeVar("Value", np.float64, np.int64, np.int32, np.bool_)


class Column(Generic[Value]):
    """An array that grows at its end in amortised constant time."""

    __slots__ = ("_length", "_room")

    def __init__(self, kind: type[Value]) -> None:
        self._room: npt.NDArray[Value] = np.zeros(16, kind)
        self._length = 0

    @classmethod
    def of(cls, values: npt.NDArray[Value]) -> "Column[Value]":
        """Return a column that holds a copy of `values`, and has some room, so that not all grow at once."""
        column = cls(values.dtype.type)
        column.reserve(len(values) * 9 // 8)
        column.extend(values)
        return column

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> npt.NDArray[Value]:
        """The values, without a copy; valid until the column grows."""
        return self._room[: self._length]

    @property
    def room(self) -> npt.NDArray[Value]:
        """The values and the zeros behind them that wait for more; valid until the column grows."""
        return self._room

    def extend(self, values: npt.NDArray[Value]) -> None:
        """Add `values` at the end."""
        end = self._length + len(values)
        self.lengthen(end)
        self._room[end - len(values) : end] = values

    def lengthen(self, length: int) -> None:
        """Have at least `length` values; new ones are zero."""
        self.reserve(length)
        self._length = max(self._length, length)

    def reserve(self, length: int) -> None:
        """Have room for at least `length` values."""
        if length > len(self._room):
            room = np.zeros(max(length, 2 * len(self._room)), self._room.dtype)
            room[: self._length] = self.values
            self._room = room

    def remove(self, places: npt.NDArray[np.int64]) -> None:
        """Take out the values at `places`, each given once; costs a copy of the column."""
        self._room = np.delete(self.values, places)
        self._length = len(self._room)

    def put(self, position: int, value: float) -> None:
        """Write one value, at a position there is or at the end."""
        self.lengthen(position + 1)
        self._room[position] = value
