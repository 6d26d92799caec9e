"""Callers that keep one connection each and send the next request when the last one is answered."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import uvloop

HOST = "127.0.0.1"


@dataclass(slots=True)
class Run:
    """What the callers of one run still have to send, and what they saw; seconds from request to answer."""

    requests: deque[bytes]
    expected: bytes
    finished: asyncio.Future[None]
    open: int = 0
    times: list[float] = field(default_factory=list)

    def fail(self, why: str) -> None:
        """End the run: a figure of anything but good answers means nothing."""
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(why))


class Caller(asyncio.Protocol):
    """One connection: the requests go out as they are, of the answers only status and length are read."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._got = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Send the first request."""
        self._transport = transport
        self._run.open += 1
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take the next piece of an answer; when it is whole, look at it and send the next request."""
        self._got = self._got + data if self._got else data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end or len(body) < length(head):
            return
        if not head.startswith(b"HTTP/1.1 200") or self._run.expected not in body[:80]:
            self._run.fail(self._got[:1000].decode())
        self._run.times.append(time.perf_counter() - self._began)
        self._got = b""
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        """End the run where the server hangs up."""
        self._run.fail("the server closed a connection")

    def _send(self) -> None:
        run = self._run
        if run.requests:
            self._began = time.perf_counter()
            self._transport.write(run.requests.popleft())
            return
        run.open -= 1
        if not run.open and not run.finished.done():
            run.finished.set_result(None)


def call(
    port: int, requests: Iterable[bytes], connections: int, expected: bytes = b""
) -> tuple[float, list[float]]:
    """Send all `requests` over so many connections; return the seconds it took, and those of each request.

    Every answer must have status 200 and hold `expected` near the beginning of its body.
    """
    return uvloop.run(_call(port, deque(requests), connections, expected))


async def _call(
    port: int, requests: deque[bytes], connections: int, expected: bytes
) -> tuple[float, list[float]]:
    loop = asyncio.get_running_loop()
    run = Run(requests, expected, loop.create_future())
    began = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(lambda: Caller(run), HOST, port) for _ in range(connections))
    )
    await run.finished
    return time.perf_counter() - began, run.times


def post(path: str, body: bytes, kind: str = "application/json") -> bytes:
    """Return a request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def length(head: bytes) -> int:
    """Return how long the body is, by the head of an answer."""
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
