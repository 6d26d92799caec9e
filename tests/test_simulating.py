"""Shoppers against a running server."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from punnet.client import AsyncPunnet, ProductPatch, Refused, Unreachable
from punnet.keyring import Keyring
from punnet.keystore.memory import MemoryKeys
from punnet.market import Action, Order, UserAction
from punnet.simulating import NothingToBuy, Simulation
from punnet.web.doors import Doors
from punnet.web.keys import AdminKey
from punnet.web.tokens import Tokens
from tests.waiting import until
from tests.web.stall import Stall, opened, served


@asynccontextmanager
async def market(
    shoppers: int = 5, seed: int = 1, doors: Doors | None = None
) -> AsyncIterator[tuple[Simulation, Stall, AsyncPunnet]]:
    async with (
        opened(ticking=True, capacity=10_000, doors=doors) as stall,
        served(stall.app) as address,
        AsyncPunnet(f"http://{address}", tries=1) as punnet,
    ):
        yield Simulation(punnet, shoppers=shoppers, rate=2_000, seed=seed), stall, punnet


async def shop(simulation: Simulation, actions: int) -> float:
    await simulation.open()
    return await simulation.run(asyncio.Event(), seconds=None, actions=actions)


async def facts(stall: Stall) -> list[Action | Order]:
    records = [record async for batch in stall.journal.read() for record in batch.records]
    return [record.fact for record in records if getattr(record.fact, "user_id", "").startswith("simulated")]


async def test_what_they_did_is_in_the_market():
    async with market() as (simulation, stall, _):
        assert await shop(simulation, 600) > 0
        done, kept = simulation.diary, await facts(stall)
        actions = [fact for fact in kept if isinstance(fact, Action)]
        orders = [fact for fact in kept if isinstance(fact, Order)]
        assert Counter(action.action for action in actions) == done.actions
        assert done.actions.total() == 600
        assert len(orders) == done.orders == done.actions[UserAction.COMPLETE_PURCHASE] > 0
        turnover = sum(line.quantity * line.unit_price for order in orders for line in order.lines)
        assert done.turnover == pytest.approx(turnover)
        assert not done.refused
        assert {fact.user_id for fact in kept} == {f"simulated-000{number}" for number in range(1, 6)}


async def test_they_do_what_people_do():
    async with market() as (simulation, stall, punnet):
        await shop(simulation, 600)
        counts = simulation.diary.actions
        assert counts[UserAction.VIEW_PRODUCT] > counts[UserAction.ADD_TO_CART] > 0
        assert counts[UserAction.ADD_TO_CART] > counts[UserAction.COMPLETE_PURCHASE]
        assert counts[UserAction.VIEW_RECOMMENDATIONS] > counts[UserAction.CLICK_RECOMMENDATION] > 0
        assert min(counts[UserAction.SEARCH], counts[UserAction.ADD_TO_WISHLIST]) > 0
        counted = (await punnet.statistics()).recommendations
        assert counted.impressions > counted.clicks > 0
        for order in await facts(stall):
            if isinstance(order, Order):
                assert all(line.quantity >= 1 for line in order.lines)


async def test_how_long_every_answer_took_is_noted():
    async with market() as (simulation, _, _):
        await shop(simulation, 200)
        times, done = simulation.diary.times, simulation.diary
        shown = done.actions[UserAction.VIEW_PRODUCT] + done.actions[UserAction.SEARCH]
        assert len(times["actions with suggestions"]) == shown
        assert len(times["actions"]) == 200 - shown
        assert len(times["orders"]) == done.orders
        assert all(time > 0 for each in times.values() for time in each)


async def test_the_same_seed_gives_the_same_shoppers():
    walks = []
    for seed in (1, 1, 2):
        async with market(shoppers=1, seed=seed) as (simulation, stall, _):
            await shop(simulation, 80)
            acted = [fact for fact in await facts(stall) if isinstance(fact, Action)]
            walks.append([(fact.action, fact.entity_id, str(fact.metadata)) for fact in acted])
    bought = [[step for step in walk if step[0] is not UserAction.COMPLETE_PURCHASE] for walk in walks]
    assert bought[0] == bought[1] != bought[2]


async def test_a_market_in_which_nothing_can_be_bought_is_said_to_be_one():
    async with market() as (simulation, _, punnet):
        await punnet.patch_product("tomatoes", ProductPatch(available=False))
        await punnet.patch_product("basil", ProductPatch(stock=0))
        assert await simulation.open() == 1
        await punnet.delete_product("honey")
        with pytest.raises(NothingToBuy, match="no product that can be bought"):
            await simulation.open()


async def test_who_finds_a_product_gone_goes_on_elsewhere():
    async with market() as (simulation, _, punnet):
        await simulation.open()
        await punnet.delete_product("honey")
        await simulation.run(asyncio.Event(), seconds=None, actions=300)
        assert simulation.diary.refused["UNKNOWN_ID"] > 0
        assert simulation.diary.orders > 0


async def test_it_ends_after_its_time_or_when_it_is_told_to():
    async with market() as (simulation, _, _):
        await simulation.open()
        await simulation.run(asyncio.Event(), seconds=0.1, actions=None)
        told = asyncio.Event()
        running = asyncio.create_task(simulation.run(told, seconds=None, actions=None))
        before = simulation.diary.actions.total()
        await until(lambda: simulation.diary.actions.total() > before)
        told.set()
        await running


async def test_a_server_that_goes_away_ends_it():
    async with AsyncExitStack() as stack:
        async with opened(ticking=True) as stall, served(stall.app) as address:
            punnet = await stack.enter_async_context(AsyncPunnet(f"http://{address}", tries=1))
            simulation = Simulation(punnet, shoppers=5, rate=2_000, seed=1)
            await simulation.open()
        with pytest.raises(Unreachable, match="cannot be reached"):
            await simulation.run(asyncio.Event(), seconds=None, actions=None)


async def test_a_server_that_wants_to_know_who_one_is_ends_it():
    store = MemoryKeys()
    doors = Doors(AdminKey(""), time.time, Keyring(store), Tokens(secret="s" * 32, leeway=0), store)
    async with market(doors=doors) as (simulation, _, _):
        await simulation.open()
        with pytest.raises(Refused, match="token") as refused:
            await simulation.run(asyncio.Event(), seconds=None, actions=300)
        assert refused.value.status == 401
        assert not simulation.diary.actions
