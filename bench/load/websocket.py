"""A WebSocket from the client's side; no more of it than the load needs."""

import socket
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from bench.load.callers import HOST

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
"""What a frame can be; nobody here sends or gets it in pieces."""

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
SECONDS = 30
"""How long a server may take to answer an upgrade."""

Option: TypeAlias = tuple[int, int, int]


class Frame(NamedTuple):
    """What a server sent."""

    opcode: int
    payload: bytes


def connect(port: int, path: str, options: Sequence[Option] = ()) -> socket.socket:
    """Return a connection that has asked to become a WebSocket; `options` are those of a socket."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    for option in options:
        connection.setsockopt(*option)
    connection.settimeout(SECONDS)
    connection.connect((HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return connection


def greeted(connection: socket.socket) -> bytes:
    """Wait for the upgrade and the first frame, and return what came after it; raise RuntimeError without."""
    got = b""
    while True:
        head, end, rest = got.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"the server refused a WebSocket: {got[:500].decode(errors='replace')}")
        found, rest = frames(rest) if end else ([], b"")
        if found:
            return rest
        more = connection.recv(4_096)
        if not more:
            raise RuntimeError("the server closed a connection instead of greeting it")
        got += more


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
        found.append(Frame(data[start] & 15, data[start + header : end]))
        start = end
    return found, data[start:]


def masked(opcode: int, payload: bytes) -> bytes:
    """Return a frame as a client sends it. Masked with zeros, which leave every byte as it is."""
    size = len(payload)
    length = bytes([128 | size]) if size < 126 else bytes([254]) + size.to_bytes(2)
    return bytes([128 | opcode]) + length + bytes(4) + payload
