"""The shoppers of the demo market."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from punnet.delivery import Delivery
from punnet.demo.shoppers import Shoppers
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.journal.memory import MemoryJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Action, EntityType, Fact, Farm, Order, OrderLine, Product, Removal, UserAction
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NAMES = ("kale", "leek", "beet", "dill")
CATALOGUE: list[Fact] = [
    Farm(id="hill", name="Hill Farm"),
    *(Product(id=name, name=f"Young {name}", farm_id="hill", category="Greens", price=2) for name in NAMES),
]
SEEN, TAKEN = UserAction.VIEW_PRODUCT, UserAction.ADD_TO_CART


def basket(number: int, user_id: str, *product_ids: str) -> Order:
    lines = tuple(OrderLine(product_id=product_id, quantity=1, unit_price=2) for product_id in product_ids)
    placed_at = datetime(2027, 3, number, tzinfo=UTC)
    return Order(
        id=f"coming-{number}", user_id=user_id, placed_at=placed_at, lines=lines, latitude=39, longitude=-84
    )


COMING = {
    "ann": [basket(1, "ann", "kale", "leek"), basket(3, "ann", "dill")],
    "bob": [basket(2, "bob", "beet", "kale", "dill")],
    "cem": [],
}


@asynccontextmanager
async def kept_in(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path)
    yield journal
    await journal.close()


class Demo:
    """A market with shoppers in it, who hardly wait."""

    def __init__(self, journal: Journal, seed: int = 1, coming: dict[str, list[Order]] = COMING) -> None:
        self.journal = journal
        self.engine = Engine()
        clock = NOW.timestamp
        delivery = Delivery(self.engine, Hub(clock, Numbers("x", "y")), clock)
        self.pipeline = Pipeline(self.engine, journal, (delivery,), clock)
        self.shoppers = Shoppers(self.engine, self.pipeline, clock, coming, seed=seed, seconds_between=1e-5)

    async def facts(self) -> list[Fact]:
        return [record.fact async for batch in self.journal.read() for record in batch.records]

    async def order(self, order_id: str) -> Fact | None:
        return await self.journal.find(f"o:{order_id}")

    async def until(self, condition: Callable[[], bool], first: list[Fact] = CATALOGUE) -> None:
        """Let everyone shop until `condition` holds."""
        await self.pipeline.replay()
        self.pipeline.start()
        await self.pipeline.submit([(fact,) for fact in first])
        shopping = asyncio.create_task(self.shoppers.run())
        async with asyncio.timeout(20):
            for _ in iter(lambda: condition() or shopping.done(), True):
                await asyncio.sleep(0)
        shopping.cancel()
        await asyncio.gather(shopping, return_exceptions=True)
        await self.pipeline.stop()


@pytest.fixture
def demo() -> Demo:
    return Demo(MemoryJournal())


def of(facts: list[Fact], order_id: str) -> Iterator[Action]:
    return (fact for fact in facts if isinstance(fact, Action) and fact.event_id.startswith(f"{order_id}-"))


async def test_each_product_is_looked_at_and_taken_before_the_basket_is_bought(demo):
    await demo.until(lambda: demo.engine.has_order("coming-1-1"))
    steps = [action for action in of(await demo.facts(), "coming-1-1") if action.action in {SEEN, TAKEN}]
    assert [(step.action, step.entity_id) for step in steps] == [
        (SEEN, "kale"),
        (TAKEN, "kale"),
        (SEEN, "leek"),
        (TAKEN, "leek"),
    ]
    *_, order, bought = [fact for fact in await demo.facts() if "coming-1-1" in str(fact)]
    assert order == await demo.order("coming-1-1")
    assert (bought.action, bought.entity_id, bought.entity_type) == (
        UserAction.COMPLETE_PURCHASE,
        "coming-1-1",
        EntityType.ORDER,
    )


async def test_a_basket_is_bought_as_it_was_but_now(demo):
    await demo.until(lambda: demo.engine.has_order("coming-2-1"))
    order = await demo.order("coming-2-1")
    was = COMING["bob"][0]
    assert (order.lines, order.user_id, order.latitude) == (was.lines, was.user_id, was.latitude)
    assert order.placed_at == NOW


async def test_some_products_are_searched_for_and_some_wished_for(demo):
    await demo.until(lambda: demo.engine.order_count >= 30)
    actions = [fact for fact in await demo.facts() if isinstance(fact, Action)]
    kinds = [action.action for action in actions]
    assert kinds.count(SEEN) > kinds.count(UserAction.SEARCH) > kinds.count(UserAction.ADD_TO_WISHLIST) > 0
    search = next(action for action in actions if action.action is UserAction.SEARCH)
    assert search.metadata["category"] == "Greens"
    assert str(search.metadata["searchQuery"]).startswith("Young ")


async def test_who_bought_every_basket_begins_anew(demo):
    await demo.until(lambda: demo.engine.has_order("coming-2-2"))
    assert demo.engine.has_order("coming-2-1")


async def test_the_same_seed_gives_the_same_events():
    one, two, other = Demo(MemoryJournal()), Demo(MemoryJournal()), Demo(MemoryJournal(), seed=2)
    for demo in (one, two, other):
        await demo.until(lambda demo=demo: demo.engine.order_count >= 5)
    events = [
        [fact.event_id for fact in await demo.facts() if isinstance(fact, Action)]
        for demo in (one, two, other)
    ]
    length = min(map(len, events))
    assert events[0][:length] == events[1][:length] != events[2][:length]


async def test_after_a_restart_they_go_on_where_they_were(tmp_path: Path):
    async with kept_in(tmp_path / "demo.db") as journal:
        first = Demo(journal)
        await first.until(lambda: first.engine.order_count >= 4)
        before = {fact.id for fact in await first.facts() if isinstance(fact, Order)}
        second = Demo(journal)
        await second.until(lambda: second.engine.order_count >= len(before) + 4, first=[])
        orders = [fact.id for fact in await second.facts() if isinstance(fact, Order)]
    assert len(orders) == len(set(orders)) >= 8
    assert before < set(orders)


async def test_a_product_that_left_is_passed_over(demo):
    removal = Removal(entity_type=EntityType.PRODUCT, id="kale")
    await demo.until(lambda: demo.engine.has_order("coming-1-1"), first=[*CATALOGUE, removal])
    assert [line.product_id for line in (await demo.order("coming-1-1")).lines] == ["leek"]
    assert all(fact.entity_id != "kale" for fact in await demo.facts() if isinstance(fact, Action))


async def test_a_market_without_shoppers_stays_empty():
    demo = Demo(MemoryJournal(), coming={"cem": []})
    await demo.until(lambda: False)
    assert await demo.facts() == CATALOGUE


async def test_a_basket_of_which_all_has_left_is_passed_over(demo):
    removal = Removal(entity_type=EntityType.PRODUCT, id="dill")
    await demo.until(lambda: demo.engine.has_order("coming-1-2"), first=[*CATALOGUE, removal])
    assert not demo.engine.has_order("coming-3-1")
