"""Keys in the SQLite file of a journal, whoever holds that."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal.sqlite import SqliteJournal
from punnet.journal.sqlite_reader import APPLICATION, VERSION, connect, stamp
from punnet.keys import StoredKey
from punnet.keystore import stored, taken

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a look or a change waits for others that hold the file."""

ALL = "SELECT id, role, digest, note, created_at FROM api_key WHERE market = ? ORDER BY created_at, id"
ADD = """
INSERT OR IGNORE INTO api_key (market, id, role, digest, note, created_at) VALUES (?, ?, ?, ?, ?, ?)
"""
REMOVE = "DELETE FROM api_key WHERE market = ? AND id = ?"


class SqliteKeys:
    """Keeps the keys of one market in a SQLite file, also while a server holds its journal. Made by `open`.

    Each look and each change has a connection of its own, and is over soon.
    """

    def __init__(self, path: Path, market: str, patience: float) -> None:
        self._path = path
        self._market = market
        self._patience = patience

    @classmethod
    async def open(cls, path: Path, *, market: str = "main", patience: float = PATIENCE) -> "SqliteKeys":
        """Return the keys in the file at `path`, made or brought up to date if nobody holds it.

        Raises BadSetting when the file cannot be had, BadFile when it is none that this version can read.
        """
        try:
            version = await asyncio.to_thread(_version, path, patience)
        except sqlite3.Error as error:
            raise BadSetting(f"{path} cannot be used: {error}; name another file in DATABASE_URL") from error
        if version != VERSION:
            await _bring_up_to_date(path, market, version)
        return cls(path, market, patience)

    async def all(self) -> list[StoredKey]:
        """Return all keys, the oldest first."""
        rows = await self._use("ro", lambda database: database.execute(ALL, (self._market,)).fetchall())
        return [stored(*row) for row in rows]

    async def add(self, key: StoredKey) -> None:
        """Keep a key, on the disk."""
        row = self._market, key.id, key.role.value, key.digest, key.note, key.created_at
        if not await self._use("rw", lambda database: database.execute(ADD, row).rowcount):
            raise taken(key.id)

    async def remove(self, key_id: str) -> bool:
        """Keep a key no longer."""
        row = self._market, key_id
        return await self._use("rw", lambda database: database.execute(REMOVE, row).rowcount) > 0

    async def close(self) -> None:
        """Do nothing: the file is only held open while it is used."""

    async def _use(self, mode: str, work: Callable[[sqlite3.Connection], T]) -> T:
        def use() -> T:
            with closing(connect(self._path, mode, self._patience)) as database:
                return work(database)

        try:
            return await asyncio.to_thread(use)
        except sqlite3.Error as error:
            raise JournalUnavailable(f"{self._path} cannot be used: {error}") from error


def _version(path: Path, patience: float) -> int:
    """Return the version of a journal's tables in the file, 0 where there are none."""
    if not path.exists():
        return 0
    with closing(connect(path, "ro", patience)) as database:
        application, version = stamp(database)
    return version if application == APPLICATION else 0


async def _bring_up_to_date(path: Path, market: str, version: int) -> None:
    """Make the tables as a server would; BadSetting where one of another version has the file."""
    if version > VERSION:
        raise BadFile(f"{path} was written by a newer Punnet (schema {version}); install that one to open it")
    try:
        journal = await SqliteJournal.open(path, market=market)
    except BadSetting as error:
        if not version:
            raise
        raise BadSetting(
            f"{path} has no place for keys yet; start the server once on this version"
        ) from error
    await journal.close()
