"""Cut the connections of those who listen to alerts, kill the server, and look at what they have then."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from tests.service.listening import Chronicle, Listener, Wish
from tests.service.process import Process
from tests.service.repricing import DROP, STOCK, BackEnd
from tests.service.streaming import SocketLine
from tests.waiting import until

PATIENCE = 60.0
"""Seconds in which everyone has to be there at the end, and to have what is due."""

QUIET = 2.0
"""Seconds without a message after which none is coming any more."""

SNAPSHOT_RECORDS = 150
"""So few that a server that starts again begins with a snapshot."""


class Cut(StrEnum):
    """How a connection is lost."""

    ABORTED = "aborted (RST)"
    TORN = "aborted in the middle of a frame"
    CHOKED = "aborted after it was not read for a while"
    HALF_SAID = "aborted in the middle of a frame sent"
    HUNG_UP = "hung up without a word"
    GOODBYE = "closed in order"
    AT_ONCE = "aborted while it was opened"
    KILLED = "server killed (SIGKILL)"
    STOPPED = "server stopped (SIGTERM)"


OF_EVENTS = Cut.ABORTED, Cut.TORN, Cut.CHOKED, Cut.HUNG_UP
OF_SOCKETS = *OF_EVENTS, Cut.HALF_SAID, Cut.GOODBYE


class Size(NamedTuple):
    """How much happens: clients, seconds, changes and cuts a second, and at which seconds the server ends."""

    sockets: int = 450
    events: int = 50
    seconds: float = 60
    drops: float = 30
    refills: float = 8
    cuts: float = 80
    kills: tuple[float, ...] = (20, 45)
    stops: tuple[float, ...] = (33,)


class Report(msgspec.Struct, kw_only=True):
    """What came of it; everything from `lost` on must be nothing."""

    clients: int = 0
    of_events: int = 0
    seconds: float = 0
    changes: int = 0
    repeated: int = 0
    cuts: Counter[Cut] = msgspec.field(default_factory=Counter)
    restarts: list[float] = []
    from_snapshot: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    codes: Counter[int] = msgspec.field(default_factory=Counter)
    alerts: int = 0
    settled: float = 0
    """Seconds after the last change until everyone was there and nothing came any more."""
    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    not_resumed: int = 0
    wrong: list[str] = []
    log: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether everyone has every message, in order, none twice."""
        numbers = self.lost + self.twice + self.out_of_order + self.not_resumed
        return not (numbers or self.wrong or self.log)


