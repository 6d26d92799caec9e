"""Farmers who go on changing their prices as people did, at a pace that can be watched."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import cycle
from random import Random

from punnet.engine.engine import Engine
from punnet.errors import JournalUnavailable, Refused
from punnet.market import ProductChange
from punnet.pipeline import Pipeline

SECONDS_BETWEEN = 20.0
"""How long it takes from one change of a price to the next, on average."""

logger = logging.getLogger(__name__)


class Farmers:
    """Everyone who sells in the demo market. `changes` are their prices to come, the next one first.

    After the last they begin with the first again. What the market has no more is passed over, and what costs
    as much already.
    """

    def __init__(
        self,
        engine: Engine,
        pipeline: Pipeline,
        changes: Sequence[ProductChange],
        *,
        seed: int = 1,
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        self._engine = engine
        self._pipeline = pipeline
        self._changes = changes
        self._random = Random(seed)
        self._seconds_between = seconds_between

    async def run(self) -> None:
        """Change prices until cancelled."""
        for change in cycle(self._changes):
            await asyncio.sleep(self._random.expovariate(1 / self._seconds_between))
            product = self._engine.catalogue.product(change.id)
            if product is not None and product.price != change.patch.price:
                await self._submit(change)

    async def _submit(self, change: ProductChange) -> None:
        try:
            await self._pipeline.submit([(change,)])
        except (Refused, JournalUnavailable) as error:
            logger.info("%s stays as it is: %s", change.id, error)
