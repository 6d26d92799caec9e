"""Replay is exact: however records came in, the journal gives the same engine again, to the last value."""

import asyncio
import uuid
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.delivery import Delivery
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Action, Fact, Order, Query, Record, UserAction
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers
from punnet.tail import Tail
from tests.engine.test_engine import told
from tests.markets import Market, markets
from tests.state import state


async def of_memory(_folder: Path, _url: str) -> Journal:
    return MemoryJournal()


async def of_sqlite(folder: Path, _url: str) -> Journal:
    return await SqliteJournal.open(folder / "market.db")


async def of_postgres(_folder: Path, url: str) -> Journal:
    return await PostgresJournal.open(url, market=uuid.uuid4().hex)


def in_calls(records: Sequence[Record], random: Random) -> list[list[tuple[Fact, ...]]]:
    """Return the facts in calls of random length, some twice, an order now and then with its purchase."""
    calls: list[list[tuple[Fact, ...]]] = []
    for number, record in enumerate(records):
        fact = record.fact
        if not calls or random.randint(0, 3) == 0:
            calls.append([])
        if isinstance(fact, Order) and random.randint(0, 2) == 0:
            by = UserAction.COMPLETE_PURCHASE
            action = Action(event_id=f"p{number}", user_id=fact.user_id, action=by, entity_id=fact.id)
            calls[-1].append((fact, action))
        else:
            calls[-1].append((fact,))
        if random.randint(0, 9) == 0:
            calls[-1].append(random.choice(random.choice(calls) or [(fact,)]))
    return calls


async def submitted(journals: Sequence[Journal], of: Market, random: Random) -> list[Engine]:
    """Return the engines that pipelines made of the market, several callers at a time.

    With several journals, which are one, each has a pipeline, and now and then a shopper is erased.
    """
    engines = [Engine() for _ in journals]
    times = iter([record.at for record in of.records for _ in range(3)])
    pipelines = []
    for engine, journal in zip(engines, journals, strict=True):
        delivery = Delivery(engine, Hub(lambda: 0, Numbers("x", "y")), lambda: 0)
        pipelines.append(
            Pipeline(engine, journal, (delivery,), lambda: next(times), tail=Tail(seconds=0.001))
        )
        pipelines[-1].start()
    waiting: list[asyncio.Task[object]] = []
    for call in in_calls(of.records, random):
        waiting.append(asyncio.create_task(random.choice(pipelines).submit(call)))
        if random.randint(0, 1):
            await asyncio.gather(*waiting)
            waiting.clear()
        if len(pipelines) > 1 and of.users and random.randint(0, 9) == 0:
            waiting.append(asyncio.create_task(random.choice(pipelines).erase(random.choice(of.users))))
    await asyncio.gather(*waiting)
    for pipeline in pipelines:
        await pipeline.catch_up()
        await pipeline.stop()
    return engines


@pytest.mark.parametrize("make", [of_memory, of_sqlite, of_postgres])
@settings(max_examples=40)
@given(of=markets(), random=st.randoms(use_true_random=False))
def test_a_replay_gives_the_whole_state_again(lasting_url, make, of, random):
    async def run() -> None:
        with TemporaryDirectory() as folder:
            journal = await make(Path(folder), lasting_url)
            try:
                (live,) = await submitted([journal], of, random)
                records = [record async for batch in journal.read() for record in batch.records]
            finally:
                # An example may end wherever chance is asked.
                await journal.close()
        one_by_one, in_batches = Engine(), Engine()
        for record in records:
            one_by_one.apply([record])
        borders = sorted(random.randint(0, len(records)) for _ in range(4))
        for first, last in pairwise([0, *borders, len(records)]):
            in_batches.apply(records[first:last])
            if random.randint(0, 1):
                in_batches = snapshot.load(snapshot.dump(in_batches))
        assert state(live) == state(one_by_one) == state(in_batches)

    asyncio.run(run())


@settings(max_examples=25)
@given(of=markets(), seed=st.integers(0, 1 << 32))
def test_processes_that_share_a_journal_hold_the_same_market(lasting_url, of, seed):
    async def run() -> None:
        market = uuid.uuid4().hex
        journals = [await PostgresJournal.open(lasting_url, market=market) for _ in range(3)]
        try:
            engines = await submitted(journals, of, Random(seed))
            records = [record async for batch in journals[0].read() for record in batch.records]
        finally:
            for journal in journals:
                await journal.close()
        replayed = Engine()
        replayed.apply(records)
        questions = [Query(user_id=user_id, limit=20) for user_id in (*of.users, "nobody")]
        for engine in engines:
            assert told(engine, of, questions) == told(replayed, of, questions)

    asyncio.run(run())
