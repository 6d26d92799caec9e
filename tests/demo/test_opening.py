"""The demo market, opened on a journal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from punnet.delivery import Delivery
from punnet.demo import market as demo
from punnet.demo.opening import open_market
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Query
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers

TODAY = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> demo.DemoMarket:
    whole = demo.load()
    baskets = whole.baskets[:6_000]
    return structs.replace(whole, about=structs.replace(whole.about, baskets=len(baskets)), baskets=baskets)


@asynccontextmanager
async def kept_in(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path)
    yield journal
    await journal.close()


async def opened(market: demo.DemoMarket, journal: Journal, today: datetime) -> tuple[Engine, int]:
    engine = Engine()
    delivery = Delivery(engine, Hub(today.timestamp, Numbers("x", "y")), today.timestamp)
    pipeline = Pipeline(engine, journal, (delivery,), today.timestamp)
    await pipeline.replay()
    pipeline.start()
    new = await open_market(market, engine, pipeline, today)
    await pipeline.stop()
    return engine, new


async def test_an_empty_journal_gets_the_whole_market_and_the_next_time_nothing(market, tmp_path: Path):
    async with kept_in(tmp_path / "demo.db") as journal:
        engine, new = await opened(market, journal, TODAY)
        assert new == engine.order_count == len(market.baskets)
        assert len(engine.catalogue.listed()) == len(market.goods)
        again, new = await opened(market, journal, TODAY + timedelta(days=3))
        assert new == 0
        query = Query(user_id=demo.shopper_id(1))
        assert again.answer(query, TODAY.timestamp()) == engine.answer(query, TODAY.timestamp())


async def test_an_opening_that_was_cut_short_is_made_up_for(market, tmp_path: Path):
    first = structs.replace(market, baskets=market.baskets[:2_000])
    async with kept_in(tmp_path / "demo.db") as journal:
        assert (await opened(first, journal, TODAY))[1] == 2_000
        engine, new = await opened(market, journal, TODAY + timedelta(days=1))
        assert new == 4_000
        assert engine.order_count == len(market.baskets)
