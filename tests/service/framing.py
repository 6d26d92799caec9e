"""Send a server frames that no client should, many at once, and look whether others notice."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from tests.service.caller import Caller
from tests.service.gibberish import Breach, Gibberish, Shout
from tests.service.process import Process, resident
from tests.service.streaming import (
    CLOSE,
    Frame,
    SocketLine,
    connected,
    frames,
    masked,
    socket_request,
)

SHOUTERS = 12
PATIENCE = 20.0
"""Seconds in which a server has to answer all that was sent on one connection."""

PUSHED = {
    "PERSONALIZED_SUGGESTION",
    "CART_RECOMMENDATION",
    "TRENDING_UPDATE",
    "PRICE_DROP_ALERT",
    "STOCK_ALERT",
}
"""Messages that answer nothing."""


class Size(NamedTuple):
    """How many frames are sent before memory is measured, and how many altogether."""

    warming: int = 20_000
    frames: int = 100_000


class Report(msgspec.Struct, kw_only=True):
    """What came of it."""

    frames: int = 0
    connections: int = 0
    sent: Counter[str] = msgspec.field(default_factory=Counter)
    """How many of each kind of message."""
    answers: Counter[str] = msgspec.field(default_factory=Counter)
    pongs: int = 0
    breaches: Counter[str] = msgspec.field(default_factory=Counter)
    closed: Counter[int] = msgspec.field(default_factory=Counter)
    handshakes: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[int] = msgspec.field(default_factory=Counter)
    """Statuses that wrong handshakes met; 0 where the server only hung up."""
    cut: int = 0
    seconds: float = 0
    warm: float = 0
    """MiB that the server held after the warming, and at the end."""
    end: float = 0
    health: int = 0
    """How often the server said that it lives and is ready."""
    normal: int = 0
    """What a client that does everything right was answered, and the longest that one took."""
    alerts: int = 0
    slowest: float = 0
    wrong: list[str] = []
    log: list[str] = []

    @property
    def growth(self) -> float:
        """By which share the server's memory grew."""
        return self.end / self.warm - 1

    @property
    def clean(self) -> bool:
        """Whether everything was answered or closed, and nobody else noticed."""
        return not (self.wrong or self.log) and self.growth <= 0.05


class Said(msgspec.Struct, rename="camel"):
    """What matters of a message of the server."""

    type: str
    payload: dict
    request_id: str = ""


