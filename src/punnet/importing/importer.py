"""Bring what files hold into the journal, each thing once."""

from collections.abc import Callable, Iterable

from msgspec import structs

from punnet.engine.engine import Engine
from punnet.errors import Refused
from punnet.importing.rows import Spoilt
from punnet.importing.units import Lot, Unit
from punnet.journal import Verdict
from punnet.market import Action, Fact, Farm, Order, Product
from punnet.pipeline import Pipeline


class Importer:
    """Submits what is new, and counts: `new`, `known` already, `refused`.

    `refuse` is told the line and what is wrong with it, in the order of the lines of each lot. `lasting` is
    whether any market would have refused what was.
    """

    def __init__(self, engine: Engine, pipeline: Pipeline, refuse: Callable[[int, str], None]) -> None:
        self._engine = engine
        self._pipeline = pipeline
        self._refuse = refuse
        self._waiting: list[Unit] = []
        self._listings: set[tuple[type[Fact], str]] = set()
        self._orders = False
        self._refused: list[tuple[int, str]] = []
        self.new = 0
        self.known = 0
        self.refused = 0
        self.lasting = True

    async def run(self, lots: Iterable[Lot], advance: Callable[[Lot], None]) -> None:
        """Bring in all of `lots`; what is refused keeps no other from coming in.

        `advance` is told of each that is done: it is durable.
        """
        for lot in lots:
            for unit in lot.units:
                if isinstance(unit, Spoilt):
                    self._refused.append((unit.line, unit.why))
                else:
                    await self._take(unit)
            await self._settle()
            self._tell()
            advance(lot)

    async def _take(self, unit: Unit) -> None:
        first = unit.facts[0]
        if self._has(first):
            self.known += 1
            return
        try:
            self._engine.check(first)
        except Refused as error:
            if self._may_need_what_waits(first):
                await self._settle()
                await self._take(unit)
            else:
                self._turn_away(unit, error.message)
            return
        self._waiting.append(unit)
        if isinstance(first, Farm | Product):
            self._listings.add((type(first), first.id))
        elif isinstance(first, Order):
            self._orders = True

    def _may_need_what_waits(self, fact: Fact) -> bool:
        return bool(self._listings) or (self._orders and isinstance(fact, Action))

    def _has(self, fact: Fact) -> bool:
        """Return whether `fact` would change nothing, as far as the engine knows."""
        match fact:
            case Farm():
                return not self._changes(fact) and self._engine.catalogue.farm(fact.id) == fact
            case Product():
                return not self._changes(fact) and self._has_product(fact)
            case _:
                return False

    def _changes(self, listing: Farm | Product) -> bool:
        """Return whether it waits already, so that the engine does not know how it will be."""
        return (type(listing), listing.id) in self._listings

    def _has_product(self, product: Product) -> bool:
        listed = self._engine.catalogue.product(product.id)
        if listed is None:
            return False
        if product.created_at is None:
            product = structs.replace(product, created_at=listed.created_at)
        return all(getattr(listed, field) == getattr(product, field) for field in Product.__struct_fields__)

    async def _settle(self) -> None:
        """Make durable what waits, and count what became of it."""
        waiting, self._waiting, self._orders = self._waiting, [], False
        verdicts = await self._pipeline.submit([unit.facts for unit in waiting])
        self._listings.clear()
        for unit, verdict in zip(waiting, verdicts, strict=True):
            if verdict is Verdict.CONFLICT:
                names = " or ".join(_named(fact) for fact in unit.facts)
                self._turn_away(unit, f"{names} is something else already.")
            elif verdict is Verdict.DUPLICATE:
                self.known += 1
            else:
                self.new += 1

    def _turn_away(self, unit: Unit, why: str) -> None:
        """Refuse what another market might take."""
        self.lasting = False
        self._refused.append((unit.line, why))

    def _tell(self) -> None:
        self.refused += len(self._refused)
        for line, why in sorted(self._refused):
            self._refuse(line, why)
        self._refused.clear()


def _named(fact: Fact) -> str:
    match fact:
        case Action():
            return f"eventId {fact.event_id}"
        case Order():
            return f"order {fact.id}"
        case _:
            return "it"
