"""What a server is built on, opened where its settings say."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from punnet.journal import Journal, Reader
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.postgres_reader import PostgresReader
from punnet.journal.sqlite import SqliteJournal
from punnet.journal.sqlite_reader import SqliteReader
from punnet.keyring import Keyring
from punnet.keystore import KeyStore
from punnet.keystore.opening import open_keys
from punnet.settings import MEMORY, OFF, TOKEN, Settings
from punnet.snapshots import Snapshots
from punnet.web.addresses import Addresses
from punnet.web.doors import Doors
from punnet.web.keys import AdminKey
from punnet.web.rate_limits import RateLimit, RateLimits, SharedCount
from punnet.web.tokens import Tokens


async def open_journal(settings: Settings) -> Journal:
    """Return the journal; BadSetting or BadFile with a sentence where it cannot be had."""
    if settings.database_url == MEMORY:
        return MemoryJournal()
    if settings.database is None:
        return await PostgresJournal.open(settings.database_url)
    return await SqliteJournal.open(settings.database)


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[Reader]:
    """Hold the journal open for reading alone."""
    reader: Reader
    if settings.database is None:
        reader = await PostgresReader.open(settings.database_url)
    else:
        reader = SqliteReader(settings.database)
    try:
        yield reader
    finally:
        await reader.close()


def snapshots_of(settings: Settings) -> Snapshots | None:
    """Return the snapshots of the journal, None where there are none."""
    return None if settings.snapshot is None else Snapshots(settings.snapshot)


async def open_keystore(settings: Settings) -> KeyStore:
    """Return the keys of the market, beside its journal."""
    place: Path | str | None = settings.database or settings.database_url
    return await open_keys(None if place == MEMORY else place)


async def open_doors(settings: Settings, clock: Callable[[], float], market: str) -> Doors:
    """Return what tells who calls, with the keys as they are now; `market` is the identity of its journal."""
    admin_key = AdminKey(settings.admin_secret_key)
    rates, addresses = _rates(settings, clock, market), Addresses(settings.proxies)
    most = settings.connections_per_address
    if settings.auth_mode != TOKEN:
        return Doors(admin_key, clock, rates=rates, addresses=addresses, connections=most)
    keys = await open_keystore(settings)
    keyring = Keyring(keys)
    tokens = Tokens(
        secret=settings.jwt_secret,
        keys_url=settings.jwks_url,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        leeway=settings.jwt_leeway,
    )
    await keyring.load()
    return Doors(admin_key, clock, keyring, tokens, keys, rates, addresses, most)


def _rates(settings: Settings, clock: Callable[[], float], market: str) -> RateLimits:
    """Return how often callers may call, which all processes of a market count together where Redis is."""
    shared = SharedCount(settings.redis_url, market) if settings.redis_url else None
    by_address, by_user = (
        None if written == OFF else RateLimit(setting, written, clock, shared)
        for setting, written in (
            ("RATE_LIMIT_ADDRESS", settings.rate_limit_address),
            ("RATE_LIMIT_USER", settings.rate_limit_user),
        )
    )
    return RateLimits(by_address, by_user, shared)
