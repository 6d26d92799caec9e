"""A WebSocket from the client's side; no more of it than the load needs."""

import socket
from collections.abc import Sequence
from typing import TypeAlias

from bench.load.callers import HOST
from tests.service.streaming import KEY, frames

SECONDS = 30
"""How long a server may take to answer an upgrade."""

Option: TypeAlias = tuple[int, int, int]


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
