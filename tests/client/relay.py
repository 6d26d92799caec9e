"""A line between a client and a server that can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

Handle: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Relay:
    """Passes on what comes to `port`, to and from another port, which may become another one.

    The next `swallowed` answers are lost with their connections, after the server has given them.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.swallowed = 0
        self._passing: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one connection brings, until either side hangs up."""
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            ways = (self._pass(reader, back, answers=False), self._pass(there, writer, answers=True))
            sides = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for side in sides:
                    side.cancel()
                await asyncio.gather(*sides, return_exceptions=True)
                await _closed(back)
        self._passing.discard(task)

    async def cut(self) -> None:
        """Cut all connections."""
        for task in list(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while piece := await reader.read(1 << 16):
            if answers and self.swallowed:
                self.swallowed -= 1
                return
            writer.write(piece)
            await writer.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def listening(handle: Handle) -> AsyncIterator[int]:
    """Hand each connection over, close it afterwards, and yield the port; at the end nothing is left open."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        finally:
            await _closed(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def relayed(target: int) -> AsyncIterator[Relay]:
    """Yield a relay to a port of this machine."""
    relay = Relay(target)
    async with listening(relay.serve) as relay.port:
        try:
            yield relay
        finally:
            await relay.cut()
