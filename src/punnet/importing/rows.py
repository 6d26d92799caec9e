"""Read the rows of a CSV, NDJSON or Parquet file."""

import csv
import importlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

from punnet.errors import BadFile, Refused
from punnet.protocol import codec

T = TypeVar("T")

LONGEST_CELL = 1 << 24
"""Characters of one cell of a CSV file."""

ROWS = 10_000
"""Rows of a Parquet file that are held at once."""


class Row(NamedTuple):
    """One row, by the names of its fields; what is blank is left out.

    `line` is where it stands, `read` how many bytes of the file came up to its end. In a table `columns` are
    the names that all of its rows share; in CSV all values are `texts`.
    """

    line: int
    read: int
    content: Mapping[str, object]
    columns: tuple[str, ...] = ()
    texts: bool = False

    def noun(self, kind: type[T]) -> T:
        """Return the row as a noun; raise Refused where it is none."""
        if self.texts:
            return codec.read_texts(((name, str(text)) for name, text in self.content.items()), kind)
        return codec.convert(dict(self.content), kind)


class Spoilt(NamedTuple):
    """A row that could not be read, and why."""

    line: int
    read: int
    why: str


def rows(path: Path) -> Iterator[Row | Spoilt]:
    """Yield the rows of the file, by the ending of its name; raise BadFile where it is not what it claims."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadFile(f"its name ends in none of {', '.join(READERS)}; rename it to what it is")
    try:
        yield from reader(path)
    except OSError as error:
        raise BadFile(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile("it is not UTF-8; save it as UTF-8") from error


def _csv(path: Path) -> Iterator[Row | Spoilt]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as binary:
        lines = (line.decode() for line in binary)
        reader = csv.reader(lines, strict=True)
        try:
            names = tuple(name.removeprefix("\ufeff").strip() for name in next(reader, []))
            if len(set(names)) < len(names):
                raise BadFile("two columns have one name; give each its own")
            for cells in reader:
                if not any(cells):
                    continue
                if len(cells) > len(names):
                    why = f"it has {len(cells)} cells under {len(names)} columns."
                    yield Spoilt(reader.line_num, binary.tell(), why)
                    continue
                content = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
                yield Row(reader.line_num, binary.tell(), content, names, texts=True)
        except csv.Error as error:
            raise BadFile(f"it is not CSV: {error} near line {reader.line_num}") from error


def _ndjson(path: Path) -> Iterator[Row | Spoilt]:
    read = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            read += len(line)
            if not line.strip():
                continue
            try:
                content = codec.loose(line)
            except Refused as error:
                yield Spoilt(number, read, error.message)
                continue
            if isinstance(content, dict):
                yield Row(number, read, content)
            else:
                yield Spoilt(number, read, "it is not a JSON object.")


def _parquet(path: Path) -> Iterator[Row]:
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise BadFile("Parquet needs one more package: pip install 'punnet[parquet]'") from None
    size = path.stat().st_size
    try:
        with parquet.ParquetFile(path) as file:
            count = max(file.metadata.num_rows, 1)
            names = tuple(file.schema_arrow.names)
            values = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(ROWS))
            for line, named in enumerate(values, 1):
                content = {name: value for name, value in named.items() if value is not None}
                yield Row(line, size * line // count, content, names)
    except arrow.ArrowException as error:
        raise BadFile(f"it is not Parquet: {error}") from error


READERS: dict[str, Callable[[Path], Iterator[Row | Spoilt]]] = {
    ".csv": _csv,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
    ".parquet": _parquet,
}