class Framing:
    """A server, those who send it gibberish, and someone who does everything right."""

    def __init__(self, folder: Path, seed: int, size: Size) -> None:
        self._process = Process(f"sqlite:///{folder / 'market.db'}", folder / "punnet.log")
        self._size = size
        self._chance = Random(seed)
        self._gibberish = Gibberish(Random(seed))
        self._report = Report()

    async def run(self, say: Callable[[Report], None] = lambda _: None) -> Report:
        """Send it all, and return the report."""
        report = self._report
        await self._process.start()
        try:
            await self._open_market()
            began = time.perf_counter()
            beside = [asyncio.create_task(each) for each in (self._ask_for_health(), self._do_it_right())]
            await self._shout(self._size.warming, say)
            report.warm = await self._resident()
            await self._shout(self._size.frames, say)
            report.end = await self._resident()
            report.seconds = time.perf_counter() - began
            for each in beside:
                each.cancel()
            ended = await asyncio.gather(*beside, return_exceptions=True)
            report.wrong += [repr(it) for it in ended if not isinstance(it, asyncio.CancelledError)]
        finally:
            await self._process.stop()
        report.log = self._process.log.splitlines()
        return report

    async def _open_market(self) -> None:
        async with Caller(self._process.port) as caller:
            await caller.call("PUT", "/api/farms/hill-farm", b'{"name": "Hill Farm"}')
            for name in ("kale", "leek"):
                about = {"name": name, "farmId": "hill-farm", "category": "Greens", "price": 1e6}
                await caller.call("PUT", f"/api/products/{name}", msgspec.json.encode(about))

    async def _shout(self, until: int, say: Callable[[Report], None]) -> None:
        async def shouter() -> None:
            while self._report.frames < until:
                await self._visit()
                say(self._report)

        async with asyncio.TaskGroup() as group:
            for _ in range(SHOUTERS):
                group.create_task(shouter())

    async def _visit(self) -> None:
        """Connect, say something, and leave in one way or another."""
        if self._chance.random() < 0.1:
            await self._knock()
            return
        self._report.connections += 1
        visit = Visit(self._process.port, self._chance, self._report)
        shouts = [self._gibberish.shout() for _ in range(self._chance.choice((0, 1, 3, 15, 50)))]
        try:
            async with asyncio.timeout(PATIENCE):
                await visit.run(shouts, self._gibberish)
        except TimeoutError:
            self._report.wrong.append(f"no answer: {visit.state}")
        except OSError as error:
            self._report.wrong.append(f"hung up: {error}, {visit.state}")
        finally:
            visit.close()

    async def _knock(self) -> None:
        """Try a handshake that is wrong."""
        kind, request = self._gibberish.handshake()
        self._report.handshakes[kind] += 1
        self._report.frames += 1
        reader, writer = await asyncio.open_connection("127.0.0.1", self._process.port)
        writer.write(request)
        if kind in ("cut short", "noise") or self._chance.random() < 0.1:
            writer.write_eof()
        got = b""
        with contextlib.suppress(OSError, TimeoutError):
            # Where the server waits for the rest of the request, it does so for good.
            async with asyncio.timeout(0.3 if kind in ("cut short", "noise") else 2):
                got = await reader.read(1_000)
        writer.transport.abort()
        status = int(got.split()[1]) if got.startswith(b"HTTP/1.1 ") else 0
        self._report.refused[status] += 1
        if status >= 500 or (200 <= status < 400) or status == 101:
            self._report.wrong.append(f"a handshake with {kind} was answered by {got[:200]!r}")

    async def _ask_for_health(self) -> None:
        while True:
            for path in ("/health/live", "/health/ready"):
                async with Caller(self._process.port) as caller:
                    began = time.perf_counter()
                    answered = await caller.call("GET", path)
                    self._report.slowest = max(self._report.slowest, time.perf_counter() - began)
                if answered.status != 200:
                    self._report.wrong.append(f"{path} answered {answered.status}")
                self._report.health += 1
            await asyncio.sleep(0.1)

    async def _do_it_right(self) -> None:
        """Look at products, give signs of life and hear of prices that fall, always on one connection."""
        inbox: asyncio.Queue[bytes] = asyncio.Queue()
        line = SocketLine(socket_request(userId="ann", topics="price_drops"), inbox.put_nowait)
        await connected(self._process.port, line)
        price = 1_000_000
        async with asyncio.timeout(PATIENCE) as patience:
            while True:
                price -= 1
                async with Caller(self._process.port) as caller:
                    await caller.call("PATCH", "/api/products/leek", b'{"price": %d}' % price)
                view = {"type": "VIEW_PRODUCT", "entityId": "kale"}
                line.say(
                    msgspec.json.encode({"type": "USER_ACTION", "payload": view, "requestId": str(price)})
                )
                line.say(b'{"type": "HEARTBEAT", "requestId": "beat"}')
                await self._heard(inbox, price)
                patience.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                await asyncio.sleep(0.1)

    async def _heard(self, inbox: asyncio.Queue[bytes], price: int) -> None:
        """Return once the alert, the acknowledgement and the sign of life are there."""
        began = time.perf_counter()
        due = {"PRICE_DROP_ALERT", "ACTION_ACK", "HEARTBEAT"}
        while due:
            said = msgspec.json.decode(await inbox.get(), type=Said)
            self._report.normal += 1
            if said.type == "ERROR":
                self._report.wrong.append(f"an error for who does it right: {said}")
            if said.type == "PRICE_DROP_ALERT":
                self._report.alerts += said.payload["newPrice"] == price
            due.discard(said.type)
        self._report.slowest = max(self._report.slowest, time.perf_counter() - began)

    async def _resident(self) -> float:
        """Return how many MiB of memory the server holds, once it is at rest."""
        await asyncio.sleep(1)
        return resident(self._process.pid) / 1_024


