"""The honest process: shoppers who look around and listen, and a back end that lowers prices."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from itertools import count
from multiprocessing.connection import Connection
from random import Random
from urllib.parse import urlencode

import msgspec
import uvloop

from bench.hostility.judging import ACKS, ALERTS, ANSWERS, Failed, Taken, Told
from bench.hostility.passes import SERVER, SHOPPERS, token
from tests.service.streaming import SocketLine, socket_request

PATIENCE = 5.0
"""Seconds after which an honest shopper gives up, and an alert is lost."""

PACE, ACTIONS_PACE, PRICES_PACE = 2.0, 4.0, 1.0
"""Seconds between two requests of one who looks around, two actions of one who listens, two fallen prices.

They call from one address, and together keep to three quarters of what RATE_LIMIT_ADDRESS allows it.
"""

BARGAIN = 0.009
"""A price that nobody has seen: who has seen a product for less is not told that its price falls."""

VISIT = 5
"""Requests after which a shopper leaves, and comes again on a new connection."""

TOPICS = "price_drops,stock_alerts,new_arrivals"


class Unserved(Exception):
    """An honest request was not answered as it must be."""


class Market(msgspec.Struct):
    """Where the server is, who shops there, what is sold, and the key of the back end."""

    port: int
    shoppers: list[str]
    products: list[str]
    key: str


class Said(msgspec.Struct, rename="camel"):
    """What matters of a message."""

    type: str
    payload: dict[str, object]
    request_id: str = ""


class Diary:
    """Keeps what was asked for, how long it took, and what came to nothing."""

    def __init__(self) -> None:
        self.told = Told()
        self._drops: dict[str, tuple[float, set[str]]] = {}

    async def time(self, kind: str, work: Coroutine[None, None, None]) -> bool:
        """Do some work, and note how long it took; return whether it was done."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await work
        except (OSError, EOFError, TimeoutError, Unserved) as error:
            self.fail(began, kind, str(error) or type(error).__name__)
            return False
        self.told.taken.append(Taken(kind, began, time.monotonic() - began))
        return True

    def fail(self, at: float, kind: str, why: str) -> None:
        """Note that something that began at a time came to nothing."""
        self.told.failed.append(Failed(kind, at, why))

    def price_falls(self, product: str, listeners: set[str]) -> None:
        """Note that these listeners must hear that the price of a product falls."""
        self.forget(product)
        self._drops[product] = time.monotonic(), listeners

    def heard(self, product: str, listener: str) -> None:
        """Note that a listener heard of it."""
        sent, missing = self._drops.get(product, (0.0, set()))
        if listener in missing:
            missing.remove(listener)
            self.told.taken.append(Taken(ALERTS, sent, time.monotonic() - sent))

    def forget(self, product: str) -> None:
        """Note who did not hear of the last change, and expect nothing more of it."""
        sent, missing = self._drops.pop(product, (0.0, set()))
        for _ in missing:
            self.fail(sent, ALERTS, "not heard of")

    def end(self) -> Told:
        """Return all of it; what cannot have been heard of yet counts for nothing."""
        for product, (sent, _) in list(self._drops.items()):
            if time.monotonic() - sent > PATIENCE:
                self.forget(product)
        return self.told


