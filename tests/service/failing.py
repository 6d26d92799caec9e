"""Take from a running server what its journal lies on, give it back, and count what its clients were told."""

import asyncio
import contextlib
import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from punnet.market import Farm, Product
from tests.servers.postgres import Throwaway
from tests.service.book import Book
from tests.service.caller import LINES, Caller
from tests.service.crashing import SNAPSHOT_RECORDS, PostgresStore, SqliteStore, Store, complaints
from tests.service.process import Process
from tests.service.shopping import Crowd, Market
from tests.service.twin import born
from tests.web.stall import until

PATIENCE = 30.0
"""Seconds in which a server has to notice that it cannot write, or that it can again."""

QUESTIONS = 50
"""Answers compared with those of a server whose journal never failed."""

PACE = 0.02
"""Seconds that a client rests after each answer: what it is told matters here, not how much it does."""

MAY_ALL = "dac_override,-dac_read_search"
SETS = ("bounding-set=", "inh-caps=")
"""What makes files of any mode open to root."""


class Failure(Protocol):
    """Something that keeps a journal from being written, for a while."""

    name: str
    store: Store
    launcher: Sequence[str]
    """What stands before the server's command line."""
    at_start: bool
    """Whether it happens while the server is down, and is there already when it starts."""

    def begin(self, server: Process) -> None:
        """Let it happen."""
        ...

    def end(self) -> None:
        """Make it good again."""
        ...


class Figures(msgspec.Struct, kw_only=True):
    """What clients were told while the failure lasted; `to_heal` are the seconds from its end to a 2xx."""

    name: str
    writes: Counter[int]
    reads: Counter[int]
    to_refuse: float
    to_heal: float
    acknowledged: int
    lost: int
    doubled: int
    unsent: int
    different: list[str]
    wrong: list[str]

    @property
    def clean(self) -> bool:
        """Whether it was as it must be: writes refused with 503, reads answered, nothing lost or made up."""
        told = self.writes[503] > 0 and self.reads[200] > 0 and set(self.reads) == {200}
        return told and not (self.lost or self.doubled or self.unsent or self.different or self.wrong)


class Befalling:
    """What most failures share: they befall a server that runs, as anybody started it."""

    launcher: Sequence[str] = ()
    at_start = False


class FullDisk(Befalling):
    """A file system of a few megabytes, filled to the last byte by something else."""

    name = "disk full"

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder)
        self._ballast = folder / "ballast"

    def begin(self, _server: Process) -> None:
        """Fill the disk."""
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(65_536))

    def end(self) -> None:
        """Make room again."""
        self._ballast.unlink()


