"""Builds a server from its settings and runs it; the only module that knows all others."""

import asyncio
import gc
import ipaddress
import os
import random
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

import uvicorn
from redis.asyncio import Redis

from punnet.alerting import Alerting
from punnet.bell import Bell
from punnet.compiling import prepare_loops
from punnet.delivery import Delivery
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.errors import BadFile, BadSetting
from punnet.handlers.handlers import Handlers
from punnet.handlers.registry import Handler
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.mail import Mailer, Relay, letter_for
from punnet.opening import open_doors, open_journal, reading, snapshots_of
from punnet.pipeline import Follower, Pipeline
from punnet.protocol.frames import Numbers
from punnet.protocol.messages import LARGEST_FRAME
from punnet.protocol.thanks import Sender
from punnet.settings import TOKEN, Settings
from punnet.snapshots import Restored, header_of, restore
from punnet.snapshotting import Snapshotting
from punnet.sockets import allow_many
from punnet.tail import Tail
from punnet.telemetry import Ingestion, Telemetry
from punnet.watching import Watching
from punnet.web.answers import Answers
from punnet.web.app import create_app, streams_only
from punnet.web.doors import Doors
from punnet.web.history import History
from punnet.web.metrics import ShopCollector
from punnet.web.origins import Origins
from punnet.web.prompt import Counter, HttpWire
from punnet.web.recent import Recent
from punnet.web.routes import ROUTES
from punnet.web.shared_answers import SharedAnswers
from punnet.web.shop import Limits, Shop
from punnet.web.wires import WebSocketWire

if TYPE_CHECKING:
    from uvicorn._types import ASGIApplication

SECONDS_TO_FINISH = 5
"""How long requests that are being answered may keep a server from stopping."""


STATISTICS = "/api/recommendations/stats"
"""What ENABLE_STATS_ENDPOINT is about."""

NEW_OBJECTS = 50_000
"""Objects made before the garbage collector looks among them; a bulk call of 1,000 makes and drops 20,000."""

CHANCE = random.Random(secrets.randbits(256))
"""What tells ids of the same millisecond apart: each request has one, and the kernel's own chance is slow."""


@dataclass(frozen=True, slots=True)
class Server:
    """A market with everything around it.

    It took `seconds` to restore what is in its journal: `records` from the snapshot, the rest `replayed`.
    """

    settings: Settings
    shop: Shop
    journal: Journal
    bell: Bell | None
    telemetry: Telemetry | None
    records: int
    replayed: int
    seconds: float


class Snapped(NamedTuple):
    """A snapshot that was made: of what position, how large, in how many seconds."""

    last: int
    size: int
    seconds: float


async def build(
    settings: Settings, clock: Callable[[], float] = time.time, handlers: Sequence[Handler] = ()
) -> Server:
    """Return the server that `settings` ask for, its engine brought up to its journal.

    From then on it calls `handlers`. Raises BadSetting or BadFile with a sentence where that cannot be.
    """
    async with AsyncExitStack() as opened:
        journal = await open_journal(settings)
        opened.push_async_callback(journal.close)
        began = time.perf_counter()
        prepare_loops()
        restored = await restore(journal, snapshots_of(settings), settings.tuning)
        restored.engine.prepare()
        seconds = time.perf_counter() - began
        bell = Bell(settings.redis_url, journal.identity) if settings.redis_url else None
        doors = await open_doors(settings, clock, journal.identity)
        opened.push_async_callback(doors.stop)
        shop = _shop(settings, journal, bell, doors, restored, clock, handlers)
        # From here on they are the server's.
        opened.pop_all()
    telemetry = _telemetry(settings, shop)
    return Server(settings, shop, journal, bell, telemetry, restored.records, restored.replayed, seconds)


async def snap(settings: Settings) -> Snapped:
    """Make a snapshot of the journal, also while a server writes to it.

    Raises BadSetting or BadFile with a sentence where that cannot be; where somebody is erased meanwhile,
    no snapshot is left.
    """
    snapshots, began = snapshots_of(settings), time.perf_counter()
    if snapshots is None:
        raise BadSetting("a journal in memory has no snapshot; name a file in DATABASE_URL")
    async with reading(settings) as journal:
        restored = await restore(journal, snapshots, settings.tuning)
        size = snapshots.save(header_of(restored, journal), snapshot.dump(restored.engine))
    async with reading(settings) as again:
        if again.erasures != journal.erasures:
            snapshots.delete()
            raise BadFile("somebody was erased meanwhile, so that the snapshot was deleted; make it again")
    return Snapped(restored.last, size, time.perf_counter() - began)


def _snapshotting(settings: Settings, journal: str, restored: Restored) -> Snapshotting | None:
    snapshots = snapshots_of(settings)
    if snapshots is None:
        return None
    told = {"DATABASE_URL": settings.database_url, "SNAPSHOT_FILE": settings.snapshot_file}
    command = (sys.executable, "-m", "punnet", "snapshot", "--nice", "10")
    return Snapshotting(
        snapshots,
        command,
        os.environ | told,
        journal=journal,
        every=settings.snapshot_records,
        snapped=restored.last - restored.replayed,
    )


def _shop(
    settings: Settings,
    journal: Journal,
    bell: Bell | None,
    doors: Doors,
    restored: Restored,
    clock: Callable[[], float],
    handlers: Sequence[Handler],
) -> Shop:
    engine = restored.engine
    hub = Hub(clock, Numbers(journal.identity, secrets.token_hex(3)), settings.max_concurrent_connections)
    delivery = _delivery(settings, engine, hub, clock)
    alerting, watching = Alerting(engine, hub, clock), Watching(engine, hub, clock)
    own = Handlers(handlers, delivery, settings.recommendation_timeout / 1_000)
    answers = Answers(engine, hub.listens, seconds=settings.result_cache_seconds)
    recent = Recent()
    # The answers first: whatever becomes of the others, what has changed is not given again.
    shared = _shared_answers(settings, journal, lambda: pipeline.position)
    following = *(() if shared is None else (shared,)), answers, delivery, alerting, watching, recent
    pipeline = _pipeline(settings, journal, bell, restored, clock, following, (own,))
    return Shop(
        engine=engine, pipeline=pipeline, delivery=delivery, alerting=alerting, watching=watching,
        handlers=own, answers=answers, recent=recent, journal=journal, hub=hub, clock=clock,
        history=History(pipeline, recent, hub, clock, seconds=settings.stats_update_interval / 1_000),
        new_id=partial(_new_id, clock), limits=_limits(settings), began=clock(),
        doors=doors, origins=Origins(settings.origins),
        mailer=_mailer(settings, engine, journal, pipeline.letters_came, clock), shared=shared,
    )  # fmt: skip


def _shared_answers(
    settings: Settings, journal: Journal, position: Callable[[], int]
) -> SharedAnswers | None:
    if not settings.redis_cache:
        return None
    redis = Redis.from_url(settings.redis_url)
    return SharedAnswers(redis, journal.identity, position, settings.redis_ttl)


def _new_id(clock: Callable[[], float]) -> str:
    """Return an id that nobody has; later ones sort later, so that the journal's index grows at its end."""
    return f"{int(clock() * 1000):012x}{CHANCE.getrandbits(80):020x}"


def _delivery(settings: Settings, engine: Engine, hub: Hub, clock: Callable[[], float]) -> Delivery:
    seconds = settings.recommendation_processing_interval / 1_000
    group = settings.recommendation_batch_size
    return Delivery(engine, hub, clock, interval=seconds, group=group)


def _pipeline(
    settings: Settings,
    journal: Journal,
    bell: Bell | None,
    restored: Restored,
    clock: Callable[[], float],
    following: Sequence[Follower],
    handling: Sequence[Follower],
) -> Pipeline:
    return Pipeline(
        restored.engine,
        journal,
        following,
        clock,
        settings.event_queue_max_size,
        partial(letter_for, restored.engine) if settings.smtp_url else None,
        handling=handling,
        position=restored.last,
        snapshotting=_snapshotting(settings, journal.identity, restored),
        tail=Tail(bell, settings.tail_interval / 1_000),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        body_bytes=settings.max_body_bytes,
        bulk_bytes=settings.max_bulk_bytes,
        journal_seconds=settings.recommendation_timeout / 1_000,
    )


def _telemetry(settings: Settings, shop: Shop) -> Telemetry | None:
    if not settings.appinsights_connection_string:
        return None
    ingestion = Ingestion.of(settings.appinsights_connection_string)
    seconds = settings.stats_update_interval / 1_000
    return Telemetry(ingestion, ShopCollector(shop).collect, seconds, shop.clock)


def _mailer(
    settings: Settings, engine: Engine, journal: Journal, came: asyncio.Event, clock: Callable[[], float]
) -> Mailer | None:
    if not settings.smtp_url:
        return None
    relay, sender = Relay.of(settings.smtp_url), Sender(settings.mail_shop, settings.mail_from)
    return Mailer(engine, journal, relay, sender, came, clock)


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Shop]:
    """Take facts in; at the end finish what was taken in and close the journal."""
    shop = server.shop
    beside = [each for each in (server.bell, shop.mailer, server.telemetry) if each is not None]
    try:
        shop.doors.start()
        shop.pipeline.start()
        shop.history.start()
        for each in beside:
            each.start()
        yield shop
    finally:
        await asyncio.gather(shop.pipeline.stop(), *(each.stop() for each in beside))
        await shop.history.stop()
        shop.hub.close()
        await shop.doors.stop()
        await server.journal.close()


def greeting(server: Server, listener: socket.socket) -> str:
    """Return what is said when the server starts."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    replayed = f"{server.replayed:,} records replayed"
    if server.records:
        replayed = f"{server.records:,} records from the snapshot, {server.replayed:,} replayed"
    return (
        f"Punnet listens on http://{shown}:{port} · {replayed} in {server.seconds:.1f} s · "
        f"{_trust(server.settings, host)}"
    )


def _trust(settings: Settings, host: str) -> str:
    """Return whom a server on an address believes what."""
    if settings.auth_mode == TOKEN:
        return "AUTH_MODE=token, shoppers show a token and programs a key"
    reach = (
        "keep it to this machine"
        if ipaddress.ip_address(host).is_loopback
        else "everyone who reaches this address can act as anyone: keep it to a network you trust"
    )
    return f"AUTH_MODE=open, userId is trusted: {reach}"


async def serve(server: Server, listener: socket.socket, streams: socket.socket | None = None) -> None:
    """Answer on `listener`, and the WebSocket on `streams` too, until SIGINT or SIGTERM."""
    settings = server.settings
    counted = settings.enable_stats_endpoint
    routes = [route for route in ROUTES if counted or route.path != STATISTICS]
    app = create_app(server.shop, routes=routes, ws_path=settings.ws_path, metrics=counted)
    if streams is not None:
        app = streams_only(app, streams.getsockname()[1], server.shop.new_id)
    await listen(app, server.shop, [listener] if streams is None else [listener, streams])


async def listen(app: Counter, shop: Shop, sockets: list[socket.socket]) -> None:
    """Serve an application of `shop` on all `sockets` until SIGINT or SIGTERM."""
    allow_many()
    # What is there at the start stays: the garbage collector need not walk over it, however large it is.
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    uvicorn_server = _Uvicorn(_config(app), shop)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Before uvicorn listens to them itself, and when it raises them again once it has stopped.
        signal.signal(number, lambda *_: uvicorn_server.stop())
    await uvicorn_server.serve(sockets=sockets)


def _config(app: Counter) -> uvicorn.Config:
    return uvicorn.Config(
        cast("ASGIApplication", app),
        http=HttpWire,
        ws=WebSocketWire,
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        # Each stream pings by itself, together with its heartbeat.
        ws_ping_interval=None,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        # TRUSTED_PROXIES says whose are believed.
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )


class _Uvicorn(uvicorn.Server):
    """Gives those who listen what waits for them before it closes their connections."""

    def __init__(self, config: uvicorn.Config, shop: Shop) -> None:
        super().__init__(config)
        self._shop = shop

    def stop(self) -> None:
        """Have `serve` return, once it has begun or before."""
        self._shop.hub.retiring = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything, within about twice SECONDS_TO_FINISH."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_FINISH):
                await self._shop.delivery.flush()
                await self._shop.alerting.flush()
                self._shop.hub.close()
                await self._shop.hub.emptied()
        await super().shutdown(sockets)
