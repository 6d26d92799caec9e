"""A market that asks who calls, and two others beside it in which what somebody else did is blank."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from punnet.keyring import Keyring
from punnet.keys import Role, new_key
from punnet.keystore.memory import MemoryKeys
from punnet.market import Action, Fact, Farm, Order, Product
from punnet.web.doors import Doors
from punnet.web.keys import AdminKey
from punnet.web.shop import Limits
from punnet.web.tokens import Tokens
from tests.web.stall import ADMIN_KEY, NOW, Stall, opened, order, served
from tests.web.strangers.blanked import Blanked, Given
from tests.web.strangers.deeds import CATEGORIES, FARMS, PRODUCTS
from tests.web.strangers.shoppers import NAMES, SECRET

BASKETS = 12
"""Orders that there are from the beginning."""

IDLE = 600
"""Seconds for which a connection is kept on which nothing is asked: a slow machine is no news."""

PATIENT = Limits(heartbeat_seconds=1e6, silence_seconds=1e6)
"""Signs of life would come whenever the machine has time for them."""


class Clock:
    """A clock that is set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


class Market:
    """A stall with its clock, a port and a key of the shop's."""

    def __init__(self, stall: Stall, port: int, key: str, clock: Clock) -> None:
        self.stall = stall
        self.shop = stall.shop
        self.port = port
        self.key = key
        self.clock = clock
        self.blanked = tuple(Blanked(name) for name in NAMES)
        self.given = Given()
        self._read = 0

    async def news(self) -> list[Fact]:
        """Return what happened since the last time, which is known beside the market from now on."""
        records = [record async for batch in self.stall.journal.read(self._read) for record in batch.records]
        self._read += len(records)
        for blanked in self.blanked:
            blanked.apply(records)
        facts = [record.fact for record in records]
        self.given.drop(facts)
        return facts


def opening() -> Sequence[Fact]:
    """Return what there is before anyone comes."""
    farms = [Farm(id=farm, name=farm, latitude=39.0 - at, longitude=20) for at, farm in enumerate(FARMS)]
    products = [
        Product(
            id=product,
            name=f"Number {at}",
            farm_id=FARMS[at % len(FARMS)],
            category=CATEGORIES[at % len(CATEGORIES)],
            price=1 + at / 4,
            organic=at % 3 == 0,
        )
        for at, product in enumerate(PRODUCTS)
    ]
    orders = [
        order(f"before-{at}", f"regular-{at}", *PRODUCTS[at % 6 : at % 6 + 3 + at % 3])
        for at in range(BASKETS)
    ]
    return (*farms, *products, *orders)


@asynccontextmanager
async def trading() -> AsyncIterator[Market]:
    """Open a market where shoppers show a token, and serve it."""
    store, clock = MemoryKeys(), Clock()
    key, kept = new_key(Role.BACK_END, at=NOW)
    await store.add(kept)
    keyring = Keyring(store)
    await keyring.load()
    doors = Doors(AdminKey(ADMIN_KEY), clock, keyring, Tokens(secret=SECRET, leeway=0), store)
    async with (
        opened(limits=PATIENT, doors=doors, clock=clock, gap=0, opening=opening(), capacity=1_000) as stall,
        served(stall.app, timeout_keep_alive=IDLE) as address,
    ):
        market = Market(stall, int(address.partition(":")[2]), key, clock)
        await market.news()
        yield market


def owner_of(fact: Fact) -> str | None:
    """Return whose a fact is, None where it is nobody's."""
    return fact.user_id if isinstance(fact, Action | Order) else None
