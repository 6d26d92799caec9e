"""Clients of a stream, down to its bytes: what they get and what they send can be cut anywhere."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

HOST = "127.0.0.1"
KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: who closes the socket resets the connection."""

MOST_HELD = 1 << 16
"""Bytes that a piece has which arrives at once."""


class Frame(NamedTuple):
    """A frame that a server sent, with its first byte: the opcode, and 128 where it is whole."""

    first: int
    payload: bytes


def masked(opcode: int, payload: bytes, *, first: int = 0x80, key: bytes = bytes(4)) -> bytes:
    """Return a frame as a client sends it; `first` are the bits beside the opcode."""
    size = len(payload)
    if size < 126:
        length = bytes([128 | size])
    elif size < 1 << 16:
        length = b"\xfe" + size.to_bytes(2)
    else:
        length = b"\xff" + size.to_bytes(8)
    if any(key):
        long_key = key * (size // 4 + 1)
        payload = bytes(a ^ b for a, b in zip(payload, long_key, strict=False))
    return bytes([first | opcode]) + length + key + payload


def frames(data: bytes) -> tuple[list[Frame], bytes]:
    """Return the whole frames at the beginning of `data`, and the rest."""
    found, start = [], 0
    while len(data) - start >= 2:
        size, header = data[start + 1], 2
        if size >= 126:
            header = 4 if size == 126 else 10
            size = int.from_bytes(data[start + 2 : start + header])
        end = start + header + size
        if len(data) < start + header or len(data) < end:
            break
        found.append(Frame(data[start], data[start + header : end]))
        start = end
    return found, data[start:]


def chunks(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole chunks at the beginning of a body in chunks, and the rest."""
    found, start = [], 0
    while (end := data.find(b"\r\n", start)) >= 0:
        begin = end + 2
        size = int(data[start:end], 16)
        if len(data) < begin + size + 2:
            break
        found.append(data[begin : begin + size])
        start = begin + size + 2
    return found, data[start:]


class Line(asyncio.Protocol):
    """A connection that is taken apart here; `hear` gets every message that arrived whole.

    `status` is what the request was answered with, `ended` is set at the end, `wrong` are breaches of the
    protocol, and `code` is why a server closed a WebSocket.
    """

    def __init__(self, request: bytes, hear: Callable[[bytes], None]) -> None:
        self.hear = hear
        self.ended = asyncio.Event()
        self.status = 0
        self.code: int | None = None
        self.wrong: list[str] = []
        self._request = request
        self._rest = b""
        self._share: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._share is not None:
            data = data[: int(len(data) * self._share)]
        self._rest += data
        if not self.status:
            self._begin()
        if self.status in (101, 200):
            self._rest = self._take(self._rest)
        if self._share is not None:
            self.abort()

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set()

    def abort(self) -> None:
        """Reset the connection; what was not read is lost."""
        if not self.ended.is_set():
            # A connection that the other side has just reset has no options any more.
            with contextlib.suppress(OSError):
                self.transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE
                )
            self.transport.abort()

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self.transport.close()

    def tear(self, share: float) -> None:
        """Read only a share of what comes next, most likely to the middle of a message, and abort."""
        self._share = share

    def _write(self, data: bytes) -> None:
        # The other side may just have gone, and uvloop refuses to write to whom it has closed.
        if not (self.ended.is_set() or self.transport.is_closing()):
            self.transport.write(data)

    def _begin(self) -> None:
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end:
            self.status, self._rest = int(head.split(maxsplit=2)[1]), rest

    def _take(self, data: bytes) -> bytes:
        raise NotImplementedError


class SocketLine(Line):
    """A WebSocket."""

    def say(self, text: bytes) -> None:
        """Send a message."""
        self._write(masked(TEXT, text))

    def say_half(self, text: bytes) -> None:
        """Send the first half of a message, and abort."""
        frame = masked(TEXT, text)
        self._write(frame[: len(frame) // 2])
        self.abort()

    def say_goodbye(self) -> None:
        """Begin to close; what arrives until the other side does so too still counts."""
        self._write(masked(CLOSE, (1000).to_bytes(2)))

    def _take(self, data: bytes) -> bytes:
        found, rest = frames(data)
        for first, payload in found:
            if first == 0x80 | TEXT:
                self.hear(payload)
            elif first == 0x80 | PING:
                self.transport.write(masked(PONG, payload))
            elif first == 0x80 | CLOSE:
                self.code = int.from_bytes(payload[:2])
                self.transport.write(masked(CLOSE, payload[:2]))
                self.transport.close()
            elif first != 0x80 | PONG:
                self.wrong.append(f"a frame that begins with {first:#x}")
        return rest


class EventsLine(Line):
    """A stream of server-sent events."""

    def _take(self, data: bytes) -> bytes:
        found, rest = chunks(data)
        for event in found:
            if event in (b":\n\n", b""):
                continue
            name, _, said = event.partition(b"\n")
            message = said.removeprefix(b"data: ").removesuffix(b"\n\n")
            if name.removeprefix(b"id: ") != message[-len(name) + 2 : -2]:
                self.wrong.append(f"an event whose id is not its messageId: {event[:80]!r}")
            self.hear(message)
        return rest


def socket_request(**query: str) -> bytes:
    """Return the request that opens a WebSocket."""
    return upgrade(f"/ws/recommendations?{urlencode(query)}")


def upgrade(path: str) -> bytes:
    """Return the request for an upgrade of a path."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: market\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def events_request(last: str = "", **query: str) -> bytes:
    """Return the request that opens a stream of events, after the event whose id is `last`."""
    told = f"Last-Event-ID: {last}\r\n" if last else ""
    path = f"/api/recommendations/stream?{urlencode(query)}"
    return f"GET {path} HTTP/1.1\r\nHost: market\r\nAccept: text/event-stream\r\n{told}\r\n".encode()


async def connected(port: int, line: Line) -> None:
    """Connect a line; raise OSError where nobody listens."""
    await asyncio.get_running_loop().create_connection(lambda: line, HOST, port)
