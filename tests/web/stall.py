"""A small shop, running, with a client to call it; its journal is in memory and its clock stands still."""

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import msgspec
import uvicorn
from litestar.types import ASGIApp

from punnet.alerting import Alerting
from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.handlers.handlers import Handlers
from punnet.handlers.registry import Handler
from punnet.hub import Bounds, Hub
from punnet.journal import Entry, Journal, Kept
from punnet.journal.memory import MemoryJournal
from punnet.market import Fact, Farm, Order, OrderLine, Product
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers
from punnet.protocol.messages import LARGEST_FRAME
from punnet.tail import SECONDS as TAIL_SECONDS
from punnet.tail import Tail
from punnet.watching import GAP, Watching
from punnet.web.answers import SECONDS, Answers
from punnet.web.app import create_app
from punnet.web.doors import Doors
from punnet.web.history import STRETCH_SECONDS, History
from punnet.web.keys import AdminKey
from punnet.web.origins import Origins
from punnet.web.prompt import Counter, HttpWire
from punnet.web.recent import Recent
from punnet.web.shop import Limits, Shop
from punnet.web.wires import WebSocketWire

NOW = 1_760_000_000.0
ADMIN_KEY = "the-key-of-the-stall"

OPENING = (
    Farm(id="hill", name="Hill Farm", latitude=39.1, longitude=-84.5),
    Farm(id="dale", name="Dale Farm"),
    Product(id="tomatoes", name="Tomatoes", farm_id="hill", category="Vegetables", price=4.99, stock=10),
    Product(id="basil", name="Basil", farm_id="hill", category="Herbs", price=3.99),
    Product(id="honey", name="Honey", farm_id="dale", category="Preserved", price=8.0),
)


def order(order_id: str, user_id: str, *products: str) -> Order:
    """Return an order of one of each of the products, a day old."""
    lines = tuple(OrderLine(product_id=product, quantity=1, unit_price=4) for product in products)
    placed_at = datetime.fromtimestamp(NOW - 86_400, UTC)
    return Order(id=order_id, user_id=user_id, placed_at=placed_at, lines=lines)


class SlowJournal(MemoryJournal):
    """A journal that answers some calls at once, and those after them once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.quick = 100
        self.let = asyncio.Event()

    async def append(self, entries: Sequence[Entry]) -> Kept:
        await self._turn()
        return await super().append(entries)

    async def find(self, key: str) -> Fact | None:
        await self._turn()
        return await super().find(key)

    async def _turn(self) -> None:
        self.quick -= 1
        if self.quick < 0:
            await self.let.wait()


@dataclass(frozen=True, slots=True)
class Stall:
    """A shop, the application that serves it, and a client of that."""

    shop: Shop
    app: Counter
    client: httpx.AsyncClient
    journal: Journal

    async def state(self) -> bytes:
        """Return all that the journal holds, and what the engine makes of it."""
        engine = self.shop.engine
        catalogue = engine.catalogue
        farms = [catalogue.farm(catalogue.farms[at]) for at in range(len(catalogue.farms))]
        kept = [record async for batch in self.journal.read() for record in batch.records]
        counted = (engine.order_count, engine.tally.total, engine.shopper_count)
        return msgspec.json.encode((farms, catalogue.listed(), counted, kept))


@asynccontextmanager
async def opened(
    *,
    limits: Limits | None = None,
    journal: Journal | None = None,
    capacity: int = 100,
    connections: int = 100,
    interval: float = 0,
    gap: float = GAP,
    bounds: Bounds | None = None,
    handlers: Sequence[Handler] = (),
    ticking: bool = False,
    admin_key: str = ADMIN_KEY,
    origins: Sequence[str] = (),
    cached: float = SECONDS,
    clock: Callable[[], float] | None = None,
    opening: Sequence[Fact] | None = None,
    monotonic: Callable[[], float] | None = None,
    run: str = "run",
    tail: float = TAIL_SECONDS,
    doors: Doors | None = None,
    noted: float = STRETCH_SECONDS,
) -> AsyncIterator[Stall]:
    """Open a stall with two farms, three products and two orders, or with another `opening`.

    Its clock runs when it is `ticking`.

    Reactions that are not urgent wait `interval` seconds, and news of one list `gap` seconds. Answers are
    given again for as many seconds as they are `cached`. On a journal that is shared, what others write is
    looked for every `tail` seconds, and `run` tells the messages of one from those of another. `doors` tell
    who calls; without them everybody is trusted. What happened is noted every `noted` seconds.
    """
    count = itertools.count(1)
    clock = clock or (time.time if ticking else lambda: NOW)
    journal = journal or MemoryJournal()
    engine, hub = Engine(), Hub(clock, Numbers("epoch", run), connections, bounds=bounds)
    delivery = Delivery(engine, hub, clock, interval=interval)
    alerting, watching = Alerting(engine, hub, clock), Watching(engine, hub, clock, gap=gap)
    own, answers = Handlers(handlers, delivery), Answers(engine, hub.listens, seconds=cached)
    recent = Recent()
    following = answers, delivery, alerting, watching, own, recent
    pipeline = Pipeline(engine, journal, following, clock, capacity, tail=Tail(seconds=tail))
    shop = Shop(
        engine=engine,
        pipeline=pipeline,
        delivery=delivery,
        alerting=alerting,
        watching=watching,
        handlers=own,
        answers=answers,
        recent=recent,
        history=History(pipeline, recent, hub, clock, monotonic or time.perf_counter, seconds=noted),
        journal=journal,
        hub=hub,
        clock=clock,
        new_id=lambda: f"made-{next(count)}",
        limits=limits or Limits(),
        doors=doors or Doors(AdminKey(admin_key), clock),
        origins=Origins(origins),
        began=clock() - 60,
    )
    pipeline.start()
    orders = order("o1", "ann", "tomatoes", "basil"), order("o2", "bob", "tomatoes", "basil")
    facts = (*OPENING, *orders) if opening is None else opening
    await pipeline.submit([(fact,) for fact in facts])
    app = create_app(shop)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stall") as client:
        yield Stall(shop, app, client, journal)
    if pipeline.taking_in:
        await pipeline.stop()


class Server(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, app: ASGIApp, **options: object) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpWire,
                ws=WebSocketWire,
                ws_max_size=LARGEST_FRAME,
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                **options,
            )
        )
        self.listens, self.ends = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    async def main_loop(self) -> None:
        """Go on until it `ends`. uvicorn itself looks only ten times a second whether it should."""
        ticking = asyncio.create_task(super().main_loop())
        await self.ends.wait()
        ticking.cancel()


@asynccontextmanager
async def served(app: ASGIApp, **options: object) -> AsyncIterator[str]:
    """Serve the application with uvicorn and these of its options on a free port, and yield the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    # asyncio leaves this out for a socket it did not make, and then each answer waits for its second half.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = Server(app, **options)
    serving = asyncio.create_task(server.serve([listener]))
    await server.listens.wait()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.ends.set()
        await serving


async def until(happened: Callable[[], bool], patience: float = 5) -> None:
    """Return once something has happened; fail when it does not within `patience` seconds."""
    for _ in range(round(1_000 * patience)):
        if happened():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")
