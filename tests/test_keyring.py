"""The keys that a process knows."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from punnet import keyring as module
from punnet.errors import JournalUnavailable
from punnet.keyring import OVER, Keyring
from punnet.keys import Role, new_key
from punnet.keystore import KeyStore
from punnet.keystore.memory import MemoryKeys
from punnet.keystore.sqlite import SqliteKeys
from tests.waiting import until

NOBODYS = "punnet_shop_" + "x" * 43


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the store looked into all the time."""
    monkeypatch.setattr(module, "BETWEEN_SECONDS", 0.01)
    monkeypatch.setattr(module, "SETTLED_SECONDS", 0.02)


@asynccontextmanager
async def started(keys: KeyStore) -> AsyncIterator[Keyring]:
    keyring = Keyring(keys)
    await keyring.load()
    keyring.start()
    yield keyring
    await keyring.stop()


async def added(keys: KeyStore, role: Role) -> tuple[str, str]:
    """Return a new key and its id."""
    shown, key = new_key(role, at=time.time())
    await keys.add(key)
    return shown, key.id


async def within(seconds: float, condition: Callable[[], bool]) -> float:
    """Wait for the condition and return how long it took, at most that many seconds."""
    before = time.monotonic()
    async with asyncio.timeout(seconds):
        await until(condition)
    return time.monotonic() - before


async def test_every_key_has_its_role_and_what_is_no_key_has_none(keys):
    made = {(await added(keys, role))[0]: role for role in Role}
    keyring = Keyring(keys)
    assert (keyring.count, [keyring.role_of(shown) for shown in made]) == (0, [None] * 3)
    await keyring.load()
    assert keyring.count == 3
    assert {shown: keyring.role_of(shown) for shown in made} == made
    for shown in (NOBODYS, "", "é", "x" * 100_000, next(iter(made)).swapcase(), f" {next(iter(made))}"):
        assert keyring.role_of(shown) is None


async def test_the_digest_of_a_key_is_no_key(keys):
    await added(keys, Role.ADMIN)
    keyring = Keyring(keys)
    await keyring.load()
    (digest,) = [key.digest for key in await keys.all()]
    assert keyring.role_of(digest) is None


async def test_a_key_that_was_just_made_is_known_about_a_second_after_it_was_first_shown(keys):
    async with started(keys) as keyring:
        shown, _ = await added(keys, Role.SHOP)
        assert keyring.role_of(shown) is None
        await within(2, lambda: keyring.count == 1)
        assert keyring.role_of(shown) is Role.SHOP


async def test_a_key_that_was_revoked_stops_working_within_5_seconds_though_nobody_asks(tmp_path):
    keys, elsewhere = [await SqliteKeys.open(tmp_path / "market.db") for _ in range(2)]
    shown, key_id = await added(keys, Role.SHOP)
    async with started(keys) as one, started(keys) as other:
        assert one.role_of(shown) is other.role_of(shown) is Role.SHOP
        await elsewhere.remove(key_id)
        await within(5, lambda: one.role_of(shown) is other.role_of(shown) is None)


async def test_however_many_unknown_keys_are_shown_the_store_is_looked_into_once_a_second(keys):
    looks: list[float] = []

    class Counted(MemoryKeys):
        async def all(self):
            looks.append(time.monotonic())
            return await super().all()

    async with started(Counted()) as keyring:
        while len(looks) < 4:
            assert keyring.role_of(NOBODYS) is None
            await asyncio.sleep(0.001)
    assert min(later - sooner for sooner, later in pairwise(looks)) > 0.99


async def test_what_no_key_looks_like_has_nobody_look(keys):
    async with started(keys) as keyring:
        await added(keys, Role.SHOP)
        for text in ("", "x", "punnet_boss_" + "x" * 43):
            assert keyring.role_of(text) is None
        with pytest.raises(TimeoutError):
            await within(1.5, lambda: keyring.count == 1)


@pytest.mark.usefixtures("_hasty")
async def test_while_the_store_is_away_known_keys_stay_and_it_is_told_once(tmp_path, caplog):
    path, aside = tmp_path / "market.db", tmp_path / "aside.db"
    keys = await SqliteKeys.open(path)
    shown, _ = await added(keys, Role.ADMIN)
    (digest,) = [key.digest for key in await keys.all()]
    caplog.set_level(logging.DEBUG)
    async with started(keys) as keyring:
        path.rename(aside)
        await until(lambda: bool(caplog.messages))
        keyring.role_of(NOBODYS)
        await asyncio.sleep(0.2)
        assert keyring.role_of(shown) is Role.ADMIN
        aside.rename(path)
        await until(lambda: OVER in caplog.messages)
        assert keyring.role_of(shown) is Role.ADMIN
        told = [record.getMessage() for record in caplog.records if record.name.startswith("punnet")]
        assert len(told) == 2
        assert told[0].startswith("The API keys cannot be read, those known before stay: ")
        assert not [secret for secret in (shown, digest, NOBODYS) if secret in caplog.text + repr(keyring)]


async def test_a_store_that_is_away_from_the_start_is_not_taken_for_an_empty_one(tmp_path):
    keys = await SqliteKeys.open(tmp_path / "market.db")
    (tmp_path / "market.db").unlink()
    with pytest.raises(JournalUnavailable):
        await Keyring(keys).load()


async def test_it_can_be_stopped_before_it_was_started(keys):
    await Keyring(keys).stop()
