"""Thousands of WebSockets to one server, read by one thread that does as little as it can."""

import select
import socket
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from time import perf_counter, perf_counter_ns
from typing import Protocol

from bench.load.websocket import connect, greeted
from tests.service.streaming import CLOSE, PING, PONG, TEXT, frames, masked

PATH = "/ws/recommendations?userId=u{}&topics=price_drops"
ALERT = b'"PRICE_DROP_ALERT"'
AT_ONCE = 64
"""Connections that are opened together; any server's backlog takes so many."""

PATIENCE = 30
"""Seconds without a single message after which those that are missing count as lost."""


class Speaker(Protocol):
    """Makes a server say something to everyone."""

    def say(self) -> None:
        """Send what the server is asked to say."""

    def settle(self) -> None:
        """Wait for the server's own answer to that, if there is one."""


class Crowd:
    """Everyone who listens to a server. A message counts when it is an alert; all else is only answered.

    What is lost, doubled or cut off raises RuntimeError.
    """

    def __init__(self, port: int) -> None:
        self.last = b""
        self._port = port
        self._epoll = select.epoll()
        self._members: dict[int, socket.socket] = {}
        self._reads: dict[int, Callable[[bytearray], int]] = {}
        self._rest: dict[int, bytes] = {}
        self._heard: dict[int, int] = {}
        self._said: list[int] = []
        self._times = array("q")
        self._buffer = bytearray(1 << 16)
        self._usual, self._beginning = 0, b""

    def join(self, count: int) -> None:
        """Open so many connections, and return once the server has greeted each of them."""
        numbers = iter(range(count))
        while some := [connect(self._port, PATH.format(number)) for number in islice(numbers, AT_ONCE)]:
            for connection in some:
                rest = greeted(connection)
                descriptor = connection.fileno()
                connection.setblocking(False)
                self._members[descriptor] = connection
                self._reads[descriptor] = connection.recv_into
                self._heard[descriptor] = len(self._said)
                if rest:
                    self._rest[descriptor] = rest
                self._epoll.register(descriptor, select.EPOLLIN)

    def tell(self, speaker: Speaker) -> None:
        """Have something said, and return once everyone has heard it."""
        self._said.append(perf_counter_ns())
        speaker.say()
        goal = len(self._members) * len(self._said)
        patient_until = perf_counter() + PATIENCE
        arrived = sum(self._heard.values())
        while arrived < goal:
            before = len(self._times)
            self._read(1)
            arrived += len(self._times) - before
            if len(self._times) > before:
                patient_until = perf_counter() + PATIENCE
            elif perf_counter() > patient_until:
                raise RuntimeError(f"{goal - arrived:,} of {len(self._members):,} messages did not arrive")
        speaker.settle()

    def tell_gently(self, speaker: Speaker, count: int, each_second: float) -> list[float]:
        """Have so many things said at that pace, and return how many ms each took to reach each member."""
        self._times = array("q")
        due = perf_counter()
        for _ in range(count):
            self.wait(due - perf_counter())
            due = max(due + 1 / each_second, perf_counter())
            self.tell(speaker)
        return sorted(nanoseconds / 1e6 for nanoseconds in self._times)

    def wait(self, seconds: float) -> None:
        """Only answer what must be answered for so long."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            self._read(left)

    def close(self) -> None:
        """Hang up."""
        for member in self._members.values():
            member.close()
        self._epoll.close()

    def _read(self, seconds: float) -> None:
        """Wait for something to arrive, and read all of it."""
        buffer, reads, rest = self._buffer, self._reads, self._rest
        for descriptor, _ in self._epoll.poll(seconds, 256):
            size = reads[descriptor](buffer)
            now = perf_counter_ns()
            # The beginning holds the length of the frame: this is one alert, and nothing else.
            if size == self._usual and buffer.startswith(self._beginning) and descriptor not in rest:
                self._count(descriptor, now)
            else:
                self._take_apart(descriptor, bytes(buffer[:size]), now)

    def _take_apart(self, descriptor: int, data: bytes, now: int) -> None:
        if not data:
            raise RuntimeError("the server hung up on a member of the crowd")
        found, rest = frames(self._rest.pop(descriptor, b"") + data)
        if rest:
            self._rest[descriptor] = rest
        for first, payload in found:
            opcode = first & 15
            if opcode == TEXT and ALERT in payload:
                self._count(descriptor, now)
                self._learn(data, payload)
            elif opcode == PING:
                self._members[descriptor].send(masked(PONG, payload))
            elif opcode == CLOSE:
                code, reason = int.from_bytes(payload[:2]), payload[2:].decode()
                raise RuntimeError(f"the server closed a connection with {code} {reason}")

    def _count(self, descriptor: int, now: int) -> None:
        number = self._heard[descriptor]
        if number == len(self._said):
            raise RuntimeError("a message arrived twice")
        self._heard[descriptor] = number + 1
        self._times.append(now - self._said[number])

    def _learn(self, data: bytes, payload: bytes) -> None:
        """Keep what an alert looks like that arrives by itself: the next ones most likely look the same."""
        self.last = payload
        if data.endswith(payload) and len(frames(data)[0]) == 1:
            self._usual, self._beginning = len(data), data[: data.index(ALERT) + len(ALERT)]


@contextmanager
def crowd(port: int, count: int) -> Iterator[Crowd]:
    """Have so many people listen to the server on `port`."""
    people = Crowd(port)
    try:
        people.join(count)
        yield people
    finally:
        people.close()
