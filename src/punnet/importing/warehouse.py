"""Read the rows of a table that Ibis reaches: in DuckDB, PostgreSQL, BigQuery, Snowflake and others."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from punnet.errors import BadFile, PunnetError
from punnet.importing.baskets import BasketLine
from punnet.importing.tables import Row, table_of, values
from punnet.importing.units import kind_of_table

if TYPE_CHECKING:
    from pyarrow import RecordBatch

ROWS = 10_000
"""Rows that are held at once."""

AROUND = re.compile(r"[:/@?&=#]")
"""What stands between the parts of a URL."""

SHORTEST_SECRET = 4
"""Characters of a part that is not said: less of it occurs in any sentence."""


class Warehouse(NamedTuple):
    """A table behind a URL."""

    url: str
    table: str

    @classmethod
    def of(cls, text: str) -> "Warehouse":
        """Return the one that `URL#TABLE` names; without a table where it names none."""
        url, _, table = text.rpartition("#")
        # A password may hold a # as well.
        return cls(text, "") if not url or AROUND.search(table) else cls(url, table)

    @property
    def name(self) -> str:
        """How a person is told of it: without name and password, and without what follows a `?`."""
        scheme, _, rest = self.url.partition("://")
        shown = "…" if self.is_unclear else rest.partition("?")[0].rpartition("@")[2]
        return f"{scheme}://{shown}#{self.table}"

    @property
    def is_unclear(self) -> bool:
        """Whether what stands behind a `?` may be part of a password."""
        return "@" in self.url.partition("?")[2]


@contextmanager
def opened(warehouse: Warehouse) -> Iterator["Reading"]:
    """Connect, and yield what reads; raise BadFile where nothing can be had, or nothing of a market."""
    reading = Reading(warehouse)
    try:
        reading.find()
        yield reading
    finally:
        reading.close()


class Reading:
    """Reads one table, `length` rows long, as it happened; raises BadFile where it cannot."""

    def __init__(self, warehouse: Warehouse) -> None:
        if not warehouse.table:
            raise BadFile("it names no table; write URL#TABLE, such as duckdb://history.ddb#orders")
        if warehouse.is_unclear:
            raise BadFile("its URL can be read in two ways; write %3F for a ? in a password, %40 for an @")
        try:
            ibis = importlib.import_module("ibis")
            importlib.import_module("pyarrow")
        except ImportError:
            raise BadFile("a database needs more packages: pip install 'punnet[ibis]'") from None
        self._warehouse = warehouse
        # A file of DuckDB that is not there would be made, and one that others read would be locked.
        is_file = warehouse.url.startswith("duckdb://") and len(warehouse.url) > len("duckdb://")
        with _in_words(warehouse):
            self._connection = ibis.connect(warehouse.url, **({"read_only": True} if is_file else {}))

    def find(self) -> None:
        """Look for the table, and count its rows."""
        *place, name = self._warehouse.table.split(".")
        database = place[0] if len(place) == 1 else tuple(place) or None
        with _in_words(self._warehouse):
            self._found = self._connection.table(name, database=database)
            self._columns = tuple(self._found.columns)
            self._kind = kind_of_table(self._columns)
            self.length = int(self._found.count().to_pyarrow().as_py())

    def rows(self) -> Iterator[Row]:
        """Yield the rows; `read` of each is how many came up to it."""
        table, above = table_of(self._columns), 0
        with _in_words(self._warehouse):
            for batch in self._batches():
                for line, cells in enumerate(values(batch), above + 1):
                    yield Row(line, line, cells, table)
                above += batch.num_rows

    def close(self) -> None:
        """Disconnect."""
        with suppress(Exception):
            self._connection.disconnect()

    def _batches(self) -> "Iterator[RecordBatch]":
        readable = self._found.mutate({name: self._readable(name) for name in self._columns})
        keys = self._order()
        listing = readable.order_by(keys) if keys else readable
        if self._connection.name == "duckdb":
            # Ibis 12 asks for what DuckDB 2 has no more.
            relation = self._connection.con.sql(self._connection.compile(listing))
            if hasattr(relation, "to_arrow_reader"):
                return iter(relation.to_arrow_reader(ROWS))
        return iter(listing.to_pyarrow_batches(chunk_size=ROWS))

    def _readable(self, name: str) -> object:
        """Return a column with such values as a file would have."""
        column = self._found[name]
        kind = column.type()
        if kind.is_uuid() or kind.is_json():
            return column.cast("string")
        return column.cast("float64") if kind.is_decimal() else column

    def _order(self) -> list[object]:
        """Return what rows are put in order by: the lines of an order together, and alike each time."""
        if self._kind is BasketLine and {"id", "placedAt"} <= set(self._columns):
            began = self._found["placedAt"].min().over(group_by="id")
            return [began, "id", *(name for name in self._columns if name != "id")]
        return [name for name in ("placedAt", "timestamp", "id", "eventId") if name in self._columns]


@contextmanager
def _in_words(warehouse: Warehouse) -> Iterator[None]:
    """Raise BadFile in place of whatever a database says, with nothing of it that is secret."""
    try:
        yield
    except PunnetError:
        raise
    except Exception as error:  # noqa: BLE001 (each database raises others)
        raise BadFile(_scrubbed(_why(error, warehouse), warehouse.url)) from None


def _why(error: Exception, warehouse: Warehouse) -> str:
    """Return what a person is told of an error, and what mends it where that is known."""
    scheme = warehouse.url.partition("://")[0]
    if isinstance(error, ImportError):
        return f"{scheme}:// needs its part of Ibis: pip install 'ibis-framework[{scheme}]'"
    if type(error).__name__ == "TableNotFound":
        return f"there is no table {warehouse.table}"
    if str(error).startswith("Don't know how to connect"):
        return f"Ibis does not know how to connect to {scheme}://"
    return f"it cannot be read: {_first(error)}"


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__


def _scrubbed(said: str, url: str) -> str:
    """Return what was said without anything of the URL that may be secret."""
    said = said.replace(url, "***")
    pieces = {piece for part in AROUND.split(url.partition("://")[2]) for piece in (part, unquote(part))}
    shown = set(AROUND.split(Warehouse(url, "").name))
    for piece in sorted(pieces - shown, key=len, reverse=True):
        if len(piece) >= SHORTEST_SECRET:
            said = said.replace(piece, "***")
    return said
