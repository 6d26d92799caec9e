"""Shoppers and farmers who write until they are told that it was kept, to whichever process is there."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random

import msgspec

from bench.soaking.fleet import Process
from tests.service.caller import LINES, Answered, Caller, Gone

SHOPPERS, FARMS, PRODUCTS = 500, 40, 12_000
CATEGORIES = ("Vegetables", "Fruits", "Herbs", "Dairy", "Bakery")
PATIENCE = 3.0
"""Seconds until a process that does not answer is left for another one."""

PAUSE = 0.2
"""Seconds until the next try."""


@dataclass(slots=True)
class Drop:
    """A price that fell: sent and kept at a time (monotonic) by a process; nothing was wrong if `calm`."""

    product: str
    process: int
    sent: float
    kept: float
    calm: bool


@dataclass(slots=True)
class Kept:
    """All that was acknowledged."""

    actions: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    drops: dict[str, Drop] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)
    refused: int = 0


def catalogue() -> Iterator[bytes]:
    """Yield the market's farms and products as lines of a bulk call."""
    for farm in range(FARMS):
        yield msgspec.json.encode({"id": f"farm-{farm}", "name": f"Farm {farm}"})
    for product in range(PRODUCTS):
        listed = {
            "id": f"p-{product}",
            "name": f"Product {product}",
            "farmId": f"farm-{product % FARMS}",
            "category": CATEGORIES[product % len(CATEGORIES)],
            "price": 100 + product % 7,
        }
        yield msgspec.json.encode(listed)


async def fill(process: Process) -> None:
    """Open the market."""
    lines = list(catalogue())
    async with process.caller() as caller:
        for start in range(0, len(lines), 2_000):
            body = b"\n".join(lines[start : start + 2_000])
            answered = await caller.call("POST", "/api/catalog", body, LINES)
            assert answered.data["refused"] == 0, answered.body


class Writers:
    """Everyone who writes or asks, at given rates a second, until `stop` is set."""

    def __init__(self, processes: list[Process], seed: int) -> None:
        self.kept = Kept()
        self.calm = True
        self.stop = asyncio.Event()
        self._processes = processes
        self._chance = Random(seed)
        self._numbers = count()

    async def act(self, rate: float) -> None:
        """Do what shoppers do: look, and put into the basket."""
        async with Client(self._processes, self._chance) as client:
            while await self._go_on(rate):
                product, number = self._popular(), next(self._numbers)
                kind = self._chance.choice(("VIEW_PRODUCT", "VIEW_PRODUCT", "ADD_TO_CART"))
                action = {"eventId": f"e-{number}", "userId": self._shopper(), "action": kind}
                body = msgspec.json.encode(action | {"entityId": product, "entityType": "PRODUCT"})
                await client.until_kept("POST", "/api/recommendations", body)
                self.kept.actions.add(f"e-{number}")

    async def buy(self, rate: float) -> None:
        """Buy baskets."""
        async with Client(self._processes, self._chance) as client:
            while await self._go_on(rate):
                number = next(self._numbers)
                lines = [{"productId": p, "quantity": 1, "unitPrice": 100} for p in self._basket()]
                order = {"id": f"o-{number}", "userId": self._shopper(), "lines": lines}
                body = msgspec.json.encode(order | {"placedAt": "2026-11-26T12:00:00Z"})
                await client.until_kept("POST", "/api/orders", body)
                self.kept.orders.add(f"o-{number}")

    async def drop(self, rate: float) -> None:
        """Let the price of one product after the other fall, of each once."""
        async with Client(self._processes, self._chance) as client:
            for product in range(PRODUCTS - 1, -1, -1):
                if not await self._go_on(rate):
                    return
                calm, sent = self.calm, time.monotonic()
                path, body = f"/api/products/p-{product}", b'{"price":50}'
                process = await client.until_kept("PATCH", path, body)
                now = time.monotonic()
                drop = Drop(f"p-{product}", process, sent, now, calm and self.calm)
                self.kept.drops[drop.product] = drop

    async def ask(self, rate: float) -> None:
        """Ask for recommendations; who is refused asks elsewhere."""
        async with Client(self._processes, self._chance) as client:
            while await self._go_on(rate):
                path = f"/api/recommendations?userId={self._shopper()}"
                began = time.monotonic()
                answered = await client.tried("GET", path)
                if answered is not None and answered.status == 200:
                    self.kept.answers.append(time.monotonic() - began)
                else:
                    self.kept.refused += 1

    async def _go_on(self, rate: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), self._chance.expovariate(rate))
        return not self.stop.is_set()

    def _shopper(self) -> str:
        return f"shopper-{self._chance.randrange(SHOPPERS)}"

    def _popular(self) -> str:
        return f"p-{int(self._chance.paretovariate(1.1)) % 400}"

    def _basket(self) -> list[str]:
        return sorted({self._popular() for _ in range(4)})


class Client:
    """Somebody with a connection to each process, who takes another one when one is away."""

    def __init__(self, processes: list[Process], chance: Random) -> None:
        self._callers: list[Caller] = [process.caller() for process in processes]
        self._chance = chance

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        for caller in self._callers:
            await caller.__aexit__(None, None, None)

    async def tried(
        self, method: str, path: str, body: bytes = b"", at: int | None = None
    ) -> Answered | None:
        """Return an answer, None where there was none."""
        caller = self._callers[self._chance.randrange(len(self._callers)) if at is None else at]
        # A connection that nobody used for a while may be closed by the server as it is used again.
        for _ in range(2):
            with suppress(Gone, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    return await caller.call(method, path, body)
        return None

    async def until_kept(self, method: str, path: str, body: bytes) -> int:
        """Send it, as it is, until a process says that it is kept; return which."""
        while True:
            at = self._chance.randrange(len(self._callers))
            answered = await self.tried(method, path, body, at)
            if answered is not None and answered.status < 300:
                return at
            if answered is not None and answered.status not in (429, 503):
                raise RuntimeError(f"{method} {path} is answered {answered.status}: {answered.body[:500]!r}")
            await asyncio.sleep(PAUSE)