class Browser:
    """A connection that is kept, with what its user shows."""

    def __init__(self, port: int, shown: str) -> None:
        self._port = port
        self._shown = shown
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, body: bytes = b"") -> None:
        """Return once a request is answered with 2xx; raise Unserved, OSError or EOFError where it is not."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: market\r\nAuthorization: Bearer {self._shown}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(SERVER, self._port, local_addr=(SHOPPERS, 0))
            reader, writer = self._streams
            writer.write(head.encode() + body)
            status = await _answered(reader)
        except BaseException:
            self.leave()
            raise
        if status >= 300:
            raise Unserved(f"{method} answered {status}")

    def leave(self) -> None:
        """Hang up; the next call connects anew."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _answered(reader: asyncio.StreamReader) -> int:
    """Read an answer to its end, and return its status."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().splitlines()
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length"))
    await reader.readexactly(length)
    return int(first.split()[1])


class Visitor:
    """A shopper who looks around, and says now and then what they look at."""

    def __init__(self, market: Market, user: str, diary: Diary, chance: Random) -> None:
        self._products = market.products
        self._user = user
        self._browser = Browser(market.port, token(user))
        self._diary = diary
        self._chance = chance

    async def look_around(self) -> None:
        """Go on for good."""
        await asyncio.sleep(self._chance.uniform(0, PACE))
        for number in count(1):
            await self._diary.time(ANSWERS, self._ask() if number % 4 else self._view())
            if number % VISIT == 0:
                self._browser.leave()
            await asyncio.sleep(PACE * self._chance.uniform(0.5, 1.5))

    async def _ask(self) -> None:
        query = {"userId": self._user, "limit": "10"}
        if self._chance.random() < 0.5:
            query["productId"] = self._chance.choice(self._products)
        await self._browser.call("GET", f"/api/recommendations?{urlencode(query)}")

    async def _view(self) -> None:
        viewed = {"entityId": self._chance.choice(self._products), "entityType": "PRODUCT"}
        body = msgspec.json.encode({"userId": self._user, "action": "VIEW_PRODUCT", **viewed})
        await self._browser.call("POST", "/api/recommendations", body)


class Listener:
    """A shopper with a stream, who hears of prices and says now and then what they look at."""

    def __init__(self, market: Market, user: str, diary: Diary, chance: Random) -> None:
        self.there = asyncio.Event()
        self.user = user
        self._port = market.port
        self._products = market.products
        self._diary = diary
        self._chance = chance
        self._acks: dict[str, asyncio.Event] = {}

    async def listen(self) -> None:
        """Go on for good, with a new stream where one ends."""
        while True:
            began = time.monotonic()
            line = SocketLine(
                socket_request(userId=self.user, topics=TOPICS, token=token(self.user)), self._hear
            )
            try:
                await self._stay(line)
            except (OSError, TimeoutError) as error:
                why = str(error) or type(error).__name__
            else:
                why = f"the stream ended with {line.code or line.status}"
            finally:
                line.abort()
            self._diary.fail(began if not self.there.is_set() else time.monotonic(), ACKS, why)
            self.there.clear()
            await asyncio.sleep(PACE)

    async def _stay(self, line: SocketLine) -> None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().create_connection(
                lambda: line, SERVER, self._port, local_addr=(SHOPPERS, 0)
            )
            await self.there.wait()
        for number in count():
            await asyncio.sleep(ACTIONS_PACE * self._chance.uniform(0.5, 1.5))
            if line.ended.is_set():
                return
            await self._diary.time(ACKS, self._act(line, str(number)))

    async def _act(self, line: SocketLine, number: str) -> None:
        viewed = {"entityId": self._chance.choice(self._products), "entityType": "PRODUCT"}
        view = {"type": "USER_ACTION", "payload": {"type": "VIEW_PRODUCT", **viewed}, "requestId": number}
        self._acks[number] = asyncio.Event()
        line.say(msgspec.json.encode(view))
        try:
            await self._acks[number].wait()
        finally:
            del self._acks[number]

    def _hear(self, text: bytes) -> None:
        said = msgspec.json.decode(text, type=Said)
        if said.type == "CONNECTION_ACK":
            self.there.set()
        elif said.type == "ACTION_ACK" and said.request_id in self._acks:
            self._acks[said.request_id].set()
        elif said.type == "PRICE_DROP_ALERT":
            self._diary.heard(str(said.payload["productId"]), self.user)
        elif said.type == "ERROR":
            self._diary.fail(time.monotonic(), ACKS, str(said.payload.get("code")))


class BackEnd:
    """Lowers the price of one product after the other."""

    def __init__(self, market: Market, listeners: list[Listener], diary: Diary) -> None:
        self._products = market.products
        self._listeners = listeners
        self._browser = Browser(market.port, market.key)
        self._diary = diary

    async def lower_prices(self) -> None:
        """Go on for good."""
        for number in count():
            lap, place = divmod(number, len(self._products))
            product, price = self._products[place], BARGAIN / (lap + 1)
            there = {listener.user for listener in self._listeners if listener.there.is_set()}
            self._diary.price_falls(product, there)
            try:
                async with asyncio.timeout(PATIENCE):
                    body = msgspec.json.encode({"price": price})
                    await self._browser.call("PATCH", f"/api/products/{product}", body)
            except (OSError, EOFError, TimeoutError, Unserved) as error:
                self._diary.fail(time.monotonic(), ALERTS, f"the price: {error or type(error).__name__}")
            await asyncio.sleep(PRICES_PACE)


async def shop(market: Market, seed: int, begun: Callable[[], None], stopped: Callable[[], object]) -> Told:
    """Have half of the shoppers listen and the others look around until it is over; return what they saw."""
    diary, chance, half = Diary(), Random(seed), len(market.shoppers) // 2
    listeners = [Listener(market, user, diary, chance) for user in market.shoppers[:half]]
    visitors = [Visitor(market, user, diary, chance) for user in market.shoppers[half:]]
    back_end = BackEnd(market, listeners, diary)
    works = [*(each.listen() for each in listeners), *(each.look_around() for each in visitors)]
    running = [asyncio.create_task(work) for work in works]
    async with asyncio.timeout(60):
        await asyncio.gather(*(each.there.wait() for each in listeners))
    running.append(asyncio.create_task(back_end.lower_prices()))
    begun()
    await asyncio.to_thread(stopped)
    told = diary.end()
    for task in running:
        task.cancel()
    ended = await asyncio.gather(*running, return_exceptions=True)
    broken = [error for error in ended if not isinstance(error, asyncio.CancelledError)]
    if broken:
        raise RuntimeError(f"an honest shopper broke down: {broken[0]!r}")
    return told


def be_honest(pipe: Connection, market: Market, seed: int) -> None:
    """Be the honest process: say that all are there, and report when it is over."""
    pipe.send(uvloop.run(shop(market, seed, lambda: pipe.send("there"), pipe.recv)))
