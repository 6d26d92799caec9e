"""The line between a browser and a server, which can be cut."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Self

from tests.client.relay import Relay


class Line:
    """An address of its own that leads to the server at `target` on this machine, while it is not cut."""

    def __init__(self, target: str) -> None:
        self._relay = Relay(int(target.rpartition(":")[2]))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._server: asyncio.Server | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]

    @property
    def address(self) -> str:
        """Where a browser finds the server."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break every connection, and let no other begin."""
        self._do(self._cut())

    def mend(self) -> None:
        """Let connections through again."""
        self._do(self._mend())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _mend(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self._port)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._relay.cut()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._relay.serve(reader, writer)
        finally:
            writer.transport.abort()