class Visit:
    """One connection, on which everything that is said is counted."""

    def __init__(self, port: int, chance: Random, report: Report) -> None:
        self._port = port
        self._chance = chance
        self._report = report
        self._rest = b""
        self._writer: asyncio.StreamWriter | None = None
        self._pongs: list[bytes] = []
        self._code: int | None = None
        self._answers = 0
        self._kinds: list[str] = []
        self._due = 0

    @property
    def state(self) -> str:
        """What was said and heard."""
        return f"{self._answers} of {self._due} answers, code {self._code}, after {self._kinds[-5:]}"

    async def run(self, shouts: list[Shout], gibberish: Gibberish) -> None:
        """Say it all at once, wait until all of it is answered, and leave."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        name = f"nobody-{self._report.connections}"
        self._writer.write(socket_request(userId=name))
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            self._report.wrong.append(f"not let in: {head[:200]!r}")
            return
        self._due = sum(shout.answers for shout in shouts)
        pongs = [pong for shout in shouts for pong in shout.pongs]
        for shout in shouts:
            self._report.frames += shout.frames
            self._report.sent[shout.kind] += 1
            self._kinds.append(shout.kind)
        self._write(b"".join(shout.data for shout in shouts))
        while (self._answers < self._due or len(self._pongs) < len(pongs)) and self._code is None:
            await self._read()
        if self._code is not None or self._answers != self._due or self._pongs != pongs:
            self._report.wrong.append(f"closed or miscounted: {self.state}, {len(self._pongs)} pongs")
            return
        await self._leave(gibberish)

    def close(self) -> None:
        """Be gone."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _leave(self, gibberish: Gibberish) -> None:
        roll = self._chance.random()
        self._report.frames += 1
        if roll < 0.6:
            await self._break(gibberish.breach())
        elif roll < 0.8:
            self._report.cut += 1
            self._writer.write(gibberish.half())
            if self._chance.random() < 0.5:
                self._writer.write_eof()
                await self._reader.read()
        elif roll < 0.9:
            await self._end(masked(CLOSE, (1000).to_bytes(2) + b"bye"), (1000,))

    async def _break(self, breach: Breach) -> None:
        self._kinds.append(breach.kind)
        self._report.breaches[breach.kind] += 1
        await self._end(breach.data, breach.codes)

    async def _end(self, data: bytes, codes: tuple[int, ...]) -> None:
        """Say something that ends the connection, and look how it is closed."""
        self._write(data)
        while self._code is None:
            await self._read()
        self._report.closed[self._code] += 1
        if self._code not in codes:
            self._report.wrong.append(f"closed with {self._code}: {self.state}")
        if self._answers > self._due:
            self._report.wrong.append(f"answered once too often: {self.state}")
        # After the close the server hangs up, too.
        with contextlib.suppress(ConnectionResetError):
            while await self._reader.read(65_536):
                pass

    def _write(self, data: bytes) -> None:
        """Write it in one piece, or in two."""
        at = self._chance.choice((0, 0, self._chance.randint(0, len(data))))
        self._writer.write(data[:at])
        self._writer.write(data[at:])

    async def _read(self) -> None:
        data = await self._reader.read(65_536)
        if not data:
            raise ConnectionError("the server hung up without a close frame")
        found, self._rest = frames(self._rest + data)
        for frame in found:
            self._hear(frame)

    def _hear(self, frame: Frame) -> None:
        match frame.first & 15:
            case _ if frame.first < 0x80:
                self._report.wrong.append(f"a frame in pieces: {frame}")
            case 8:
                self._code = int.from_bytes(frame.payload[:2]) or 1005
            case 10:
                self._pongs.append(frame.payload)
                self._report.pongs += 1
            case 1:
                self._count(msgspec.json.decode(frame.payload, type=Said))
            case _:
                self._report.wrong.append(f"not expected: {frame}")

    def _count(self, said: Said) -> None:
        self._report.answers[said.type] += 1
        is_push = said.type in PUSHED or said.payload.get("topic") == "personalized"
        if said.type != "CONNECTION_ACK" and not is_push:
            self._answers += 1
