"""Names and their positions."""

from collections.abc import Iterable, Iterator


class Vocabulary:
    """Gives every name a position, in the order they were added; a position is never given twice."""

    __slots__ = ("_names", "_positions")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._positions: dict[str, int] = {}

    @classmethod
    def of(cls, names: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary to which `names`, all different, were added in their order."""
        vocabulary = cls()
        vocabulary._names = list(names)
        vocabulary._positions = dict(zip(vocabulary._names, range(len(vocabulary._names)), strict=True))
        return vocabulary

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Return the names in the order of their positions."""
        return iter(self._names)

    def __getitem__(self, position: int) -> str:
        """Return the name at `position`."""
        return self._names[position]

    def add(self, name: str) -> int:
        """Return the position of `name`, which is the next free one when it is new."""
        position = self._positions.setdefault(name, len(self._names))
        if position == len(self._names):
            self._names.append(name)
        return position

    def find(self, name: str) -> int:
        """Return the position of `name`, or -1 when it was never added."""
        return self._positions.get(name, -1)
