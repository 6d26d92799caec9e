"""Requests that fall due whether or not those before them were answered, as in a shop."""

import select
import socket
from collections import deque
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from bench.load.callers import HOST, length

CONNECTIONS = 64
PATIENCE = 30
"""Seconds without an answer after which the server counts as stuck."""


class Line:
    """One connection, with at most one request that is not answered."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._got = b""

    def send(self, request: bytes, due: float) -> None:
        """Send what fell due at a time."""
        self.due = due
        self.socket.sendall(request)

    def read(self) -> bool:
        """Read what came, and return whether the answer is whole; raise RuntimeError where it is no good."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server closed a connection")
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end or len(body) < length(head):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self._got[:1000].decode())
        self._got = b""
        return True


def at_pace(port: int, requests: Sequence[bytes], a_second: float, seed: int) -> list[float]:
    """Send the requests as they fall due, and return the ms from when each was due to its answer.

    They fall due at random, so many a second on average. One for which no connection is free waits, and that
    counts; so does any time that this process is late.
    """
    gaps = np.random.default_rng(seed).exponential(1 / a_second, len(requests))
    with select.epoll() as epoll:
        lines = {line.socket.fileno(): line for line in (Line(port) for _ in range(CONNECTIONS))}
        for descriptor in lines:
            epoll.register(descriptor, select.EPOLLIN)
        try:
            dues = (perf_counter() + 0.1 + np.cumsum(gaps)).tolist()
            return _run(epoll, lines, deque(zip(dues, requests, strict=True)))
        finally:
            for line in lines.values():
                line.socket.close()


def _run(epoll: select.epoll, lines: dict[int, Line], coming: deque[tuple[float, bytes]]) -> list[float]:
    free, times, count = deque(lines.values()), [], len(coming)
    last = perf_counter()
    while len(times) < count:
        now = perf_counter()
        while coming and free and coming[0][0] <= now:
            due, request = coming.popleft()
            free.popleft().send(request, due)
        # Never asleep: the kernel wakes nobody up as exactly as this.
        for descriptor, _ in epoll.poll(0):
            line = lines[descriptor]
            if line.read():
                last = perf_counter()
                times.append((last - line.due) * 1e3)
                free.append(line)
        if now - last > PATIENCE:
            raise RuntimeError(f"{count - len(times):,} requests were not answered")
    return times
