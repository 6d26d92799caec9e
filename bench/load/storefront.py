"""Our server around a made market, on several ports of one process.

    python bench/load/storefront.py [--quick]

Prints as JSON the port where answers are computed each time, the one where they are given as the server does
it when it is started without any setting, and the one of an application that always says the same: what was
posted to it last, over ASGI, and at AT_ONCE past ASGI. All have the same engine, and the same uvicorn.
"""

import argparse
import json
import socket
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from litestar.types import HTTPScope, Receive, Scope, Send

from bench.load.callers import HOST
from bench.measuring.sizes import Size, filled
from punnet.bootstrap import BACKLOG, build, listen, running
from punnet.engine.engine import Engine
from punnet.settings import Settings
from punnet.web.answers import Answers
from punnet.web.app import create_app
from punnet.web.exchange import Sent, read_body, send_response
from punnet.web.prompt import AtOnce, Counter
from punnet.web.shop import Shop

AT_ONCE = "/at-once"
LARGEST = 1 << 20


class Clock:
    """The time of a market, which stands at a moment of its own when it opens."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the seconds since 1970 there."""
        return time.time() + self._ahead

    def open_at(self, now: float) -> None:
        """Have it be `now`."""
        self._ahead = now - time.time()


def canned() -> Counter:
    """Return an application that says what was posted to it last."""
    answers: list[Sent] = []

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = await read_body(scope, receive, LARGEST, in_lines=False)
            answers[:] = [_sent(body)]
        await send_response(send, answers[0])

    return Counter(serve, {AT_ONCE.encode(): lambda _: answers[0]})


def _sent(body: bytes) -> Sent:
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private, max-age=60"),
        (b"x-request-id", b"019b0a6f2d80d2b8e6a9c0f1e2d3c4b5"),
    )
    return Sent(200, body, headers)


def by_port(counters: dict[int, Counter]) -> Counter:
    """Return an application that is another one on each port."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await counters[scope["server"][1]](scope, receive, send)

    def at(path: bytes) -> AtOnce:
        def answer(scope: HTTPScope) -> Sent | None:
            chosen = counters[scope["server"][1]].at_once.get(path)
            return None if chosen is None else chosen(scope)

        return answer

    paths = {path for counter in counters.values() for path in counter.at_once}
    return Counter(serve, {path: at(path) for path in paths})


def fill(engine: Engine, size: Size) -> float:
    """Have the engine hold the market, as after a restart, and return the moment at which it stands."""
    market = size.made()
    engine.__dict__.update(filled(market)[0].__dict__)
    return market.seconds


async def main(size: Size) -> None:
    """Serve until the process is ended."""
    clock = Clock()
    server = await build(Settings(database_url="memory:"), clock)
    clock.open_at(fill(server.shop.engine, size))
    async with running(server) as shop:
        with ExitStack() as stack:
            sockets = [
                stack.enter_context(socket.create_server((HOST, 0), backlog=BACKLOG)) for _ in range(3)
            ]
            ports = [listener.getsockname()[1] for listener in sockets]
            apps = create_app(_without_cache(shop)), create_app(shop), canned()
            print(json.dumps(dict(zip(("computed", "shipped", "canned"), ports, strict=True))), flush=True)
            await listen(by_port(dict(zip(ports, apps, strict=True))), shop, sockets)


def _without_cache(shop: Shop) -> Shop:
    return replace(shop, answers=Answers(shop.engine, shop.hub.listens, seconds=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market")
    uvloop.run(main(Size().tenth() if parser.parse_args().quick else Size()))
