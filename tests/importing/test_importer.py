"""Units on their way into the journal."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from msgspec import structs

from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.errors import BadFile
from punnet.hub import Hub
from punnet.importing.importer import Importer
from punnet.importing.rows import Place, Spoilt
from punnet.importing.units import Lot, Unit
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

    def advance(self, lot: Lot) -> None:
        self.read = lot.end.read

    async def bring(
        self, *facts: Fact | tuple[Fact, ...] | Spoilt, most: int = 1_000
    ) -> tuple[int, int, int]:
        """Import the facts, so many at a time, and return how many were new, known and refused."""
        units = [
            fact if isinstance(fact, Spoilt) else Unit(line, fact if isinstance(fact, tuple) else (fact,))
            for line, fact in enumerate(facts, 1)
        ]
        lots = (
            Lot(units[at : at + most], Place(at + most, 10 * (at + most)), False)
            for at in range(0, len(units), most)
        )
        self.importer = Importer(
            self.engine, self.pipeline, lambda line, why: self.refusals.append((line, why))
        )
        await self.importer.run(lots, self.advance)
        return self.importer.new, self.importer.known, self.importer.refused

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
    assert await warehouse.bring(*facts, most=4) == (4, 0, 0)
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
    await warehouse.bring(FARM, KALE)
    assert await warehouse.bring(*(view(f"e{number}") for number in range(210)), most=100) == (210, 0, 0)
    assert warehouse.engine.tally.total == 210


async def test_refusals_are_told_by_line_however_they_were_found_out(warehouse):
    await warehouse.bring(FARM, KALE, order("o1"))
    other = order("o1", placed_at=NOON.replace(hour=13))
    await warehouse.bring(other, order("o2", "leek"), Spoilt(3, 30, "it is torn."), order("o3"))
    assert [line for line, _ in warehouse.refusals] == [1, 2, 3]


async def test_only_what_a_market_with_more_in_it_might_take_is_not_refused_for_good(warehouse):
    await warehouse.bring(FARM, KALE, Spoilt(3, 30, "it is torn."))
    assert warehouse.importer.lasting
    await warehouse.bring(order("o1", "leek"))
    assert not warehouse.importer.lasting
    await warehouse.bring(order("o1"))
    await warehouse.bring(order("o1", placed_at=NOON.replace(hour=13)))
    assert not warehouse.importer.lasting


async def test_what_is_listed_anew_and_back_again_at_once_is_as_it_was_said_last(warehouse):
    await warehouse.bring(FARM, KALE)
    dear = structs.replace(KALE, price=9)
    assert await warehouse.bring(dear, KALE) == (2, 0, 0)
    assert warehouse.engine.catalogue.product("kale").price == 2
    moved = structs.replace(FARM, region="East")
    assert await warehouse.bring(moved, FARM) == (2, 0, 0)
    assert warehouse.engine.catalogue.farm("hill") == FARM


async def test_a_purchase_finds_the_order_that_came_right_before_it(warehouse):
    await warehouse.bring(FARM, KALE)
    bought = structs.replace(
        view("e1"), action=UserAction.COMPLETE_PURCHASE, entity_id="o1", entity_type=EntityType.ORDER
    )
    assert await warehouse.bring(order("o1"), bought) == (2, 0, 0)


async def test_what_came_before_a_torn_end_is_kept(warehouse):
    def torn():
        yield Lot([Unit(1, (FARM,))], Place(1, 10), False)
        raise BadFile("it is torn")

    importer = Importer(warehouse.engine, warehouse.pipeline, lambda *_: None)
    with pytest.raises(BadFile):
        await importer.run(torn(), warehouse.advance)
    assert importer.new == 1
    assert await warehouse.facts() == [FARM]
