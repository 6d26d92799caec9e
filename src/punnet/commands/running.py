"""`punnet serve` and `punnet demo`: a market until somebody ends it."""

import asyncio
import secrets
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TypeAlias

import click
import msgspec

from punnet.bootstrap import build, greeting, running, serve
from punnet.commands.terminal import line_that_changes, meanwhile
from punnet.demo import market as demo_market
from punnet.demo.farmers import Farmers
from punnet.demo.market import DemoMarket
from punnet.demo.opening import open_market
from punnet.demo.shoppers import Shoppers
from punnet.handlers.registry import load
from punnet.settings import Settings
from punnet.sockets import beside, bind, bind_streams, reserved
from punnet.workers import Workers, end_with_parent

READING = "Reading the journal …"

Listening: TypeAlias = tuple[socket.socket, socket.socket | None]
"""Where calls come in, and where streams alone do, if anywhere."""


async def serve_market(settings: Settings) -> None:
    """Serve the market of a journal until SIGINT or SIGTERM."""
    with bind(settings) as listener, bind_streams(settings) as streams:
        await _serve(settings, lambda: (listener, streams))


async def serve_as_worker(settings: Settings, descriptors: Sequence[int]) -> None:
    """Serve it on addresses that are reserved, until the process that looks after this one is gone, too."""
    end_with_parent()
    with ExitStack() as stack:
        kept = [stack.enter_context(socket.socket(fileno=each)) for each in descriptors]

        def listen() -> Listening:
            listener, *others = [stack.enter_context(beside(each)) for each in kept]
            return listener, others[0] if others else None

        await _serve(settings, listen)


async def serve_with_workers(settings: Settings, environment: Mapping[str, str]) -> int:
    """Have several processes serve it, which find the settings in `environment`, and return an exit code."""
    with ExitStack() as stack:
        bound = (stack.enter_context(each) for each in (bind(settings), bind_streams(settings)))
        kept = [stack.enter_context(reserved(each)) for each in bound if each is not None]
        descriptors = [each.fileno() for each in kept]
        as_worker = ("--worker", ",".join(map(str, descriptors)))
        command = (sys.executable, "-m", "punnet", "serve", *as_worker)
        workers = Workers(command, environment, descriptors, settings.workers)
        return await workers.run(lambda line: click.echo(f"{line} · {settings.workers} processes"))


async def _serve(settings: Settings, listen: Callable[[], Listening]) -> None:
    with meanwhile(READING):
        server = await build(settings, handlers=load(settings.handlers))
    async with running(server):
        # Not before it can take callers: the kernel would deal some to it who then wait until it can.
        listener, streams = listen()
        if key := await server.shop.doors.first_key():
            click.echo(f"The first key, for the administrator; it is not shown again: {key}", err=True)
        click.echo(greeting(server, listener))
        await serve(server, listener, streams)


async def serve_demo(settings: Settings, count: int) -> None:
    """Serve the demo market with so many shoppers until SIGINT or SIGTERM.

    Where no admin key is set, one is made for this run and told, so that the dashboard can be tried.
    """
    made = "" if settings.admin_secret_key else secrets.token_urlsafe(9)
    settings = msgspec.structs.replace(settings, admin_secret_key=settings.admin_secret_key or made)
    with bind(settings) as listener, bind_streams(settings) as streams:
        with meanwhile(READING):
            server = await build(settings, handlers=load(settings.handlers))
        async with running(server) as shop:
            market, today = demo_market.load(), datetime.fromtimestamp(shop.clock(), UTC)
            with line_that_changes() as show:
                new = await open_market(market, shop.engine, shop.pipeline, today, _opening(show, market))
            coming = demo_market.coming(market, today, demo_market.shoppers(market)[:count])
            shoppers = Shoppers(shop.engine, shop.pipeline, shop.clock, coming)
            changes = [change for _, change in demo_market.price_changes(market, today)] if count else []
            farmers = Farmers(shop.engine, shop.pipeline, changes)
            click.echo(f"The demo market has {shop.engine.order_count:,} orders, {new:,} of them new.")
            if made:
                click.echo(f"The dashboard is at /admin; its admin key, for this run: {made}")
            click.echo(greeting(server, listener))
            async with asyncio.TaskGroup() as beside:
                bustle = [beside.create_task(shoppers.run()), beside.create_task(farmers.run())]
                await serve(server, listener, streams)
                for task in bustle:
                    task.cancel()


def _opening(show: Callable[[str], None], market: DemoMarket) -> Callable[[int], None]:
    """Return what shows how many orders the market that opens has so far."""
    whole = market.about.baskets
    return lambda done: show(f"Opening the demo market … {done:,} of {whole:,} orders")
