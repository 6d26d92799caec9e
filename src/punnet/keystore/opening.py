"""Which store of keys a market has."""

from pathlib import Path

from punnet.keystore import KeyStore
from punnet.keystore.memory import MemoryKeys
from punnet.keystore.postgres import PostgresKeys
from punnet.keystore.sqlite import SqliteKeys


async def open_keys(place: Path | str | None, *, market: str = "main") -> KeyStore:
    """Return the keys beside a journal in a file, in a PostgreSQL database (by its URL), or in memory (None).

    Raises BadSetting and BadFile as that journal does.
    """
    if place is None:
        return MemoryKeys()
    if isinstance(place, Path):
        return await SqliteKeys.open(place, market=market)
    return await PostgresKeys.open(place, market=market)
