"""A client of a real server that knows when an answer never came, and costs little."""

import asyncio
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

JSON = "application/json"
LINES = "application/x-ndjson"


class Gone(Exception):
    """The server went away before it answered."""


class Answered(NamedTuple):
    """An answer."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def data(self) -> Any:
        """What stands under `data`."""
        return msgspec.json.decode(self.body)["data"]


class Caller:
    """One kept connection, one call at a time; it connects anew after a loss."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    async def call(self, method: str, path: str, body: bytes = b"", kind: str = JSON) -> Answered:
        """Return the answer to one request. Raises Gone when the connection ends before that."""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: market\r\ncontent-type: {kind}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._host, self._port)
            reader, writer = self._streams
            writer.write(head.encode() + body)
            return await _read(reader)
        except (OSError, EOFError) as error:
            self._close()
            raise Gone(str(error)) from error
        except asyncio.CancelledError:
            self._close()
            raise

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> Answered:
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    body = await reader.readexactly(int(headers[b"content-length"]))
    return Answered(int(first.split()[1]), headers, body)
