"""A server that says the same to everyone: how much the callers can get at all."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import uvloop

from bench.load.callers import HOST
from bench.load.serving import Serving

BODY = b'{"success":true,"data":{"eventProcessed":true}}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class Canned(asyncio.Protocol):
    """Answers whatever arrives in one piece; no request measured here is larger."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Keep the connection."""
        self._transport = transport

    def data_received(self, _: bytes) -> None:
        """Answer."""
        self._transport.write(ANSWER)


@contextmanager
def canned() -> Iterator[Serving]:
    """Run the server in a process of its own, and yield it."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Serving(ours.recv(), process.pid)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    uvloop.run(_listen(pipe))


async def _listen(pipe: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(Canned, HOST, 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
