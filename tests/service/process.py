"""A real `punnet serve`, in a process of its own."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.service.caller import Caller, Gone

SECONDS_TO_START = 60


class Process:
    """A server on a port that was free, which can be killed and started again on the same journal.

    What it says on stderr goes to `log`, beside which its snapshot lies; `launcher` stands before its command
    line.
    """

    def __init__(self, database_url: str, log: Path, launcher: Sequence[str] = (), **settings: str) -> None:
        own = {"DATABASE_URL": database_url, "SNAPSHOT_FILE": str(log.with_name("market.snapshot"))}
        # What others did shows at once, unless a test says otherwise.
        self._environment = os.environ | {"RESULT_CACHE_SECONDS": "0"} | settings | own
        self._launcher = launcher
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.greeting = ""
        self.farewell = ""
        """What it said on stdout behind the greeting, once it has ended."""

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> list[int]:
        """The numbers of the processes that it has started and that are there."""
        return children_of(self.pid)

    @property
    def log(self) -> str:
        """What it has said on stderr, in all of its lives."""
        return self._log.read_text() if self._log.exists() else ""

    async def spawn(self) -> None:
        """Start it, and do not wait until it answers."""
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._launcher, sys.executable, "-m", "punnet", "serve", "--port", "0"),
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    async def start(self) -> float:
        """Start it, and return after how many seconds it takes requests."""
        began = time.perf_counter()
        await self.spawn()
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS_TO_START):
            self.greeting = (await self._process.stdout.readline()).decode()
            listens = re.search(r"http://127\.0\.0\.1:(\d+)", self.greeting)
            if listens is None:
                raise AssertionError(f"the server did not start: {self.greeting}{self.log[-2_000:]}")
            self.port = int(listens[1])
            await self._ready()
        return time.perf_counter() - began

    async def kill(self, *, children: bool = True) -> int:
        """End it with SIGKILL, at once, and the processes that it has started; return how many those were."""
        begun = self.children if children else []
        await self._end(signal.SIGKILL)
        for child in begun:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return len(begun)

    async def stop(self) -> None:
        """End it as an operator would."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.send_signal(number)
            # Reads what is left of stdout too: a pipe left open keeps the event loop from closing quietly.
            said, _ = await self._process.communicate()
            self.farewell += said.decode()

    async def _ready(self) -> None:
        while True:
            try:
                async with Caller(self.port) as caller:
                    if (await caller.call("GET", "/health/ready")).status == 200:
                        return
            except Gone:
                await asyncio.sleep(0.005)


def resident(process: int) -> int:
    """Return how many KiB of memory a process holds."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Rss:")))


def children_of(process: int) -> list[int]:
    """Return the numbers of the processes that one has started and that are there."""
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []
