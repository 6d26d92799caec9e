"""Builds a server from its settings and runs it; the only module that knows all others."""

import ipaddress
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.errors import BadSetting
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.pipeline import Pipeline
from punnet.protocol.messages import LARGEST_FRAME, Frames
from punnet.settings import MEMORY, Settings
from punnet.web.app import create_app
from punnet.web.keys import AdminKey
from punnet.web.routes import ROUTES
from punnet.web.shop import Limits, Shop

SECONDS_TO_FINISH = 5
"""How long requests that are being answered may keep a server from stopping."""


STATISTICS = "/api/recommendations/stats"
"""What ENABLE_STATS_ENDPOINT is about."""

BACKLOG = 2_048
"""Callers who may wait to be let in."""


@dataclass(frozen=True, slots=True)
class Server:
    """A market with everything around it: `replayed` records came from its journal, in `seconds`."""

    settings: Settings
    shop: Shop
    journal: Journal
    replayed: int
    seconds: float


async def build(settings: Settings, clock: Callable[[], float] = time.time) -> Server:
    """Return the server that `settings` ask for, its engine brought up to its journal.

    Raises BadSetting or BadFile with a sentence where that cannot be.
    """
    journal = await _journal(settings)
    try:
        shop = _shop(settings, journal, clock)
        began = time.perf_counter()
        replayed = await shop.pipeline.replay()
    except BaseException:
        await journal.close()
        raise
    return Server(settings, shop, journal, replayed, time.perf_counter() - began)


async def _journal(settings: Settings) -> Journal:
    if settings.database_url == MEMORY:
        return MemoryJournal()
    if settings.database is None:
        return await PostgresJournal.open(settings.database_url)
    return await SqliteJournal.open(settings.database)


def _shop(settings: Settings, journal: Journal, clock: Callable[[], float]) -> Shop:
    def new_id() -> str:
        # Later ids sort later, so that the journal's index grows at its end.
        return f"{int(clock() * 1000):012x}{secrets.token_hex(10)}"

    engine = Engine(settings.tuning)
    hub = Hub(clock, settings.max_concurrent_connections)
    frames = Frames(epoch=secrets.token_hex(6))
    delivery = Delivery(
        engine,
        hub,
        frames,
        clock,
        interval=settings.recommendation_processing_interval / 1000,
        group=settings.recommendation_batch_size,
    )
    pipeline = Pipeline(engine, journal, delivery, clock, settings.event_queue_max_size)
    limits = Limits(
        body_bytes=settings.max_body_bytes,
        bulk_bytes=settings.max_bulk_bytes,
        journal_seconds=settings.recommendation_timeout / 1_000,
    )
    key = AdminKey(settings.admin_secret_key)
    return Shop(engine, pipeline, delivery, journal, hub, frames, clock, new_id, limits, key, began=clock())


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Shop]:
    """Take facts in; at the end finish what was taken in and close the journal."""
    pipeline = server.shop.pipeline
    try:
        pipeline.start()
        yield server.shop
    finally:
        server.shop.hub.close()
        await pipeline.stop()
        await server.journal.close()


def bind(settings: Settings) -> socket.socket:
    """Return a socket that holds the address to listen on; raise BadSetting where it cannot be had."""
    host, port = settings.host, settings.port
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Python says the address once more, in brackets.
        why = str(error.strerror).partition(" (")[0]
        raise BadSetting(
            f"Punnet cannot listen on {host} port {port}: {why}; set HOST and PORT to others"
        ) from None


def greeting(server: Server, listener: socket.socket) -> str:
    """Return what is said when the server starts."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    reach = (
        "keep it to this machine"
        if ipaddress.ip_address(host).is_loopback
        else "everyone who reaches this address can act as anyone: keep it to a network you trust"
    )
    return (
        f"Punnet listens on http://{shown}:{port} · {server.replayed:,} records replayed in "
        f"{server.seconds:.1f} s · AUTH_MODE=open, userId is trusted: {reach}"
    )


async def serve(server: Server, listener: socket.socket) -> None:
    """Answer on `listener` until SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal again once it has stopped; by then there is nothing left to stop.
        signal.signal(number, lambda *_: None)
    settings = server.settings
    routes = [route for route in ROUTES if settings.enable_stats_endpoint or route.path != STATISTICS]
    config = uvicorn.Config(
        create_app(server.shop, routes=routes, ws_path=settings.ws_path),
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    await uvicorn.Server(config).serve(sockets=[listener])
