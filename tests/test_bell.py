"""The bell between processes, on a real Valkey."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress

import pytest
from redis import Redis
from redis.exceptions import RedisError

from punnet import bell as module
from punnet.bell import OVER, Bell
from punnet.errors import BadSetting
from tests.servers.valkey import Throwaway
from tests.waiting import until


@pytest.fixture
def mortal() -> Iterator[Throwaway]:
    """A Valkey to kill."""
    with closing(Throwaway()) as server:
        yield server


@pytest.fixture
def _again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a Valkey that is away tried again soon, so that it is tried often."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)


@asynccontextmanager
async def started(server: Throwaway, journal: str = "market") -> AsyncIterator[Bell]:
    bell = Bell(server.url, journal)
    bell.start()
    yield bell
    await bell.stop()


@asynccontextmanager
async def two(server: Throwaway) -> AsyncIterator[tuple[Bell, Bell]]:
    """Yield two bells of one journal that can be rung."""
    async with started(server) as one, started(server) as other:
        await until(lambda: listeners(server) == 2)
        yield one, other


def listeners(server: Throwaway, journal: str = "market") -> int:
    """Return how many listen to the bell of a journal."""
    with Redis(port=server.port) as asking, suppress(RedisError):
        return int(asking.pubsub_numsub(f"punnet:{journal}")[0][1])
    return 0


async def test_a_bell_rings_the_other_and_not_itself(valkey):
    async with two(valkey) as (one, other):
        one.ring(7)
        await until(other.rung.is_set)
        other.ring(7)
        await until(one.rung.is_set)
        assert (one.reached, other.reached) == (7, 7)
        # What it said itself would have come before this.
        one.ring(7)
        await until(lambda: other.heard == 2)
        assert one.heard == 1


async def test_bells_of_other_journals_are_not_heard(valkey):
    async with two(valkey) as (one, other), started(valkey, "elsewhere") as stranger:
        await until(lambda: listeners(valkey, "elsewhere") == 1)
        stranger.ring(7)
        one.ring(7)
        await until(lambda: other.heard > 0)
        other.ring(7)
        await until(lambda: one.heard > 0)
        assert (one.heard, other.heard, stranger.heard) == (1, 1, 0)


async def test_who_rings_often_at_once_is_heard_at_least_once(valkey):
    async with two(valkey) as (one, other):
        for _ in range(100):
            one.ring(7)
        await until(other.rung.is_set)


def told(messages: list[str]) -> Counter[str]:
    """Return how often each thing was said, without what came after a colon."""
    return Counter(message.partition(":")[0] for message in messages)


@pytest.mark.usefixtures("_again")
async def test_a_valkey_that_is_killed_is_told_once_and_once_it_is_back_it_rings_again(mortal, caplog):
    async with two(mortal) as (one, other):
        mortal.kill()
        for _ in range(5):
            one.ring(7)
            await until(lambda: not one._due.is_set())
        await until(lambda: len(caplog.messages) == 3)
        mortal.start()
        await until(lambda: listeners(mortal) == 2)
        # What was rung meanwhile is lost.
        assert not other.rung.is_set()
        one.ring(7)
        await until(other.rung.is_set)
        await until(lambda: len(caplog.messages) == 6)
    assert told(caplog.messages) == {"Redis cannot be heard": 2, "Redis cannot be told": 1, OVER: 3}


@pytest.mark.usefixtures("_again")
async def test_a_valkey_that_never_was_there_is_told_once_and_rings_when_it_comes(mortal, caplog):
    mortal.kill()
    async with started(mortal) as one, started(mortal) as other:
        await until(lambda: len(caplog.messages) == 2)
        mortal.start()
        await until(lambda: listeners(mortal) == 2)
        one.ring(7)
        await until(other.rung.is_set)
    assert told(caplog.messages) == {"Redis cannot be heard": 2, OVER: 2}


@pytest.mark.usefixtures("_again")
async def test_a_valkey_that_stands_still_is_noticed_though_nobody_rings(mortal, caplog, monkeypatch):
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    async with two(mortal) as (one, other):
        mortal.freeze()
        await until(lambda: len(caplog.messages) == 2)
        mortal.thaw()
        await until(lambda: len(caplog.messages) == 4)
        one.ring(7)
        await until(other.rung.is_set)
    assert told(caplog.messages) == {"Redis cannot be heard": 2, OVER: 2}


async def test_silence_is_no_trouble(valkey, caplog, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    async with two(valkey) as (one, other):
        for count in range(1, 4):
            # As long as that patience lasts, nobody says anything to the other.
            await asyncio.sleep(2 * module.PATIENCE)
            one.ring(7)
            await until(lambda: other.heard == count)  # noqa: B023 (it is asked at once)
    assert caplog.messages == []


async def test_a_bell_that_stops_leaves_no_connection(valkey):
    async with two(valkey):
        pass
    await until(lambda: listeners(valkey) == 0)


@pytest.mark.parametrize("url", ["redis://:secret@localhost:port", "redis://:secret@localhost:99999"])
def test_a_url_that_is_not_understood_is_told_without_its_password(url):
    with pytest.raises(BadSetting, match="REDIS_URL is not understood; write redis://") as refused:
        Bell(url, "market")
    assert "secret" not in str(refused.value)
