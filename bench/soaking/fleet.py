"""The processes of one market, with their database and their Valkey: started, killed and started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.soaking.places import Place
from tests.service.caller import Caller, Gone

PORT = 23_000
"""Of the first process; below those that a system hands out by itself."""

SECONDS_TO_START = 120


class Process:
    """One `punnet serve`, at a place of its own."""

    def __init__(self, number: int, place: Place, folder: Path, settings: Mapping[str, str]) -> None:
        self.number = number
        self.place = place
        self.port = PORT + number
        self._log = folder / f"process-{number}.log"
        own = {
            "HOST": place.host,
            "PORT": str(self.port),
            "SNAPSHOT_FILE": str(folder / f"process-{number}.snapshot"),
        }
        self._environment = os.environ | settings | own
        self._running: asyncio.subprocess.Process | None = None
        self.began = 0.0

    @property
    def address(self) -> str:
        """Where its streams are."""
        return f"ws://{self.place.host}:{self.port}/ws/recommendations"

    @property
    def log(self) -> str:
        """What it said on stderr, in all of its lives."""
        return self._log.read_text() if self._log.exists() else ""

    def caller(self) -> Caller:
        """Return somebody who calls it."""
        return Caller(self.port, self.place.host)

    async def start(self) -> float:
        """Start it, and return after how many seconds it takes requests."""
        began = time.monotonic()
        with self._log.open("a") as log:
            self._running = await asyncio.create_subprocess_exec(
                *(*self.place.launcher, sys.executable, "-m", "punnet", "serve"),
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        while not await self._ready():
            if self._running.returncode is not None or time.monotonic() - began > SECONDS_TO_START:
                raise RuntimeError(f"process {self.number} does not start: {self.log[-2_000:]}")
            await asyncio.sleep(0.05)
        self.began = time.monotonic()
        return self.began - began

    async def stop(self) -> None:
        """End it as an operator would."""
        await self.end(signal.SIGTERM)

    async def end(self, how: signal.Signals) -> None:
        """End it, if it runs."""
        if self._running is not None and self._running.returncode is None:
            self._running.send_signal(how)
            await self._running.wait()

    @property
    def resident(self) -> int:
        """The bytes of memory that it holds; 0 while it is away."""
        if self._running is None or self._running.returncode is not None:
            return 0
        status = Path(f"/proc/{self._running.pid}/status").read_text()
        # One that was just killed has a status, and no memory.
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if "VmRSS" in line), 0)

    async def _ready(self) -> bool:
        try:
            async with asyncio.timeout(2), self.caller() as caller:
                return (await caller.call("GET", "/health/ready")).status == 200
        except (Gone, TimeoutError):
            return False
