"""The reading side of a journal in a PostgreSQL database."""

from collections.abc import AsyncIterator

import asyncpg

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import BATCH, END, Batch, versions
from punnet.journal.link import Link, place
from punnet.journal.rows import fact_of
from punnet.market import Fact, Record

PATIENCE = 10.0
"""Seconds after which a server that does not answer counts as lost."""

FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @, %2F for a / and %23 for a #"

HERE = "SELECT to_regclass('punnet_schema')"
SCHEMA = "SELECT version FROM punnet_schema"
ABOUT = "SELECT identity, erasures, last FROM market WHERE name = $1"
READ = """
SELECT seq, at, kind, body FROM journal WHERE market = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
"""


class PostgresReader:
    """Reads the records of one market in a PostgreSQL database, whoever else writes them. Made by `open`."""

    def __init__(self, url: str, market: str, patience: float) -> None:
        self._url = url
        self._place = place(url)
        self._market = market
        self._patience = patience
        self._reader = Link(url, patience)
        self.identity = ""
        self.erasures = 0

    @classmethod
    async def open(cls, url: str, *, market: str = "main", patience: float = PATIENCE) -> "PostgresReader":
        """Return the journal in the database at `url`, for reading alone.

        Raises BadSetting when it cannot be had, BadFile when it is no journal of this very version.
        """
        reader = cls(url, market, patience)
        try:
            await reader._introduce()
        except JournalUnavailable as error:
            raise BadSetting(f"{error}; mend that, or name another database in DATABASE_URL") from error
        except (ValueError, OverflowError):
            raise BadSetting(f"DATABASE_URL is not understood; write {FORM}") from None
        return reader

    async def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        """Yield the records behind a position, oldest first, in batches."""
        while rows := await self._read(after, until):
            after = rows[-1]["seq"]
            yield Batch([self._record(row) for row in rows], after)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._reader.close()

    async def _introduce(self) -> None:
        async with self._reader.use() as connection:
            here = await connection.fetchval(HERE)
            version = await connection.fetchval(SCHEMA) if here else 0
            if version != versions.latest("postgres"):
                raise BadFile(f"{self._place} is no journal of this version; start the server on it once")
            known = await connection.fetchrow(ABOUT, self._market)
            if known is None:
                raise BadSetting(f"{self._place} has no market {self._market}")
        self.identity, self.erasures, _ = known

    async def _read(self, after: int, until: int) -> list[asyncpg.Record]:
        async with self._reader.use() as connection:
            return await connection.fetch(READ, self._market, after, until, BATCH)

    def _record(self, row: asyncpg.Record) -> Record:
        return Record(at=row["at"], fact=self._fact(row["seq"], row))

    def _fact(self, name: int | str, row: asyncpg.Record) -> Fact:
        try:
            return fact_of(row["kind"], row["body"])
        except ValueError as error:
            raise BadFile(f"record {name} of {self._place} cannot be read: {error}") from error
