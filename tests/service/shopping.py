"""Shoppers and a back end who keep a server busy, and know what they were told."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import websockets
from websockets.asyncio.client import connect

from punnet.demo import market as demo
from punnet.market import (
    Action,
    EntityType,
    Farm,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    UserAction,
)
from punnet.protocol import codec
from tests.service.book import Book, Deed, Told, acted, ordered, repriced
from tests.service.caller import Answered, Caller, Gone

A = UserAction
ABOUT_PRODUCTS = (
    *(A.VIEW_PRODUCT,) * 12, *(A.ADD_TO_CART,) * 6, A.REMOVE_FROM_CART, A.ADD_TO_WISHLIST,
    A.REMOVE_FROM_WISHLIST, A.RATE_PRODUCT, A.SHARE_PRODUCT, A.VIEW_RECOMMENDATIONS, A.CLICK_RECOMMENDATION,
)  # fmt: skip
ABOUT_FARMS = (A.VIEW_FARM, A.RATE_FARM, A.ADD_TO_WISHLIST)
WORDS = ("apples", "organic", "cheese", "bread", "eggs", "potatoes", "berries", "lemon")


PAUSE = 0.02
"""Seconds until a client comes back that only looks, or that was sent away."""


BULK = (20, 200, 700)
"""Lines that a bulk call has."""


class Market:
    """The catalogue of the demo, and endless things that may happen in it. All chance comes from `chance`."""

    def __init__(self, chance: Random, shoppers: int = 80, name: str = "m") -> None:
        today = datetime.now(UTC)
        goods = demo.load()
        self.farms: list[Farm] = demo.farms(goods)
        self.products: list[Product] = demo.products(goods, today)
        self.shoppers = demo.shoppers(goods)[:shoppers]
        self.chance = chance
        self._name = name
        self._numbers = itertools.count(1)

    def listing(self) -> bytes:
        """Return the catalogue as the body of a bulk call."""
        return b"\n".join(codec.write(fact) for fact in (*self.farms, *self.products))

    def deed(self) -> Deed:
        """Return the next thing that somebody does."""
        roll = self.chance.random()
        if roll < 0.08:
            return self.purchase()
        if roll < 0.13:
            words: dict[str, object] = {"searchQuery": self.chance.choice(WORDS)}
            return acted(self._action(A.SEARCH, None, metadata=words))
        if roll < 0.16:
            return acted(self._action(A.FILTER_CATEGORY, self._product().category))
        if roll < 0.22:
            kind = self.chance.choice(ABOUT_FARMS)
            farm = self.chance.choice(self.farms).id
            return acted(self._action(kind, farm, EntityType.FARM, self._rating()))
        kind = self.chance.choice(ABOUT_PRODUCTS)
        return acted(self._action(kind, self._product().id, None, self._rating()))

    def purchase(self) -> Deed:
        """Return a purchase that brings its own lines."""
        order = self._order()
        items = [
            {"productId": line.product_id, "quantity": line.quantity, "unitPrice": line.unit_price}
            for line in order.lines
        ]
        return acted(self._action(A.COMPLETE_PURCHASE, order.id, EntityType.ORDER, {"items": items}))

    def order(self) -> Deed:
        """Return an order as a back end sends it."""
        return ordered(self._order())

    def price(self) -> Deed:
        """Return a change of price; no two are alike."""
        patch = ProductPatch(price=next(self._numbers) / 100)
        return repriced(ProductChange(id=self._product().id, patch=patch))

    def mistake(self) -> Deed:
        """Return an action that no server takes in: its product does not exist."""
        return acted(self._action(A.VIEW_PRODUCT, f"no-such-thing-{next(self._numbers)}"))

    def other_than(self, deed: Deed) -> Deed:
        """Return another deed under the id of one."""
        fact = deed.facts[-1]
        changed = msgspec.structs.replace(fact, user_id="someone-else")
        return ordered(changed) if isinstance(changed, Order) else acted(changed)

    def _action(
        self,
        kind: UserAction,
        entity: str | None,
        entity_type: EntityType | None = None,
        metadata: dict[str, object] | None = None,
    ) -> Action:
        return Action(
            event_id=f"{self._name}-{next(self._numbers)}",
            user_id=self.chance.choice(self.shoppers),
            action=kind,
            entity_id=entity,
            entity_type=entity_type,
            metadata=metadata or {},
            timestamp=datetime.now(UTC),
        )

    def _order(self) -> Order:
        some = self.chance.sample(self.products[:300], self.chance.randint(1, 6))
        return Order(
            id=f"{self._name}-order-{next(self._numbers)}",
            user_id=self.chance.choice(self.shoppers),
            placed_at=datetime.now(UTC) - timedelta(days=self.chance.uniform(0, 12)),
            lines=tuple(OrderLine(product_id=it.id, quantity=1, unit_price=it.price) for it in some),
        )

    def _product(self) -> Product:
        return self.chance.choice(self.products[:300])

    def _rating(self) -> dict[str, object]:
        return {"rating": self.chance.randint(1, 5)}


class Crowd:
    """Clients of one server, each on a connection of its own, until it is gone or they are told to stop.

    `reads` counts the answers to those who only look, by status; `bulk` are the lines that a bulk call has,
    `pace` the seconds that a client rests after an answer.
    """

    def __init__(
        self, market: Market, book: Book, port: int, *, bulk: Sequence[int] = BULK, pace: float = 0
    ) -> None:
        self._market = market
        self._pace = pace
        self._bulk = bulk
        self._book = book
        self._port = port
        self._stopped = False
        self.reads: Counter[int] = Counter()

    async def shop(
        self, *, singles: int = 6, orders: int = 2, bulks: int = 2, sockets: int = 2, readers: int = 0
    ) -> None:
        """Return when every client has stopped."""
        clients = [
            *(self._post(self._singles) for _ in range(singles)),
            *(self._post(self._orders) for _ in range(orders)),
            *(self._post(self._bulks) for _ in range(bulks)),
            *(self._post(self._look) for _ in range(readers)),
            *(self._speak() for _ in range(sockets)),
        ]
        await asyncio.gather(*clients)

    def stop(self) -> None:
        """Let every client end with the answer it waits for."""
        self._stopped = True

    async def _post(self, step: Callable[[Caller], Awaitable[None]]) -> None:
        async with Caller(self._port) as caller:
            while not self._stopped:
                try:
                    await step(caller)
                    await asyncio.sleep(self._pace)
                except Gone:
                    return

    async def _look(self, caller: Caller) -> None:
        shopper = self._market.chance.choice(self._market.shoppers)
        answered = await caller.call("GET", f"/api/recommendations?userId={shopper}&limit=5")
        self.reads[answered.status] += 1
        await asyncio.sleep(PAUSE)

    async def _singles(self, caller: Caller) -> None:
        market, book, roll = self._market, self._book, self._market.chance.random()
        if roll < 0.02:
            await book.send_in_vain(caller, market.mistake(), 404)
        elif roll < 0.08 and book.kept:
            kept = market.chance.choice(book.kept)
            if isinstance(kept.facts[-1], ProductChange):
                return
            if roll < 0.04:
                await book.send_in_vain(caller, market.other_than(kept), 409)
            else:
                await book.send(caller, kept)
        elif roll < 0.12:
            await book.send(caller, market.price())
        else:
            await _heeded(book.send(caller, market.deed()))

    async def _orders(self, caller: Caller) -> None:
        await _heeded(self._book.send(caller, self._market.order()))

    async def _bulks(self, caller: Caller) -> None:
        count = self._market.chance.choice(self._bulk)
        await _heeded(self._book.send_many(caller, [self._market.deed() for _ in range(count)]))

    async def _speak(self) -> None:
        shopper = self._market.chance.choice(self._market.shoppers)
        url = f"ws://127.0.0.1:{self._port}/ws/recommendations?userId={shopper}"
        with contextlib.suppress(OSError, EOFError, websockets.WebSocketException):
            async with connect(url, max_size=None) as socket:
                await socket.recv()
                for deed in self._spoken(shopper):
                    await self._say(socket, deed)
                    await asyncio.sleep(self._pace)

    def _spoken(self, shopper: str) -> Iterator[Deed]:
        """Yield the deeds of one shopper."""
        while not self._stopped:
            fact = self._market.deed().facts[-1]
            yield acted(msgspec.structs.replace(fact, user_id=shopper))

    async def _say(self, socket: Any, deed: Deed) -> None:
        payload = msgspec.json.decode(deed.body)
        del payload["userId"]
        payload["type"] = payload.pop("action")
        self._book.begin(deed)
        await socket.send(
            codec.write({"type": "USER_ACTION", "payload": payload, "requestId": deed.key}).decode()
        )
        while (said := msgspec.json.decode(await socket.recv())).get("requestId") != deed.key:
            pass
        code = said["payload"].get("code")
        if said["type"] == "ACTION_ACK":
            self._book.note(deed, Told.KEPT)
        elif code not in ("UNAVAILABLE", "TOO_MANY_REQUESTS"):
            self._book.wrong.append(f"{code} to {deed.key}")


async def _heeded(sending: Awaitable[Answered]) -> None:
    """Wait for an answer; who is told to come back later does not do so at once."""
    if (await sending).status in (429, 503):
        await asyncio.sleep(PAUSE)
