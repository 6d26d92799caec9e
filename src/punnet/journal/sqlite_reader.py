"""The reading side of a journal in a SQLite file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import BATCH, END, Batch, versions
from punnet.journal.rows import fact_of
from punnet.market import Fact, Record

T = TypeVar("T")

APPLICATION = int.from_bytes(b"Punt")
"""What SQLite's application_id is in a file of ours."""

VERSION = versions.latest("sqlite")
"""The schema written here. A file of an earlier one is brought up to it, a file of a later one left alone."""

READ = """
SELECT seq, at, kind, CAST(body AS BLOB) FROM journal WHERE +market = ? AND seq > ? AND seq <= ? ORDER BY seq
"""
"""Without the plus SQLite takes the index that begins with the market, and sorts the whole journal."""

WORN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""Errors that a connection may keep after their cause has gone."""


class SqliteReader:
    """Reads the records of one market in the SQLite file at `path`, whoever else writes them."""

    def __init__(self, path: Path, market: str = "main") -> None:
        """Raise BadSetting where there is no file or no market, BadFile where it is not of this version."""
        self._path = path
        self._market = market
        self._worn = False
        self._thread = ThreadPoolExecutor(1, "journal")
        self.identity, self.erasures = self._about()

    async def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        """Yield the records behind a position, oldest first, in batches."""
        with closing(await self._in_thread(lambda: connect(self._path, "ro", patience=1.0))) as database:
            rows = await self._in_thread(lambda: database.execute(READ, (self._market, after, until)))
            while batch := await self._in_thread(lambda: rows.fetchmany(BATCH)):
                yield Batch([self._record(*row) for row in batch], batch[-1][0])

    async def close(self) -> None:
        """Do nothing: a file is only held open while it is read."""

    def _about(self) -> tuple[str, int]:
        path = self._path
        try:
            with closing(connect(path, "ro", patience=1.0)) as database:
                if stamp(database) != (APPLICATION, VERSION):
                    raise BadFile(
                        f"{path} is no journal of this version of Punnet; start the server on it once"
                    )
                known = about(database, self._market)
        except sqlite3.Error as error:
            raise BadSetting(f"{path} cannot be read: {error}; name another file in DATABASE_URL") from error
        if known is None:
            raise BadSetting(f"{path} has no market {self._market}")
        return known

    async def _in_thread(self, work: Callable[[], T], *, beside: bool = False) -> T:
        """Return what `work` gives; JournalUnavailable where SQLite does not let it.

        `beside` is for long work with a connection of its own: nothing else waits for it.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(None if beside else self._thread, work)
        except sqlite3.DatabaseError as error:
            # The lowest byte is the kind of error; SQLite gives none where Python refuses.
            self._worn = self._worn or getattr(error, "sqlite_errorcode", 0) & 0xFF in WORN
            raise JournalUnavailable(f"{self._path} cannot be used: {error}") from error

    def _record(self, seq: int, at: float, kind: str, body: bytes) -> Record:
        return Record(at=at, fact=self._fact(seq, kind, body))

    def _fact(self, name: int | str, kind: str, body: bytes) -> Fact:
        try:
            return fact_of(kind, body)
        except ValueError as error:
            raise BadFile(f"record {name} of {self._path} cannot be read: {error}") from error


def connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    """Return a connection to the file at `path`; `patience` is how many seconds it waits for others."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
        # One thread works with it, another may close it.
        check_same_thread=False,
    )


def stamp(database: sqlite3.Connection) -> tuple[int, int]:
    """Return which program's file it is, and of which version."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return application, version


def about(database: sqlite3.Connection, market: str) -> tuple[str, int] | None:
    """Return the identity of a market in the file, and how often people were erased from it."""
    asked = database.execute("SELECT identity, erasures FROM market WHERE name = ?", (market,))
    known: tuple[str, int] | None = asked.fetchone()
    return known
