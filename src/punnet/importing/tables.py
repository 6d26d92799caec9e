"""Rows that share their columns: what stands in them, and how it becomes nouns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
import numpy as np
from msgspec import inspect

from punnet.errors import BadFile, Refused
from punnet.protocol import codec, shapes

if TYPE_CHECKING:
    from pyarrow import Array, RecordBatch

T = TypeVar("T")

FIGURES = (inspect.IntType, inspect.FloatType)
UNLIKE_THEIR_TEXT = (inspect.BoolType, inspect.VarTupleType)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What all rows of a file have in common: the names above them, and whether all values are `texts`."""

    columns: tuple[str, ...]
    texts: bool = False


class Row(NamedTuple):
    """One row of a table, with a cell for each of its columns; a blank one holds None, or an empty text.

    `line` is where it stands, `read` how much of the file came up to its end.
    """

    line: int
    read: int
    cells: Sequence[object]
    table: Table

    @property
    def content(self) -> dict[str, object]:
        """What stands in the row, by the names of the columns, without what is blank."""
        named = zip(self.table.columns, self.cells, strict=True)
        if self.table.texts:
            return {name: cell for name, cell in named if cell}
        return {name: cell for name, cell in named if cell is not None}

    def cell(self, name: str) -> object:
        """Return what stands under a name, None where that is nothing."""
        if name not in self.table.columns:
            return None
        cell = self.cells[self.table.columns.index(name)]
        return None if cell == "" and self.table.texts else cell

    def without(self, name: str) -> "Row":
        """Return the row with nothing under a name."""
        blank = "" if self.table.texts else None
        named = zip(self.table.columns, self.cells, strict=True)
        return self._replace(cells=[blank if column == name else cell for column, cell in named])

    def noun(self, kind: type[T]) -> T:
        """Return the row as a noun; raise Refused where it is none."""
        content = self.content
        if not self.table.texts:
            return codec.convert(content, kind)
        wanted: object = kind
        figures = _figures(self.table, wanted)
        if figures is None:
            return codec.read_texts(((name, str(text)) for name, text in content.items()), kind)
        for name in figures:
            if name in content:
                content[name] = figure(str(content[name]))
        return codec.convert(content, kind)


def table_of(columns: tuple[str, ...], *, texts: bool = False) -> Table:
    """Return a table with these columns; raise BadFile where two have one name."""
    if len(set(columns)) < len(columns):
        raise BadFile("two columns have one name; give each its own")
    return Table(columns, texts)


def values(batch: "RecordBatch") -> Iterator[tuple[object, ...]]:
    """Yield the cells of each row of a record batch of Arrow."""
    return zip(*(_values_of(column) for column in batch.columns), strict=True)


def _values_of(column: "Array") -> Iterator[object]:
    """Return the values of a column. What comes again and again is made once: each costs a microsecond."""
    try:
        encoded = _whole(column).dictionary_encode(null_encoding="encode")
    except NotImplementedError:
        return iter(column.to_pylist())
    distinct = _made(encoded.dictionary)
    # Arrow's own way into NumPy loads pandas, for a second, where that is installed.
    return map(distinct.__getitem__, np.from_dlpack(encoded.indices).tolist())


def _whole(column: "Array") -> "Array":
    """Return a column with its values in it, where it has them in a dictionary."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def _made(distinct: "Array") -> Sequence[object]:
    if getattr(distinct.type, "tz", None) is None:
        made: list[object] = distinct.to_pylist()
        return made
    # NumPy makes times ten times as fast; they are in UTC, and do not say so.
    ticks = np.from_dlpack(distinct.drop_null().cast("int64")).astype(f"datetime64[{distinct.type.unit}]")
    moments = [
        moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment
        for moment in ticks.astype("datetime64[us]").tolist()
    ]
    if distinct.null_count:
        moments.insert(distinct.is_valid().to_pylist().index(False), None)
    return moments


class _Figure(msgspec.Struct):
    figure: int | float


@lru_cache(maxsize=1 << 16)
def figure(text: str) -> object:
    """Return the number that stands there; what is none stays text, for its type to refuse.

    Prices and quantities are the same few texts again and again.
    """
    try:
        return codec.read_texts((("figure", text),), _Figure).figure
    except Refused:
        return text


@lru_cache(maxsize=64)
def _figures(table: Table, kind: object) -> tuple[str, ...] | None:
    """Return which columns hold numbers where all others are as they are written, else None."""
    types = {field.encode_name: shapes.plain(field.type) for field in shapes.fields(shapes.shape(kind))}
    if any(isinstance(types.get(name), (*UNLIKE_THEIR_TEXT, type(None))) for name in table.columns):
        return None
    return tuple(name for name in table.columns if isinstance(types[name], FIGURES))