class Cutting:
    """A market on a journal in `folder`, those who listen to it, and whoever cuts their connections."""

    def __init__(self, folder: Path, seed: int, size: Size) -> None:
        self._size = size
        self._chance = Random(seed)
        self._up = asyncio.Event()
        self._cutting = True
        self._chronicle = Chronicle()
        settings = {"SNAPSHOT_RECORDS": str(SNAPSHOT_RECORDS)}
        self._process = Process(f"sqlite:///{folder / 'market.db'}", folder / "punnet.log", **settings)
        stocked = int(size.seconds * size.refills) + 20
        self._back_end = BackEnd(self._port, self._up, Random(seed), stocked)
        self._listeners = list(self._who_listen())
        self._report = Report(clients=len(self._listeners), of_events=size.events)

    async def run(self, say: Callable[[Report], None] = lambda _: None) -> Report:
        """Let it happen, and return the report."""
        report = self._report
        try:
            await self._start()
            await self._back_end.open()
            async with _together(*(each.run(self._port, self._up) for each in self._listeners)):
                await until(lambda: all(map(self._is_there, self._listeners[::10])))
                began = time.perf_counter()
                await self._rage(say)
                report.seconds = time.perf_counter() - began
                report.settled = await self._settled()
                report.wrong += await self._back_end.differences()
        finally:
            await self._process.kill()
        self._judge()
        return report

    def _who_listen(self) -> Iterator[Listener]:
        """Yield the clients, who all want something else, or want it in another way."""
        size, chance = self._size, self._chance
        for number in range(size.sockets + size.events):
            wish = Wish(
                kinds=chance.choices([(DROP, STOCK), (DROP,), (STOCK,)], (8, 1, 1))[0],
                products=("priced-0", "priced-5", "stocked-1") if number % 17 == 3 else (),
                events=number >= size.sockets,
                in_query=number % 2 == 0,
                talks=number % 3 == 0,
                joins_after=chance.uniform(0, size.seconds / 2) if number % 10 == 9 else chance.random(),
            )
            yield Listener(f"client-{number}", wish, self._chronicle, chance, self._away)

    def _away(self) -> float:
        """Return for how long somebody stays away: most often for a moment, sometimes for long."""
        if not self._cutting:
            return 0.05
        if self._chance.random() < 0.08:
            return self._chance.uniform(0.1, 0.2) * self._size.seconds
        return self._chance.expovariate(5)

    def _port(self) -> int:
        return self._process.port

    @staticmethod
    def _is_there(listener: Listener) -> bool:
        return listener.welcome and not listener.doomed

    async def _rage(self, say: Callable[[Report], None]) -> None:
        """Change prices, cut connections and end the server, all at once."""
        size = self._size
        working = asyncio.create_task(self._back_end.work(size.drops, size.refills))
        ending = asyncio.create_task(self._ending())
        async with _together(self._cut_at_random(), self._speak_at_random()):
            for _ in range(round(size.seconds)):
                await asyncio.sleep(size.seconds / round(size.seconds))
                self._report.changes = len(self._back_end.made)
                say(self._report)
            await ending
        self._back_end.stopped = True
        self._cutting = False
        await working

    async def _cut_at_random(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(self._size.cuts))
            await self._up.wait()
            listener = self._chance.choice(self._listeners)
            if listener.line is not None and not listener.doomed:
                self._cut(listener)

    def _cut(self, listener: Listener) -> None:
        line, chance, loop = listener.line, self._chance, asyncio.get_running_loop()
        listener.doomed = True
        cut = chance.choice(OF_SOCKETS if isinstance(line, SocketLine) else OF_EVENTS)
        if not listener.welcome:
            cut = Cut.AT_ONCE
        match cut:
            case Cut.TORN:
                line.tear(chance.random())
                # Where nothing comes that could be torn.
                loop.call_later(3, line.abort)
            case Cut.CHOKED:
                line.transport.pause_reading()
                loop.call_later(chance.uniform(0.2, 3), line.abort)
            case Cut.HALF_SAID:
                line.say_half(b'{"type": "HEARTBEAT"}')
            case Cut.GOODBYE:
                line.say_goodbye()
            case Cut.HUNG_UP:
                line.hang_up()
            case _:
                line.abort()
        self._report.cuts[cut] += 1

    async def _speak_at_random(self) -> None:
        talkers = [each for each in self._listeners if each.wish.talks]
        while True:
            await asyncio.sleep(0.02)
            self._chance.choice(talkers).speak()

    async def _ending(self) -> None:
        """End the server at its times, and start it again."""
        size, began = self._size, time.perf_counter()
        ends = [*((at, Cut.KILLED) for at in size.kills), *((at, Cut.STOPPED) for at in size.stops)]
        for at, how in sorted(ends):
            await asyncio.sleep(max(0, at - (time.perf_counter() - began)))
            self._up.clear()
            self._report.cuts[how] += sum(each.line is not None for each in self._listeners)
            await (self._process.kill() if how is Cut.KILLED else self._process.stop())
            await self._start()

    async def _start(self) -> None:
        self._report.restarts.append(await self._process.start())
        self._report.from_snapshot += "from the snapshot" in self._process.greeting
        self._up.set()

    async def _settled(self) -> float:
        """Return after how many seconds everyone was there and nothing came any more."""
        began = changed = time.perf_counter()
        heard = -1
        while time.perf_counter() - changed < QUIET or not all(map(self._is_there, self._listeners)):
            if time.perf_counter() - began > PATIENCE:
                self._report.wrong.append("not everyone came back")
                break
            count = sum(each.counts["messages"] for each in self._listeners)
            if count != heard:
                heard, changed = count, time.perf_counter()
            await asyncio.sleep(0.05)
        return changed - began

    def _judge(self) -> None:
        report, made = self._report, self._back_end.made
        report.changes, report.repeated = len(made), self._back_end.repeated
        report.wrong += [*self._chronicle.wrong, *self._back_end.wrong]
        report.wrong += [f"nobody made {it}" for it in self._chronicle.numbers if it not in made]
        for listener in self._listeners:
            report.counts += listener.counts
            report.codes += listener.codes
            report.alerts += len(listener.got)
            report.wrong += [f"{listener.name}: {sentence}" for sentence in listener.wrong]
            missing = listener.lost(made)
            report.lost += len(missing)
            report.wrong += [f"{listener.name} ({listener.wish}) lacks {it}" for it in missing[:2]]
        report.twice = report.counts.pop("twice", 0)
        report.out_of_order = report.counts.pop("out of order", 0)
        report.not_resumed = report.counts.pop("not resumed", 0)
        report.log = self._process.log.splitlines()


@contextlib.asynccontextmanager
async def _together(*work):
    """Let all of it go on meanwhile, and fail where one of it does."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()
