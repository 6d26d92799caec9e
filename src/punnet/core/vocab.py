"""Names and their positions."""

from collections.abc import Iterable, Iterator
from itertools import repeat


class Vocabulary:
    """Gives every name a position, in the order they were added; a position is never given twice.

    The position of a name that was removed stays empty.
    """

    __slots__ = ("_names", "_positions")

    def __init__(self) -> None:
        self._names: list[str | None] = []
        self._positions: dict[str, int] = {}

    @classmethod
    def of(cls, names: Iterable[str | None]) -> "Vocabulary":
        """Return the vocabulary with `names`, all different, in their order; None is an empty position."""
        vocabulary = cls()
        vocabulary._names = list(names)
        vocabulary._positions = {name: at for at, name in enumerate(vocabulary._names) if name is not None}
        return vocabulary

    def __len__(self) -> int:
        """Return how many positions were given, those now empty among them."""
        return len(self._names)

    def __iter__(self) -> Iterator[str | None]:
        """Return the names in the order of their positions, None for an empty one."""
        return iter(self._names)

    def __getitem__(self, position: int) -> str:
        """Return the name at `position`."""
        name = self._names[position]
        assert name is not None, "only positions that are in use are asked for"
        return name

    def name(self, position: int) -> str | None:
        """Return the name at `position`, None for an empty one."""
        return self._names[position]

    @property
    def count(self) -> int:
        """How many names there are."""
        return len(self._positions)

    def add(self, name: str) -> int:
        """Return the position of `name`, which is the next free one when it is new."""
        position = self._positions.setdefault(name, len(self._names))
        if position == len(self._names):
            self._names.append(name)
        return position

    def add_all(self, names: Iterable[str]) -> list[int]:
        """Return what `add` gives for each of `names`, faster."""
        known, position_of = self._names, self._positions.setdefault
        positions = []
        for name in names:
            position = position_of(name, len(known))
            if position == len(known):
                known.append(name)
            positions.append(position)
        return positions

    def adds(self, name: str) -> bool:
        """Add `name`, and return whether it is new."""
        known = len(self._names)
        return self.add(name) == known

    def find(self, name: str) -> int:
        """Return the position of `name`, or -1 when there is no such name."""
        return self._positions.get(name, -1)

    def find_all(self, names: Iterable[str]) -> list[int]:
        """Return what `find` gives for each of `names`, several times faster."""
        return list(map(self._positions.get, names, repeat(-1)))

    def remove(self, name: str) -> int:
        """Forget `name` and return the position it had, -1 when there is no such name."""
        position = self._positions.pop(name, -1)
        if position >= 0:
            self._names[position] = None
        return position
