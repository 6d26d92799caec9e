"""Units on their way into the journal."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from msgspec import structs

from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.errors import BadFile
from punnet.hub import Hub
from punnet.importing.importer import BATCH, Importer
from punnet.importing.rows import Spoilt
from punnet.importing.units import Unit
from punnet.journal.memory import MemoryJournal
from punnet.market import Action, EntityType, Fact, Farm, Order, OrderLine, Product, UserAction
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FARM = Farm(id="hill", name="Hill Farm")
KALE = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2)


def order(order_id: str, product_id: str = "kale", placed_at: datetime = NOON) -> Order:
    line = OrderLine(product_id=product_id, quantity=1, unit_price=2)
    return Order(id=order_id, user_id="ann", placed_at=placed_at, lines=(line,))


def view(event_id: str, product_id: str = "kale") -> Action:
    return Action(
        event_id=event_id,
        user_id="ann",
        action=UserAction.VIEW_PRODUCT,
        entity_id=product_id,
        entity_type=EntityType.PRODUCT,
    )


def purchase(event_id: str, bought: Order) -> tuple[Fact, ...]:
    action = Action(
        event_id=event_id,
        user_id="ann",
        action=UserAction.COMPLETE_PURCHASE,
        entity_id=bought.id,
        entity_type=EntityType.ORDER,
        metadata={"items": []},
    )
    return bought, action


class Warehouse:
    """A market, and what its imports said."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.engine = Engine()
        clock = NOON.timestamp
        delivery = Delivery(self.engine, Hub(clock, Numbers("x", "y")), clock)
        self.pipeline = Pipeline(self.engine, self.journal, (delivery,), clock)
        self.refusals: list[tuple[int, str]] = []
        self.read = 0

    def advance(self, read: int) -> None:
        self.read = read

    async def bring(self, *facts: Fact | tuple[Fact, ...] | Spoilt) -> tuple[int, int, int]:
        """Import the facts and return how many were new, known and refused."""
        notes = (
            fact
            if isinstance(fact, Spoilt)
            else Unit(line, 10 * line, fact if isinstance(fact, tuple) else (fact,))
            for line, fact in enumerate(facts, 1)
        )
        importer = Importer(
            self.engine, self.pipeline, lambda line, why: self.refusals.append((line, why)), self.advance
        )
        await importer.run(notes)
        return importer.new, importer.known, importer.refused

    async def facts(self) -> Sequence[Fact]:
        return [record.fact async for batch in self.journal.read() for record in batch.records]


@pytest.fixture
async def warehouse() -> AsyncIterator[Warehouse]:
    warehouse = Warehouse()
    warehouse.pipeline.start()
    yield warehouse
    await warehouse.pipeline.stop()


async def test_what_needs_what_came_before_finds_it(warehouse):
    facts = [FARM, KALE, order("o1"), view("e1")]
    assert await warehouse.bring(*facts) == (4, 0, 0)
    assert await warehouse.facts() == facts
    assert warehouse.read == 40


async def test_the_second_time_nothing_is_new_and_nothing_is_written(warehouse):
    facts = [FARM, KALE, order("o1"), view("e1"), purchase("e2", order("o2"))]
    assert await warehouse.bring(*facts) == (5, 0, 0)
    before = await warehouse.facts()
    assert await warehouse.bring(*facts) == (0, 5, 0)
    assert await warehouse.facts() == before


async def test_a_farm_or_product_that_changed_is_brought_in(warehouse):
    await warehouse.bring(FARM, KALE)
    changed = [structs.replace(FARM, region="East"), structs.replace(KALE, price=2.5)]
    assert await warehouse.bring(*changed) == (2, 0, 0)
    assert warehouse.engine.catalogue.product("kale").price == 2.5


async def test_when_a_product_was_added_is_compared_only_where_it_is_said(warehouse):
    dated = structs.replace(KALE, created_at=NOON)
    await warehouse.bring(FARM, dated)
    assert await warehouse.bring(KALE) == (0, 1, 0)
    assert await warehouse.bring(structs.replace(KALE, created_at=NOON.replace(hour=13))) == (1, 0, 0)


async def test_what_does_not_fit_is_refused_by_line_and_the_rest_comes_in(warehouse):
    assert await warehouse.bring(FARM, order("o1", "leek"), KALE, order("o2")) == (3, 0, 1)
    ((line, why),) = warehouse.refusals
    assert line == 2
    assert "lines[0].productId" in why


async def test_what_was_spoilt_is_told_too(warehouse):
    assert await warehouse.bring(Spoilt(7, 70, "it is torn."), FARM) == (1, 0, 1)
    assert warehouse.refusals == [(7, "it is torn.")]


async def test_a_known_id_with_other_content_is_refused(warehouse):
    await warehouse.bring(FARM, KALE, order("o1"), view("e1"), order("o3"))
    other = order("o1", placed_at=NOON.replace(hour=13))
    rated = structs.replace(view("e1"), action=UserAction.SHARE_PRODUCT)
    assert await warehouse.bring(other, rated, order("o3")) == (0, 1, 2)
    assert warehouse.refusals == [
        (1, "order o1 is something else already."),
        (2, "eventId e1 is something else already."),
    ]


async def test_a_purchase_of_an_order_that_is_there_brings_only_itself(warehouse):
    await warehouse.bring(FARM, KALE, order("o1"))
    later = order("o1", placed_at=NOON.replace(hour=13))
    assert await warehouse.bring(purchase("e1", later)) == (1, 0, 0)
    assert await warehouse.journal.find("o:o1") == order("o1")
    assert len(await warehouse.facts()) == 4


async def test_a_purchase_of_something_else_under_a_known_order_is_refused(warehouse):
    dill = structs.replace(KALE, id="dill")
    await warehouse.bring(FARM, KALE, dill, order("o1"))
    assert await warehouse.bring(purchase("e1", order("o1", "dill"))) == (0, 0, 1)
    assert warehouse.refusals == [(1, "order o1 or eventId e1 is something else already.")]
    assert warehouse.engine.tally.total == 0


async def test_the_same_order_twice_in_one_file_comes_in_once(warehouse):
    await warehouse.bring(FARM, KALE)
    assert await warehouse.bring(
        order("o1"), order("o1"), purchase("e1", order("o2")), purchase("e1", order("o2"))
    ) == (
        2,
        2,
        0,
    )


async def test_many_come_in_over_several_commits(warehouse):
    count = 2 * BATCH + 10
    await warehouse.bring(FARM, KALE)
    assert await warehouse.bring(*(view(f"e{number}") for number in range(count))) == (count, 0, 0)
    assert warehouse.engine.tally.total == count


async def test_what_came_before_a_torn_end_is_kept(warehouse):
    def torn():
        yield Unit(1, 10, (FARM,))
        raise BadFile("it is torn")

    importer = Importer(warehouse.engine, warehouse.pipeline, lambda *_: None, warehouse.advance)
    with pytest.raises(BadFile):
        await importer.run(torn())
    assert importer.new == 1
    assert await warehouse.facts() == [FARM]