class FullQuota(Befalling):
    """The server may write no file any longer; for machines where nothing can be mounted."""

    name = "no file may grow (RLIMIT_FSIZE)"

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder)
        self._pid = 0

    def begin(self, server: Process) -> None:
        """Forbid it."""
        self._pid = server.pid
        self._limits = resource.prlimit(self._pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def end(self) -> None:
        """Allow it."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, self._limits)


class ImmutableFile(Befalling):
    """The file and its log can be read only; `chattr +i` holds for a descriptor that is open, too."""

    name = "file read-only (chattr +i)"

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder)

    def begin(self, _server: Process) -> None:
        """Forbid writing."""
        self._change("+i")

    def end(self) -> None:
        """Allow writing."""
        self._change("-i")

    def _change(self, how: str) -> None:
        paths = [f"{self.store.path}{suffix}" for suffix in ("", "-wal")]
        subprocess.run(["chattr", how, *paths], check=True, capture_output=True)


class StoppedPostgres(Befalling):
    """PostgreSQL is stopped in order, and started again."""

    name = "PostgreSQL stopped"

    def __init__(self, server: Throwaway) -> None:
        self.store = PostgresStore(server)
        self._server = server

    def begin(self, _server: Process) -> None:
        """Stop it."""
        self._server.stop()

    def end(self) -> None:
        """Start it."""
        self._server.start()


class KilledPostgres(StoppedPostgres):
    """PostgreSQL is killed, and started again."""

    name = "PostgreSQL killed"

    def begin(self, _server: Process) -> None:
        """Kill all of it."""
        self._server.kill()


class FrozenPostgres(StoppedPostgres):
    """PostgreSQL stands still: it is reached, and does not answer."""

    name = "PostgreSQL frozen (SIGSTOP)"

    def begin(self, _server: Process) -> None:
        """Stop all of its processes."""
        self._server.freeze()

    def end(self) -> None:
        """Let them go on."""
        self._server.thaw()


class ReadOnlyFile:
    """The file may not be written by the user who starts the server."""

    name = "file read-only at the start (0444)"
    at_start = True

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder)
        # Root writes what it likes, until it gives up that right.
        self.launcher = () if os.geteuid() else ("setpriv", *(f"--{which}-{MAY_ALL}" for which in SETS), "--")

    def begin(self, _server: Process) -> None:
        """Forbid writing."""
        self.store.path.chmod(0o444)

    def end(self) -> None:
        """Allow writing."""
        self.store.path.chmod(0o644)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """Mount a disk of `size` at `folder`, and yield whether that could be done."""
    tried = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    mounted = not subprocess.run(tried, check=False, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            # What was killed a moment ago may still have a file open.
            subprocess.run(["umount", "--lazy", folder], check=True)


def can_be_immutable(folder: Path) -> bool:
    """Return whether files here can be made read-only for those who have them open."""
    path = folder / "try"
    path.touch()
    can = not subprocess.run(["chattr", "+i", path], check=False, capture_output=True).returncode
    if can:
        subprocess.run(["chattr", "-i", path], check=True)
    path.unlink()
    return can


async def fail(failure: Failure, folder: Path, *, seconds: float, seed: int = 1, **settings: str) -> Figures:
    """Let a failure befall a server under load, and last some seconds after the first that was refused."""
    market, book = Market(Random(seed)), Book()
    settings |= {"SNAPSHOT_RECORDS": str(SNAPSHOT_RECORDS)}
    server = Process(failure.store.url, folder / "punnet.log", failure.launcher, **settings)
    await server.start()
    try:
        async with Caller(server.port) as caller:
            await caller.call("POST", "/api/catalog", market.listing(), LINES)
        async with _crowded(market, book, server) as crowd:
            await until(lambda: len(book.kept) > 200 and crowd.reads[200] > 5, PATIENCE)
            if not failure.at_start:
                figures = await _befall(failure, server, book, crowd, seconds)
        if failure.at_start:
            await server.stop()
            failure.begin(server)
            await server.start()
            async with _crowded(market, book, server) as crowd:
                figures = await _befall(failure, server, book, crowd, seconds)
        async with Caller(server.port) as caller:
            await book.send_again(caller)
        await _look(failure.store, book, figures)
        async with born() as twin:
            await twin.follow(await failure.store.records())
            figures.different = await twin.differences(server.port, market, QUESTIONS)
        figures.wrong += complaints(server.log)
    finally:
        await server.kill()
    return figures


@contextlib.asynccontextmanager
async def _crowded(market: Market, book: Book, server: Process) -> AsyncIterator[Crowd]:
    crowd = Crowd(market, book, server.port, bulk=(5, 20), pace=PACE)
    shopping = asyncio.create_task(crowd.shop(singles=4, orders=1, bulks=1, sockets=1, readers=2))
    try:
        yield crowd
    finally:
        crowd.stop()
        await shopping


async def _befall(failure: Failure, server: Process, book: Book, crowd: Crowd, seconds: float) -> Figures:
    writes, reads, began = book.statuses.copy(), crowd.reads.copy(), time.perf_counter()
    if not failure.at_start:
        await asyncio.to_thread(failure.begin, server)
    try:
        await until(lambda: book.statuses[503] > writes[503], PATIENCE)
        to_refuse = time.perf_counter() - began
        await asyncio.sleep(seconds)
        told = book.statuses - writes, crowd.reads - reads
    finally:
        await asyncio.to_thread(failure.end)
    kept, ended = book.statuses[200], time.perf_counter()
    await until(lambda: book.statuses[200] > kept, PATIENCE)
    to_heal = time.perf_counter() - ended
    await until(lambda: book.statuses[200] > kept + 50, PATIENCE)
    return Figures(
        name=failure.name, writes=told[0], reads=told[1], to_refuse=to_refuse, to_heal=to_heal,
        acknowledged=0, lost=0, doubled=0, unsent=0, different=[], wrong=book.wrong,
    )  # fmt: skip


async def _look(store: Store, book: Book, figures: Figures) -> None:
    records = [it for it in await store.records() if not isinstance(it.fact, Farm | Product)]
    findings = book.compare(records)
    figures.acknowledged = len(book.kept)
    figures.lost, figures.unsent = len(findings.lost), len(findings.unsent)
    figures.doubled = len(findings.doubled) + len(findings.torn)
