"""Fill a new journal with the demo market."""

from collections.abc import Callable, Sequence
from datetime import datetime

from punnet.demo.market import DemoMarket, farms, history, products
from punnet.engine.engine import Engine
from punnet.market import Fact
from punnet.pipeline import Pipeline

BATCH = 5_000
"""Facts in one call."""


async def open_market(
    market: DemoMarket,
    engine: Engine,
    pipeline: Pipeline,
    today: datetime,
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Submit what the engine does not have of the market, and return how many orders are new.

    An opening that was cut short is made up for: what is there already is not taken again. `advance` is told
    how many orders were submitted so far.
    """
    if engine.order_count >= market.about.baskets:
        return 0
    before = engine.order_count
    advance(0)
    await _submit(pipeline, farms(market))
    await _submit(pipeline, products(market, today))
    await _submit(pipeline, history(market, today), advance)
    return engine.order_count - before


async def _submit(
    pipeline: Pipeline, facts: Sequence[Fact], advance: Callable[[int], None] = lambda _: None
) -> None:
    for start in range(0, len(facts), BATCH):
        await pipeline.submit([(fact,) for fact in facts[start : start + BATCH]])
        advance(min(start + BATCH, len(facts)))
