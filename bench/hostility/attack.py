"""The hostile process: thousands of connections that are there again as soon as they are cut."""

import errno
import heapq
import resource
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from multiprocessing.connection import Connection
from random import Random

from bench.hostility.passes import ATTACKERS, SERVER
from bench.hostility.tricks import Trick, tricks
from tests.service.streaming import AT_ONCE

ONSET_SECONDS = 1.0
"""In which all connections are opened for the first time."""

PAUSE_SECONDS = 3.0
"""Between two pieces of what is sent bit by bit."""

EARLY_SECONDS = 1.0
"""Who is cut within them was not let in."""

LATE_SECONDS = 0.1
"""How much of what it was kept from by its own slowness the attack makes up for."""

NO_PORT_YET = 24
"""IP_BIND_ADDRESS_NO_PORT: the kernel takes a port that is free for this very server."""

GONE = select.EPOLLHUP | select.EPOLLRDHUP | select.EPOLLERR


@dataclass
class Report:
    """What the hostile ones saw.

    `held` are how many connections were open, each second; `anew` are those that were opened after the first
    of each. `closed` is how the server ended them: by which status, and whether it did at once. Those `left`
    they ended themselves; `failed` are those that the kernel did not even begin.
    """

    held: list[int] = field(default_factory=list)
    opened: int = 0
    anew: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    left: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Seat:
    """One of the connections, and the next one in its place when it is gone."""

    __slots__ = ("is_there", "since", "socket", "status", "trick")

    def __init__(self, trick: Trick) -> None:
        self.trick = trick
        self.socket: socket.socket | None = None
        self.since = 0.0
        self.is_there = False
        self.status = "nothing"


