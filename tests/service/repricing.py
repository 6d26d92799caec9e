"""A back end that lowers prices and refills the shelf without end, and knows what it was told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import NamedTuple

import msgspec

from tests.service.caller import LINES, Answered, Caller, Gone

TOP_PRICE = 100_000
"""Cents that each product costs at first; no price falls so far as to meet the ground."""

PRICED = 12
QUIET = ("quiet-0", "quiet-1", "quiet-2")
"""Products whose price stays, for shoppers to look at."""

PAUSE = 0.05
"""Seconds until a call that was refused, or lost, is made again."""

DROP, STOCK = "PRICE_DROP_ALERT", "STOCK_ALERT"


class Change(NamedTuple):
    """What one alert tells: its type, the product, and its new price or stock. No two are alike."""

    kind: str
    product: str
    value: float


class BackEnd:
    """Changes a shelf over REST, call by call, each call as often as it takes until it is answered 2xx.

    A call whose answer was lost is made again: where it had been obeyed it changes nothing the second time.
    So each change of `made` happened, once. `port` tells where the server is, once it is `up`.
    """

    def __init__(self, port: Callable[[], int], up: asyncio.Event, chance: Random, stocked: int) -> None:
        self.made: dict[Change, None] = {}
        self.repeated = 0
        self.wrong: list[str] = []
        self.stopped = False
        self._port = port
        self._up = up
        self._chance = chance
        self._cents = {f"priced-{number}": TOP_PRICE for number in range(PRICED)}
        self._empty = [f"stocked-{number}" for number in range(stocked)]

    async def open(self) -> None:
        """Fill the shelf: what is to be refilled is sold out."""
        goods = [{"id": "hill", "name": "Hill Farm"}]
        goods += [_product(name, cents) for name, cents in self._cents.items()]
        goods += [_product(name, TOP_PRICE) for name in QUIET]
        goods += [_product(name, TOP_PRICE) | {"stock": 0} for name in self._empty]
        await self._call("POST", "/api/catalog", _lines(goods), LINES)

    async def work(self, each_second: float, refills: float) -> None:
        """Change so many prices and so many stocks a second, until stopped."""
        names = [*self._cents]
        thirds = names[::3], names[1::3], names[2::3]
        pace = len(thirds) / each_second
        paced = [self._paced(pace, self._lowering(some)) for some in thirds]
        await asyncio.gather(*paced, self._paced(1 / refills, self._refilling()))

    async def differences(self) -> list[str]:
        """Return of every product how the catalogue differs from what was told."""
        found = []
        for name, cents in self._cents.items():
            price = (await self._call("GET", f"/api/products/{name}")).data["price"]
            if price != cents / 100:
                found.append(f"{name} costs {price} instead of {cents / 100}")
        return found

    async def _paced(self, seconds: float, work: Iterator[Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.stopped:
            await next(work)
            # What was missed while the server was down is not made up for.
            due = max(due + seconds, loop.time() - seconds)
            await asyncio.sleep(due - loop.time())

    def _lowering(self, names: list[str]) -> Iterator[Awaitable[None]]:
        while True:
            if self._chance.random() < 0.05:
                yield self._lower_all(names)
            else:
                yield self._lower(self._chance.choice(names))

    def _refilling(self) -> Iterator[Awaitable[None]]:
        while self._empty:
            yield self._refill(self._empty.pop())
        while True:
            yield asyncio.sleep(0)

    async def _lower(self, name: str) -> None:
        change = self._lowered(name)
        await self._call("PATCH", f"/api/products/{name}", msgspec.json.encode({"price": change.value}))
        self.made[change] = None

    async def _lower_all(self, names: list[str]) -> None:
        """Lower several prices in one call, which are kept together."""
        changes = [self._lowered(name) for name in names]
        goods = [_product(name, self._cents[name]) for name in names]
        await self._call("POST", "/api/catalog", _lines(goods), LINES)
        self.made |= dict.fromkeys(changes)

    async def _refill(self, name: str) -> None:
        change = Change(STOCK, name, self._chance.randint(1, 50))
        await self._call("PATCH", f"/api/products/{name}", msgspec.json.encode({"stock": change.value}))
        self.made[change] = None

    def _lowered(self, name: str) -> Change:
        self._cents[name] -= self._chance.randint(1, 50)
        return Change(DROP, name, self._cents[name] / 100)

    async def _call(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> Answered:
        while True:
            await self._up.wait()
            async with Caller(self._port()) as caller:
                try:
                    answered = await caller.call(method, path, body, kind)
                except Gone:
                    self.repeated += 1
                    await asyncio.sleep(PAUSE)
                    continue
            if answered.status in (200, 201):
                return answered
            if answered.status not in (429, 503):
                self.wrong.append(f"{method} {path}: {answered.status} {answered.body[:300]!r}")
            self.repeated += 1
            await asyncio.sleep(PAUSE)


def _product(name: str, cents: int) -> dict[str, object]:
    return {"id": name, "name": name, "farmId": "hill", "category": "Greens", "price": cents / 100}


def _lines(goods: list[dict[str, object]]) -> bytes:
    return b"\n".join(map(msgspec.json.encode, goods))
