"""The server under attack, with the demo market in it, and what it holds."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.hostility.honest import Market
from bench.hostility.judging import Gauge, Work
from bench.hostility.passes import SECRET
from bench.load.serving import Serving
from punnet.demo import market as demo
from punnet.market import Fact
from tests.service.process import Process

FIRST_KEY = re.compile(r"punnet_admin_\S+")


class Stage:
    """A `punnet serve` as its users start it, but for AUTH_MODE=token; `settings` change more of it."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._url = f"sqlite:///{folder / 'market.db'}"
        own = {"AUTH_MODE": "token", "JWT_SECRET": SECRET, "RESULT_CACHE_SECONDS": "60"}
        self._process = Process(self._url, folder / "punnet.log", **(own | settings))

    async def open(self, shoppers: int) -> Market:
        """Start it with the demo market, and return what is to be known there, with so many shoppers."""
        market, today = demo.load(), datetime.now(UTC)
        products = demo.products(market, today)
        self._bring_in((*demo.farms(market), *products, *demo.history(market, today)))
        await self._process.start()
        key = FIRST_KEY.search(self._process.log)
        if key is None:
            raise RuntimeError(f"there is no first key: {self._process.log[-500:]}")
        people = demo.shoppers(market)[:shoppers]
        return Market(self._process.port, people, [each.id for each in products], key[0])

    def _bring_in(self, facts: Sequence[Fact]) -> None:
        file = self._folder / "market.ndjson"
        file.write_bytes(b"\n".join(map(msgspec.json.encode, facts)))
        command = [sys.executable, "-m", "punnet", "import", str(file)]
        environment = os.environ | {"DATABASE_URL": self._url}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    async def close(self) -> None:
        """End it."""
        await self._process.stop()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def log(self) -> list[str]:
        """The lines that it has said."""
        return self._process.log.splitlines()

    def gauge(self, at: float) -> Gauge:
        """Return what it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return Gauge(at, memory << 10, sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir()))


def work(process: int) -> Work:
    """Return how much a process has worked and waited up to now."""
    waited = int(Path(f"/proc/{process}/schedstat").read_text().split()[1])
    return Work(Serving(0, process).cpu(), waited / 1e9)