class Attack:
    """All of them, against the server on `port`: so many `seats`, and so many connections anew a second."""

    def __init__(self, port: int, seats: int, reconnects: float, seed: int) -> None:
        self.report = Report()
        self._server = SERVER, port
        self._reconnects = reconnects
        self._chance = Random(seed)
        self._epoll = select.epoll()
        self._by_descriptor: dict[int, Seat] = {}
        groups = tricks()
        plays = {group: cycle(of) for group, of in groups.items()}
        # Nobody keeps a connection who is sent away at the door: those who knock come on top.
        seats += seats // (len(groups) - 1)
        self._fresh = deque(Seat(next(plays[group])) for group in islice(cycle(groups), seats))
        self._onset = seats / ONSET_SECONDS
        self._gone: dict[str, deque[Seat]] = {group: deque() for group in groups}
        self._leaving: dict[str, deque[tuple[Seat, float]]] = {group: deque() for group in groups}
        self._turns = deque(groups)
        self._due: list[tuple[float, int, Seat, float]] = []
        self._numbers = count()
        self._now = 0.0

    def run(self, is_over: Callable[[], bool]) -> Report:
        """Go on until it is over."""
        began = last = told = time.monotonic()
        fresh = anew = 0.0
        while not is_over():
            for descriptor, events in self._epoll.poll(0.005, 512):
                self._now = time.monotonic()
                self._meet(self._by_descriptor[descriptor], events)
            self._now = now = time.monotonic()
            passed, last = now - last, now
            fresh = self._begin(fresh + passed * self._onset)
            anew = min(anew + passed * self._reconnects, self._reconnects * LATE_SECONDS)
            anew = self._come_again(anew)
            self._say_more()
            if now - told >= 1:
                told = now
                self.report.held.append(sum(seat.is_there for seat in self._by_descriptor.values()))
        self.report.seconds = time.monotonic() - began
        return self.report

    def _begin(self, allowed: float) -> float:
        """Open those that were not open yet, and return what is left of how many it may be."""
        while allowed >= 1 and self._fresh:
            self._connect(self._fresh.popleft())
            allowed -= 1
        return allowed

    def _come_again(self, allowed: float) -> float:
        """Let all groups in turn open what was cut, or what leaves; return what is left of how many."""
        while allowed >= 1 and (seat := self._next()) is not None:
            if seat.socket is not None:
                self._leave(seat)
            self.report.anew += 1
            self._connect(seat)
            allowed -= 1
        return allowed

    def _next(self) -> Seat | None:
        for _ in range(len(self._turns)):
            self._turns.rotate(-1)
            group = self._turns[0]
            if self._gone[group]:
                return self._gone[group].popleft()
            leaving = self._leaving[group]
            while leaving:
                seat, since = leaving.popleft()
                if seat.socket is not None and seat.since == since:
                    return seat
        return None

    def _connect(self, seat: Seat) -> None:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        for option in seat.trick.options:
            made.setsockopt(*option)
        made.setsockopt(socket.IPPROTO_IP, NO_PORT_YET, 1)
        made.bind((ATTACKERS, 0))
        error = made.connect_ex(self._server)
        if error not in (0, errno.EINPROGRESS):
            self.report.failed[errno.errorcode[error]] += 1
            made.close()
            self._gone[seat.trick.group].append(seat)
            return
        self.report.opened += 1
        seat.socket, seat.since, seat.is_there, seat.status = made, self._now, False, "nothing"
        self._by_descriptor[made.fileno()] = seat
        self._epoll.register(made, select.EPOLLOUT)

    def _meet(self, seat: Seat, events: int) -> None:
        """Take what happened to a connection."""
        if not seat.is_there:
            if events & GONE or not self._send(seat, seat.trick.first):
                self._lose(seat)
            else:
                self._settle(seat)
        elif seat.trick.reads and events & select.EPOLLIN:
            if not self._read(seat):
                self._lose(seat)
        elif events & GONE:
            self._lose(seat)

    def _settle(self, seat: Seat) -> None:
        """Go on as somebody who is connected, and has said the first thing."""
        trick = seat.trick
        seat.is_there = True
        self._epoll.modify(seat.socket, select.EPOLLRDHUP | (select.EPOLLIN if trick.reads else 0))
        if trick.leaves:
            self._leaving[trick.group].append((seat, seat.since))
        elif trick.later:
            self._say_later(seat)

    def _read(self, seat: Seat) -> bool:
        """Read what came, and return whether there was anything."""
        try:
            got = seat.socket.recv(1 << 16)
        except OSError:
            return False
        if got.startswith(b"HTTP/1.1 "):
            seat.status = got[9:12].decode()
        return bool(got)

    def _send(self, seat: Seat, words: bytes) -> bool:
        """Send something, as far as there is room for it; return whether anybody is there."""
        try:
            seat.socket.send(words)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _say_later(self, seat: Seat) -> None:
        due = self._now + PAUSE_SECONDS * self._chance.uniform(0.5, 1.5)
        heapq.heappush(self._due, (due, next(self._numbers), seat, seat.since))

    def _say_more(self) -> None:
        """Send the next pieces of what is sent bit by bit."""
        while self._due and self._due[0][0] <= self._now:
            _, _, seat, since = heapq.heappop(self._due)
            if seat.socket is None or seat.since != since:
                continue
            if self._send(seat, seat.trick.later):
                self._say_later(seat)
            else:
                self._lose(seat)

    def _lose(self, seat: Seat) -> None:
        """Note that the server ended a connection; what it said at last counts, even to who never reads."""
        self._read(seat)
        when = "at once" if self._now - seat.since < EARLY_SECONDS else "later"
        self.report.closed[f"{seat.status} {when}"] += 1
        self._close(seat)
        self._gone[seat.trick.group].append(seat)

    def _leave(self, seat: Seat) -> None:
        if seat.trick.rudely:
            seat.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.report.left += 1
        self._close(seat)

    def _close(self, seat: Seat) -> None:
        del self._by_descriptor[seat.socket.fileno()]
        seat.socket.close()
        seat.socket = None


def attack(pipe: Connection, port: int, seats: int, reconnects: float, seed: int) -> None:
    """Be the hostile process: say that it is there, begin when told to, and report when told to end."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hostile = Attack(port, seats, reconnects, seed)
    pipe.send("there")
    pipe.recv()
    pipe.send(hostile.run(pipe.poll))
