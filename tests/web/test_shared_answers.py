"""Answers that another process made: found where they are still right, and never in the way."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import pytest
from redis.asyncio import Redis

from punnet.engine.effects import Effects
from punnet.web.answers import Kept, Question
from punnet.web.shared_answers import BEHAVIOUR, LARGEST, SIMILARITY, SLOTS, SharedAnswers
from tests.servers.valkey import Throwaway
from tests.waiting import until

NOW = 1_000_000.0
LATER = NOW + 1e9
ANN = Question("ann", b"limit=3", b"ann")
BESIDE = Question(b"productId=kale", b"productId=kale", b"x")
ANYBODY = Question(b"limit=3", b"limit=3", b"x")


def kept(data: bytes = b'{"list":1}') -> Kept:
    return Kept(data, 4, 1, NOW, NOW + 60)


class Process:
    """One process with its answers, at a position of the journal that a test sets."""

    def __init__(self, url: str, journal: str) -> None:
        self.position = 10
        self.redis = Redis.from_url(url)
        self.shared = SharedAnswers(self.redis, journal, lambda: self.position, 3_600)

    async def keep(self, question: Question, steady: float = LATER, made: Kept | None = None) -> None:
        """Keep an answer, and return when it is written."""
        before = await self.redis.dbsize()
        self.shared.keep(question, made or kept(), steady)
        await until(self.shared._writes.empty)
        for _ in range(1_000):
            if await self.redis.dbsize() > before:
                return

    async def finds(self, question: Question, now: float = NOW) -> bool:
        found = await self.shared.find(question, now)
        return found is not None


@asynccontextmanager
async def process(url: str, journal: str = "j", **known: int) -> AsyncIterator[Process]:
    made = Process(url, journal)
    for name, value in known.items():
        setattr(made, name, value)
    made.shared.start()
    yield made
    await made.shared.stop()


@pytest.fixture
def mortal() -> Iterator[Throwaway]:
    """A Valkey to kill."""
    with closing(Throwaway()) as server:
        yield server


@pytest.fixture
async def url(valkey) -> str:
    async with Redis.from_url(valkey.url) as redis:
        await redis.flushall()
    return valkey.url


async def test_what_one_made_another_finds_and_nobody_of_another_journal(url):
    async with process(url) as one, process(url) as two, process(url, "other") as other:
        await one.keep(ANN)
        found = await two.shared.find(ANN, NOW + 61)
        assert found is not None
        assert (found.data, found.end, found.count, found.at) == (kept().data, 4, 1, NOW)
        assert two.shared.hits == 1
        assert not await other.finds(ANN)
        assert not await two.finds(Question("bob", b"limit=3", b"bob"))
        assert not await two.finds(Question(b"limit=3", b"limit=3", b"ann"))


@pytest.mark.parametrize(
    ("question", "seconds"), [(ANN, BEHAVIOUR), (BESIDE, SIMILARITY), (ANYBODY, 3_600.0)]
)
async def test_each_kind_has_its_time_and_none_outlives_a_change_of_the_calendar(url, question, seconds):
    async with process(url) as one:
        await one.keep(question)
        assert await one.finds(question, NOW + seconds - 1)
        assert not await one.finds(question, NOW + seconds)
        (key,) = await one.redis.keys()
        assert 0 < await one.redis.pttl(key) <= seconds * 1e3
        await one.redis.flushall()
        await one.keep(question, steady=NOW + 5)
        assert await one.finds(question, NOW + 4)
        assert not await one.finds(question, NOW + 5)


async def test_what_the_shopper_did_or_the_catalogue_became_since_is_not_left_out(url):
    async with process(url) as one, process(url, position=9) as two:
        await one.keep(ANN)
        await one.keep(ANYBODY)
        assert await two.finds(ANN)
        two.position = 11
        two.shared.take(Effects(shoppers=["ann"]))
        assert not await two.finds(ANN)
        assert await two.finds(ANYBODY)
        two.position = 12
        for changed in (Effects(products=["kale"]), Effects(farms=["hill"])):
            two.shared._changed = 0
            assert await two.finds(ANYBODY)
            two.shared.take(changed)
            assert not await two.finds(ANYBODY)
        one.position = 12
        one.shared.take(Effects(shoppers=["ann"]))
        await one.redis.flushall()
        await one.keep(ANN)
        assert await two.finds(ANN)


async def test_who_began_later_takes_nothing_from_before(url):
    async with process(url) as one:
        await one.keep(ANN)
        async with process(url, position=11) as later:
            assert not await later.finds(ANN)


async def test_of_shoppers_beyond_those_it_remembers_it_takes_the_latest(url, monkeypatch):
    monkeypatch.setattr("punnet.web.shared_answers.SHOPPERS", 1)
    async with process(url) as one, process(url, position=9) as two:
        await one.keep(ANN)
        two.position = 11
        two.shared.take(Effects(shoppers=["bob"]))
        assert await two.finds(ANN)
        two.position = 12
        two.shared.take(Effects(shoppers=["cem"]))
        assert not await two.finds(ANN)


async def test_it_has_an_end_and_nothing_stays_of_who_is_erased(url):
    async with process(url) as one:
        for number in range(300):
            one.shared.keep(Question(f"shopper-{number}", b"limit=3", b"x"), kept(), LATER)
            await until(lambda: not one.shared._writes.full())
        one.shared.keep(ANN, kept(b"x" * LARGEST), LATER)
        await until(one.shared._writes.empty)
        keys = await one.redis.keys()
        assert len(keys) <= min(300, SLOTS)
        assert not await one.finds(ANN)
        one.shared.keep(ANN, kept(), LATER)
        one.shared.forget("ann")
        assert one.shared._dropping is not None
        await one.shared._dropping
        assert await one.redis.keys() == []
        assert not await one.finds(ANN)


async def test_what_was_made_before_an_erasure_is_not_found_where_it_was_not_removed(url):
    async with process(url) as one:
        await one.keep(ANYBODY)
        one.position = 11
        assert await one.finds(ANYBODY)
        one.shared.take(Effects(erasures=1))
        assert not await one.finds(ANYBODY)


async def test_what_another_version_wrote_is_not_read(url):
    async with process(url) as one:
        await one.redis.set(one.shared._slot(ANN), b"\xc1 what is this")
        assert not await one.finds(ANN)


async def test_a_redis_that_is_away_is_told_once_and_asked_again_later(mortal, caplog):
    async with process(mortal.url) as one:
        await one.keep(ANN)
        mortal.kill()
        for _ in range(3):
            assert not await one.finds(ANN)
        one.shared._away_until = 0.0
        one.shared.keep(ANN, kept(), LATER)
        await until(one.shared._writes.empty)
        one.shared.forget("ann")
        mortal.start()
        one.shared._away_until = 0.0

        async def again() -> bool:
            one.shared._away_until = 0.0
            one.shared.keep(ANN, kept(), LATER)
            await until(one.shared._writes.empty)
            return await one.finds(ANN)

        for _ in range(200):
            with contextlib.suppress(ConnectionError):
                if await again():
                    break
        else:
            pytest.fail("it is not used again")
    told = [record.message for record in caplog.records]
    assert any(sentence.startswith("Redis holds no answers: ") for sentence in told)
    assert "Redis holds answers again" in told
