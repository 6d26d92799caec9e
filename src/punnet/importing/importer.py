"""Bring what files hold into the journal, each thing once."""

from collections.abc import Callable, Iterable

from msgspec import structs

from punnet.engine.engine import Engine
from punnet.errors import Refused
from punnet.importing.rows import Spoilt
from punnet.importing.units import Unit
from punnet.journal import Verdict
from punnet.market import Action, Fact, Farm, Order, Product
from punnet.pipeline import Pipeline

BATCH = 1_000
"""Units of one commit."""


class Importer:
    """Submits what is new, and counts: `new`, `known` already, `refused`.

    `refuse` is told the line and what is wrong with it, `advance` how many bytes of the file are done.
    """

    def __init__(
        self,
        engine: Engine,
        pipeline: Pipeline,
        refuse: Callable[[int, str], None],
        advance: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._pipeline = pipeline
        self._refuse = refuse
        self._advance = advance
        self._waiting: list[Unit] = []
        self.new = 0
        self.known = 0
        self.refused = 0

    async def run(self, units: Iterable[Unit | Spoilt]) -> None:
        """Bring in all of `units`; what is refused keeps no other from coming in."""
        try:
            for unit in units:
                if isinstance(unit, Spoilt):
                    self._spoilt(unit.line, unit.why)
                else:
                    await self._take(unit)
                if len(self._waiting) == BATCH:
                    await self._settle()
                self._advance(unit.read)
        finally:
            await self._settle()

    async def _take(self, unit: Unit) -> None:
        try:
            fitting = self._fitting(unit)
        except Refused as error:
            if self._waiting:
                # It may need what is still waiting.
                await self._settle()
                await self._take(unit)
            else:
                self._spoilt(unit.line, error.message)
            return
        if fitting.facts:
            self._waiting.append(fitting)
        else:
            self.known += 1

    def _fitting(self, unit: Unit) -> Unit:
        """Return the unit without what the market has already; raise Refused where it does not fit."""
        first = unit.facts[0]
        if self._has(first):
            return unit._replace(facts=())
        self._engine.check(first)
        return unit

    def _has(self, fact: Fact) -> bool:
        """Return whether `fact` would change nothing, as far as the engine knows."""
        match fact:
            case Farm():
                return self._engine.catalogue.farm(fact.id) == fact
            case Product():
                return self._has_product(fact)
            case _:
                return False

    def _has_product(self, product: Product) -> bool:
        listed = self._engine.catalogue.product(product.id)
        if listed is None:
            return False
        if product.created_at is None:
            product = structs.replace(product, created_at=listed.created_at)
        return all(getattr(listed, field) == getattr(product, field) for field in Product.__struct_fields__)

    async def _settle(self) -> None:
        """Make durable what waits, and count what became of it."""
        waiting, self._waiting = self._waiting, []
        verdicts = await self._pipeline.submit([unit.facts for unit in waiting])
        for unit, verdict in zip(waiting, verdicts, strict=True):
            if verdict is Verdict.CONFLICT:
                names = " or ".join(_named(fact) for fact in unit.facts)
                self._spoilt(unit.line, f"{names} is something else already.")
            elif verdict is Verdict.DUPLICATE:
                self.known += 1
            else:
                self.new += 1

    def _spoilt(self, line: int, why: str) -> None:
        self.refused += 1
        self._refuse(line, why)


def _named(fact: Fact) -> str:
    match fact:
        case Action():
            return f"eventId {fact.event_id}"
        case Order():
            return f"order {fact.id}"
        case _:
            return "it"
