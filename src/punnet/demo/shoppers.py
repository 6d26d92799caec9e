"""Shoppers who go on buying what people bought, at a pace that can be watched."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

from msgspec import structs

from punnet.engine.engine import Engine
from punnet.errors import JournalUnavailable, Refused
from punnet.market import Fact, Order, OrderLine
from punnet.pipeline import Pipeline
from punnet.visits import buy, look_and_take

SECONDS_BETWEEN = 12.0
"""How long a shopper waits from one action to the next, on average."""

logger = logging.getLogger(__name__)


class Shopper:
    """Someone with baskets to fill, one action at a time."""

    def __init__(self, shopper_id: str, baskets: Iterator[Order]) -> None:
        self.id = shopper_id
        self.steps: deque[tuple[Fact, ...]] = deque()
        self._baskets = baskets

    def next_basket(self, engine: Engine, seed: int) -> None:
        """Plan the visits that end in the next basket. The same basket is always filled the same way.

        What the market has no more is left out of it; nothing is planned where that is everything.
        """
        basket = next(self._baskets)
        random = Random(f"{seed} {basket.id}")
        lines: list[OrderLine] = []
        for number, line in enumerate(basket.lines):
            product = engine.catalogue.product(line.product_id)
            if product is not None:
                self.steps.extend((action,) for action in look_and_take(basket, product, number, random))
                lines.append(line)
        if lines:
            bought = structs.replace(basket, lines=tuple(lines))
            # The order first: the purchase names it.
            self.steps.append((bought, buy(bought)))


class Shoppers:
    """Everyone in the demo market. `coming` are the baskets of each, the next one first.

    The order of events comes from `seed` alone. A basket that the engine has is not bought again, so that
    another start goes on where the last one ended; who has bought all of them begins anew, under new ids.
    """

    def __init__(
        self,
        engine: Engine,
        pipeline: Pipeline,
        clock: Callable[[], float],
        coming: Mapping[str, Sequence[Order]],
        *,
        seed: int = 1,
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        self._engine = engine
        self._pipeline = pipeline
        self._clock = clock
        self._seed = seed
        self._random = Random(seed)
        self._seconds_between = seconds_between
        self._shoppers = [
            Shopper(shopper_id, self._baskets(orders)) for shopper_id, orders in coming.items() if orders
        ]

    async def run(self) -> None:
        """Shop until cancelled."""
        while self._shoppers:
            await asyncio.sleep(self._random.expovariate(len(self._shoppers) / self._seconds_between))
            await self._step(self._random.choice(self._shoppers))

    async def _step(self, shopper: Shopper) -> None:
        """Let the shopper do the next thing, unless the market does not have it any more."""
        if not shopper.steps:
            shopper.next_basket(self._engine, self._seed)
        if not shopper.steps:
            return
        facts = tuple(self._dated(fact) for fact in shopper.steps.popleft())
        try:
            self._engine.check(facts[0])
            await self._pipeline.submit([facts])
        except (Refused, JournalUnavailable) as error:
            logger.info("%s goes on: %s", shopper.id, error)

    def _dated(self, fact: Fact) -> Fact:
        if not isinstance(fact, Order):
            return fact
        return structs.replace(fact, placed_at=datetime.fromtimestamp(self._clock(), UTC))

    def _baskets(self, orders: Sequence[Order]) -> Iterator[Order]:
        year = 0
        while True:
            year += 1
            for order in orders:
                basket = structs.replace(order, id=f"{order.id}-{year}")
                if not self._engine.has_order(basket.id):
                    yield basket
