"""Kill a server at random moments under load, and look at what its journal kept."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from punnet.journal.postgres_reader import PostgresReader
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Farm, Product, Record
from tests.servers.postgres import Throwaway
from tests.service.book import Book, Deed, Findings, key_of
from tests.service.caller import LINES, Caller
from tests.service.process import Process
from tests.service.shopping import BULK, Crowd, Market
from tests.service.twin import Twin, born
from tests.web.stall import until

PATIENCE = 60.0
"""Seconds in which a server takes in that much."""

SNAPSHOT_RECORDS = 300
"""So few that some of the kills meet a snapshot that is being made."""


class Store(Protocol):
    """Where the journal of a server lies that is to be killed."""

    url: str

    async def records(self) -> list[Record]:
        """Return all that the journal holds, read by the journal room; the server is idle."""
        ...

    async def strike(self, chance: Random) -> bool:
        """Perhaps kill what the journal lies on, and return whether that was done."""
        ...

    async def mend(self) -> None:
        """Have it back."""
        ...


class SqliteStore:
    """A journal in a file of the folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "market.db"
        self.url = f"sqlite:///{self.path}"

    async def records(self) -> list[Record]:
        """Return what the file and its log hold: of a copy, since the server has the file to itself."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.db"
            for suffix in ("", "-wal"):
                # A server that was stopped in order has left no log.
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(f"{self.path}{suffix}", f"{copy}{suffix}")
            journal = await SqliteJournal.open(copy)
            try:
                return [record async for batch in journal.read() for record in batch.records]
            finally:
                await journal.close()

    async def strike(self, _chance: Random) -> bool:
        """Do nothing: the file lies on a disk."""
        return False

    async def mend(self) -> None:
        """Do nothing."""


class PostgresStore:
    """A journal in a database of a PostgreSQL of our own."""

    def __init__(self, server: Throwaway) -> None:
        self.server = server
        self.url = server.dsn
        self._strikes = self._down = False

    async def records(self) -> list[Record]:
        """Return what the table holds."""
        journal = await PostgresReader.open(self.url, patience=30)
        try:
            return [record async for batch in journal.read() for record in batch.records]
        finally:
            await journal.close()

    async def strike(self, chance: Random) -> bool:
        """Kill every process of PostgreSQL, every other time, and let the others notice for a moment."""
        self._strikes = not self._strikes
        self._down = self._strikes
        if self._down:
            await asyncio.to_thread(self.server.kill)
            await asyncio.sleep(chance.uniform(0, 0.3))
        return self._down

    async def mend(self) -> None:
        """Start it again where it was killed."""
        if self._down:
            await asyncio.to_thread(self.server.start)
            self._down = False


class Report(msgspec.Struct, kw_only=True):
    """What came of it; everything from `lost` on must be nothing."""

    kills: int = 0
    killed_while_starting: int = 0
    store_kills: int = 0
    sent: int = 0
    acknowledged: int = 0
    unknown: int = 0
    unknown_but_kept: int = 0
    found: int = 0
    compared: int = 0
    restarts: list[float] = []
    from_snapshot: int = 0
    snapshots_cut_short: int = 0
    lost: int = 0
    doubled: int = 0
    unsent: int = 0
    torn: int = 0
    different: list[str] = []
    wrong: list[str] = []
    log: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong."""
        numbers = self.lost + self.doubled + self.unsent + self.torn
        return not (numbers or self.different or self.wrong or self.log)

    def add(self, findings: Findings) -> None:
        """Count what a look into the journal found."""
        self.found = findings.found
        self.lost += len(findings.lost)
        self.doubled += len(findings.doubled)
        self.unsent += len(findings.unsent)
        self.torn += len(findings.torn)


class Crash:
    """One market on one store, whose server dies again and again.

    It dies a moment after it has taken in `most` deeds at most, and what came with them in bulk, which is so
    many lines a call.
    """

    def __init__(
        self, store: Store, folder: Path, seed: int, *, most: int = 4_000, bulk: Sequence[int] = BULK
    ) -> None:
        self._store = store
        self._most = most
        self._bulk = bulk
        # What clients draw depends on how fast they are answered; when to kill is not to depend on that.
        self._chance = Random(seed)
        self._market = Market(Random(seed))
        self._book = Book()
        self._process = Process(store.url, folder / "punnet.log", SNAPSHOT_RECORDS=str(SNAPSHOT_RECORDS))
        self._report = Report()

    async def run(self, kills: int, questions: int, say: Callable[[Report], None] = lambda _: None) -> Report:
        """Kill the server `kills` times, comparing `questions` answers after each, and return the report."""
        async with born() as twin:
            try:
                await self._open()
                for _ in range(kills):
                    await self._round(twin, questions)
                    say(self._report)
            finally:
                await self._process.kill()
        self._report.wrong = self._book.wrong
        self._report.log = complaints(self._process.log)
        return self._report

    async def _open(self) -> None:
        await self._process.start()
        async with Caller(self._process.port) as caller:
            await caller.call("POST", "/api/catalog", self._market.listing(), LINES)

    async def _round(self, twin: Twin, questions: int) -> None:
        """Load, kill, restart, look, ask, send again what is unknown, and look again."""
        report, book = self._report, self._book
        await self._load_and_kill()
        report.kills += 1
        unknown = book.unknown()
        report.unknown += len(unknown)
        await self._start()
        kept = await self._look()
        report.unknown_but_kept += _kept_of(unknown, kept)
        await twin.follow(kept)
        report.different += await twin.differences(self._process.port, self._market, questions)
        report.compared += questions
        async with Caller(self._process.port) as caller:
            await book.send_again(caller)
        await self._look()
        report.sent = len(book.deeds)

    async def _load_and_kill(self) -> None:
        crowd = Crowd(self._market, self._book, self._process.port, bulk=self._bulk)
        before = len(self._book.kept)
        shopping = asyncio.create_task(crowd.shop())
        enough = before + self._chance.randint(1, self._most)
        await until(lambda: len(self._book.kept) >= enough, PATIENCE)
        await asyncio.sleep(self._chance.uniform(0, 0.05))
        self._report.store_kills += await self._store.strike(self._chance)
        # Without the server a snapshot is made to its end; without both it stays unfinished.
        both = self._chance.random() < 0.5
        self._report.snapshots_cut_short += await self._process.kill(children=both)
        await shopping
        self._report.acknowledged += len(self._book.kept) - before
        await self._store.mend()

    async def _start(self) -> None:
        """Start the server again; one time in four it is killed while it starts."""
        if self._chance.random() < 0.25:
            await self._process.spawn()
            await asyncio.sleep(self._chance.uniform(0.2, 1.0))
            await self._process.kill()
            self._report.killed_while_starting += 1
        self._report.restarts.append(await self._process.start())
        self._report.from_snapshot += "from the snapshot" in self._process.greeting

    async def _look(self) -> list[Record]:
        """Compare the journal with the book, and return what it holds."""
        records = await self._store.records()
        self._report.add(
            self._book.compare([it for it in records if not isinstance(it.fact, Farm | Product)])
        )
        return records


def _kept_of(unknown: list[Deed], records: list[Record]) -> int:
    """Return how many of the deeds are in the journal."""
    there = {key_of(record.fact) for record in records}
    return sum(deed.key in there for deed in unknown)


def complaints(log: str) -> list[str]:
    """Return of what the server said all that should not be: tracebacks, and snapshots it did not trust."""
    distrusted = [
        line for line in log.splitlines() if " it was set aside" in line or " it was deleted" in line
    ]
    return [part[-1_000:].strip() for part in log.split("Traceback")[1:]] + distrusted
