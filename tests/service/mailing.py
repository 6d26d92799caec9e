"""Kill a server around the moment at which it sends an e-mail, and look at what arrived."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from random import Random

import msgspec

from tests.servers.smtp import Sink, opened
from tests.service.caller import Caller
from tests.service.process import Process

PATIENCE = 120.0
"""Seconds in which everything that is owed has to arrive after the last start."""


class Moment(StrEnum):
    """When the server is killed."""

    ANSWERED = "at the 2xx, before or while it sends"
    TAKEN = "while the relay is yet to say yes"
    YES = "at the relay's yes"
    LATER = "a little after it"


MOMENTS = {Moment.ANSWERED: 25, Moment.TAKEN: 15, Moment.YES: 45, Moment.LATER: 15}
"""How often of a hundred times: the narrow gap between yes and note is worth the most."""


class Report(msgspec.Struct, kw_only=True):
    """What came of it; everything from `lost` on must be nothing."""

    runs: int = 0
    killed: Counter[Moment] = msgspec.field(default_factory=Counter)
    owed: int = 0
    arrived: int = 0
    twice: Counter[int] = msgspec.field(default_factory=Counter)
    """How many e-mails came so many times, from 2 on."""
    restarts: list[float] = []
    lost: list[str] = []
    renamed: list[str] = []
    """Recipients of e-mails that came again under another Message-ID."""
    shared: int = 0
    """Message-IDs that more than one order has."""
    unasked: list[str] = []
    still_owed: int = 0
    log: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether everything owed arrived, and every repeat could be known again."""
        return not (self.lost or self.renamed or self.shared or self.unasked or self.still_owed or self.log)


class Mailing:
    """A server on a journal in `folder` that thanks for purchases, a relay, and whoever kills the server."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = Random(seed)
        self._path = folder / "market.db"
        self._owed: list[str] = []

    async def run(self, runs: int, progress: Callable[[Report], None] = lambda _: None) -> Report:
        """Buy, kill and start again so many times, and return the report."""
        report = Report()
        async with opened() as sink:
            mail = {"SMTP_URL": f"smtp+plain://127.0.0.1:{sink.port}", "MAIL_FROM": "orders@example.org"}
            server = Process(f"sqlite:///{self._path}", self._folder / "log", **mail)
            try:
                report.restarts.append(await server.start())
                await self._open_shop(server)
                for number in range(runs):
                    report.killed[await self._buy_and_kill(server, sink, number)] += 1
                    report.restarts.append(await server.start())
                    report.runs += 1
                    progress(report)
                await self._settle()
            finally:
                await server.stop()
        self._judge(report, sink)
        report.still_owed = self._waiting()
        report.log = [line for line in server.log.splitlines() if "Traceback" in line or " ERROR " in line]
        return report

    async def _open_shop(self, server: Process) -> None:
        async with Caller(server.port) as caller:
            await put(caller, "/api/farms/hill", {"name": "Hügel-Hof"})
            for name in ("kale", "leek", "beet", "dill"):
                about = {"name": name.title(), "farmId": "hill", "category": "Greens", "price": 2.5}
                await put(caller, f"/api/products/{name}", about)

    async def _buy_and_kill(self, server: Process, sink: Sink, number: int) -> Moment:
        """Buy something, and kill the server at some moment around the e-mail for it."""
        moment = self._chance.choices([*MOMENTS], [*MOMENTS.values()])[0]
        address = f"shopper-{number}@example.org"
        taken, said = asyncio.Event(), asyncio.Event()
        slow = 0.05 if moment is Moment.TAKEN else self._chance.choice((0, 0, self._chance.uniform(0, 0.03)))

        async def before_ok() -> None:
            if sink.recipients[-1] == [address]:
                taken.set()
                await asyncio.sleep(slow)
                said.set()

        sink.before_ok = before_ok
        await self._buy(server, address, number)
        async with asyncio.timeout(PATIENCE):
            match moment:
                case Moment.ANSWERED:
                    await asyncio.sleep(self._chance.uniform(0, 0.02))
                case Moment.TAKEN:
                    await taken.wait()
                    await asyncio.sleep(self._chance.uniform(0, 0.04))
                case Moment.YES:
                    await said.wait()
                    await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.002)))
                case Moment.LATER:
                    await said.wait()
                    await asyncio.sleep(self._chance.uniform(0.002, 0.03))
        await server.kill()
        return moment

    async def _buy(self, server: Process, address: str, number: int) -> None:
        purchase = {
            "eventId": f"bought-{number}",
            "userId": f"shopper-{number}",
            "action": "COMPLETE_PURCHASE",
            "metadata": {
                "email": address,
                "items": [{"productId": "kale", "quantity": 2, "unitPrice": 2.5}],
            },
        }
        async with Caller(server.port) as caller:
            answer = await caller.call("POST", "/api/recommendations", msgspec.json.encode(purchase))
        assert answer.status == 200, answer
        self._owed.append(address)

    async def _settle(self) -> None:
        """Return when nothing is owed any more, or patience ends."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self._waiting():
                return
            await asyncio.sleep(0.05)

    def _waiting(self) -> int:
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM outbox WHERE due IS NOT NULL").fetchone()[0]

    def _judge(self, report: Report, sink: Sink) -> None:
        """Compare what arrived with what was owed."""
        ids: dict[str, list[str]] = {}
        for message, (address,) in zip(sink.taken, sink.recipients, strict=True):
            ids.setdefault(address, []).append(message["Message-ID"])
        report.owed = len(self._owed)
        report.arrived = sum(address in ids for address in self._owed)
        report.lost = [address for address in self._owed if address not in ids]
        report.unasked = [address for address in ids if address not in self._owed]
        report.twice = Counter(len(copies) for copies in ids.values() if len(copies) > 1)
        report.renamed = [address for address, copies in ids.items() if len(set(copies)) > 1]
        report.shared = len(ids) - len({copies[0] for copies in ids.values()})


async def put(caller: Caller, path: str, content: dict[str, object]) -> None:
    """Put a farm or a product into the catalogue."""
    answer = await caller.call("PUT", path, msgspec.json.encode(content))
    assert answer.status in (200, 201), answer
