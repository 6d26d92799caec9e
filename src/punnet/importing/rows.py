"""Read the rows of a CSV, NDJSON or Parquet file."""

import csv
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from punnet.errors import BadFile, Refused
from punnet.importing.tables import Row, table_of, values
from punnet.protocol import codec

T = TypeVar("T")

LONGEST_CELL = 1 << 24
"""Characters of one cell of a CSV file."""

NO_COMMAS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What other programs put between the columns, and how that is called."""

ROWS = 10_000
"""Rows of a Parquet file that are held at once."""


class Loose(NamedTuple):
    """One row that names its own fields.

    `line` is where it stands, `read` how many bytes of the file came up to its end.
    """

    line: int
    read: int
    content: Mapping[str, object]

    def noun(self, kind: type[T]) -> T:
        """Return the row as a noun; raise Refused where it is none."""
        return codec.convert(self.content, kind)


class Spoilt(NamedTuple):
    """A row that could not be read, and why."""

    line: int
    read: int
    why: str


class Place(NamedTuple):
    """Where rows end: after so many lines, and so many bytes of the file."""

    line: int = 0
    read: int = 0


BEGINNING = Place()


def rows(path: Path, after: Place = BEGINNING) -> Iterator[Row | Loose | Spoilt]:
    """Yield the rows of the file behind a place, by the ending of its name.

    Raises BadFile where it is not what it claims.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadFile(f"its name ends in none of {', '.join(READERS)}; rename it to what it is")
    try:
        yield from reader(path, after)
    except OSError as error:
        raise BadFile(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile("it is not UTF-8; save it as UTF-8") from error


def _csv(path: Path, after: Place) -> Iterator[Row | Spoilt]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as binary:
        reader = csv.reader(map(bytes.decode, binary), strict=True)
        above = 0
        try:
            names = _names(next(reader, []))
            table = table_of(names, texts=True)
            if after.line:
                binary.seek(after.read)
                above = after.line - reader.line_num
            width = len(names)
            for cells in reader:
                if not any(cells):
                    continue
                line, read = above + reader.line_num, binary.tell()
                if len(cells) > width:
                    yield Spoilt(line, read, f"it has {len(cells)} cells under {width} columns.")
                    continue
                if len(cells) < width:
                    cells.extend([""] * (width - len(cells)))
                yield Row(line, read, cells, table)
        except csv.Error as error:
            raise BadFile(f"it is not CSV: {error} near line {above + reader.line_num}") from error


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns; raise BadFile where no commas stand between them."""
    names = tuple(name.removeprefix("\ufeff").strip() for name in cells)
    for between, called in NO_COMMAS.items():
        if len(names) == 1 and between in names[0]:
            raise BadFile(f"{called} stand between its columns; save it with commas")
    return names


def _ndjson(path: Path, after: Place) -> Iterator[Loose | Spoilt]:
    read = after.read
    with path.open("rb") as lines:
        lines.seek(read)
        for number, line in enumerate(lines, after.line + 1):
            read += len(line)
            if not line.strip():
                continue
            try:
                content = codec.loose(line)
            except Refused as error:
                why = error.message.replace("The body is", "it is", 1).replace(
                    " at line 1, column ", " at column "
                )
                yield Spoilt(number, read, why)
                continue
            if isinstance(content, dict):
                yield Loose(number, read, content)
            else:
                yield Spoilt(number, read, "it is not a JSON object.")


def _parquet(path: Path, after: Place) -> Iterator[Row]:
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise BadFile("Parquet needs one more package: pip install 'punnet[parquet]'") from None
    size = path.stat().st_size
    try:
        with parquet.ParquetFile(path) as file:
            count = max(file.metadata.num_rows, 1)
            table, above = table_of(tuple(file.schema_arrow.names)), 0
            for batch in file.iter_batches(ROWS):
                known = min(max(after.line - above, 0), batch.num_rows)
                for line, cells in enumerate(values(batch.slice(known)), above + known + 1):
                    yield Row(line, size * line // count, cells, table)
                above += batch.num_rows
    except arrow.ArrowException as error:
        raise BadFile(f"it is not Parquet: {str(error).rstrip('.')}") from error


READERS: dict[str, Callable[[Path, Place], Iterator[Row | Loose | Spoilt]]] = {
    ".csv": _csv,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
    ".parquet": _parquet,
}
