"""The farmers of the demo market."""

import asyncio
from collections.abc import Callable

from punnet.delivery import Delivery
from punnet.demo.farmers import Farmers
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.journal.memory import MemoryJournal
from punnet.market import Fact, Farm, Product, ProductChange, ProductPatch
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers

CATALOGUE: list[Fact] = [
    Farm(id="hill", name="Hill Farm"),
    Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2),
    Product(id="leek", name="Leek", farm_id="hill", category="Greens", price=3),
]


def to(product_id: str, price: float) -> ProductChange:
    return ProductChange(id=product_id, patch=ProductPatch(price=price))


async def changed(changes: list[ProductChange], enough: Callable[[list[Fact]], bool]) -> list[Fact]:
    """Let the farmers change prices until that is `enough`, and return what they did."""
    engine, journal, clock = Engine(), MemoryJournal(), lambda: 1_760_000_000.0
    delivery = Delivery(engine, Hub(clock, Numbers("x", "y")), clock)
    pipeline = Pipeline(engine, journal, (delivery,), clock)
    pipeline.start()
    await pipeline.submit([(fact,) for fact in CATALOGUE])
    farmers = asyncio.create_task(Farmers(engine, pipeline, changes, seconds_between=1e-5).run())
    done: list[Fact] = []
    async with asyncio.timeout(20):
        while not (enough(done) or farmers.done()):
            await asyncio.sleep(0)
            done = [record.fact async for batch in journal.read() for record in batch.records][
                len(CATALOGUE) :
            ]
    farmers.cancel()
    await asyncio.gather(farmers, return_exceptions=True)
    await pipeline.stop()
    return done


async def test_prices_change_in_their_order_and_then_from_the_beginning():
    changes = [to("kale", 1.5), to("leek", 2.5), to("kale", 2.25)]

    done = await changed(changes, lambda facts: len(facts) >= 5)

    # The second time the leek costs 2.5 already.
    assert done[:5] == [*changes, to("kale", 1.5), to("kale", 2.25)]


async def test_what_the_market_has_no_more_and_what_costs_as_much_is_passed_over():
    changes = [to("gone", 1), to("kale", 2), to("leek", 4), to("leek", 3)]

    done = await changed(changes, lambda facts: len(facts) >= 2)

    assert done[:2] == changes[2:]


async def test_without_changes_to_come_nobody_does_anything():
    assert await changed([], bool) == []
