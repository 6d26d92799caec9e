"""Keys in the PostgreSQL database of a journal."""

from punnet.errors import BadSetting, JournalUnavailable
from punnet.journal import versions
from punnet.journal.link import Link
from punnet.journal.postgres import PostgresJournal
from punnet.journal.postgres_reader import FORM, HERE, PATIENCE, SCHEMA
from punnet.keys import StoredKey
from punnet.keystore import stored, taken

ALL = "SELECT id, role, digest, note, created_at FROM api_key WHERE market = $1 ORDER BY created_at, id"
ADD = """
INSERT INTO api_key (market, id, role, digest, note, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (market, id) DO NOTHING RETURNING id
"""
REMOVE = "DELETE FROM api_key WHERE market = $1 AND id = $2 RETURNING id"


class PostgresKeys:
    """Keeps the keys of one market in a PostgreSQL database. Made by `open`."""

    def __init__(self, url: str, market: str, patience: float) -> None:
        self._market = market
        self._link = Link(url, patience)

    @classmethod
    async def open(cls, url: str, *, market: str = "main", patience: float = PATIENCE) -> "PostgresKeys":
        """Return the keys in the database at `url`, whose tables are made if nobody else has them.

        Raises BadSetting when the database cannot be had, BadFile when it is none that this version can read.
        """
        try:
            if await _version(url, patience) != versions.latest("postgres"):
                journal = await PostgresJournal.open(url, market=market, patience=patience)
                await journal.close()
        except JournalUnavailable as error:
            raise BadSetting(f"{error}; mend that, or name another database in DATABASE_URL") from error
        except (ValueError, OverflowError):
            raise BadSetting(f"DATABASE_URL is not understood; write {FORM}") from None
        return cls(url, market, patience)

    async def all(self) -> list[StoredKey]:
        """Return all keys, the oldest first."""
        async with self._link.use() as connection:
            rows = await connection.fetch(ALL, self._market)
        return [stored(*row) for row in rows]

    async def add(self, key: StoredKey) -> None:
        """Keep a key, durably."""
        row = self._market, key.id, key.role.value, key.digest, key.note, key.created_at
        async with self._link.use() as connection:
            added = await connection.fetchval(ADD, *row)
        if added is None:
            raise taken(key.id)

    async def remove(self, key_id: str) -> bool:
        """Keep a key no longer."""
        async with self._link.use() as connection:
            return await connection.fetchval(REMOVE, self._market, key_id) is not None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._link.close()


async def _version(url: str, patience: float) -> int:
    """Return the version of a journal's tables in the database, 0 where there are none."""
    link = Link(url, patience)
    try:
        async with link.use() as connection:
            here = await connection.fetchval(HERE)
            version: int = await connection.fetchval(SCHEMA) if here else 0
            return version
    finally:
        await link.close()
