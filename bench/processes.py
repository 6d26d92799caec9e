"""What two processes on this machine carry, against one.

    ./dev bench processes [--shoppers 20000] [--rounds 5] [--json FILE]

One made-up market on PostgreSQL, which waits for its disk, served with WORKERS=1 and with WORKERS=2, in turn.
Questions, each another one and none answered from memory, and single actions, over 128 connections; calls a
second as medians of all rounds, and the ratio. Whoever asks takes a part of the machine, too.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from statistics import median

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.cache import fill
from bench.load.callers import HOST, call, post
from bench.report.figures import tell
from bench.soaking.fleet import Process
from bench.soaking.places import Side
from tests.servers.postgres import Throwaway as Postgres
from tests.servers.valkey import Throwaway as Valkey

CONNECTIONS = 128
ASKED, DONE = 4_000, 3_000
"""Calls of one round."""


class Callers:
    """Makes calls of which no two are the same."""

    def __init__(self, shoppers: int) -> None:
        self._shoppers = shoppers
        self._chance = Random(1)
        self._numbers = count()

    def questions(self) -> list[bytes]:
        """Return questions of a round."""
        return [
            f"GET /api/recommendations?userId={self._who()} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
            for _ in range(ASKED)
        ]

    def actions(self) -> list[bytes]:
        """Return actions of a round."""
        return [post("/api/recommendations", msgspec.json.encode(self._action())) for _ in range(DONE)]

    def _action(self) -> dict[str, str]:
        product = f"product-{self._chance.randrange(self._shoppers // 20)}"
        done = {"action": "VIEW_PRODUCT", "entityId": product, "entityType": "PRODUCT"}
        return done | {"eventId": f"bench-{next(self._numbers)}", "userId": self._who()}

    def _who(self) -> str:
        return f"shopper-{self._chance.randrange(self._shoppers)}"


async def rate(process: Process, calls: Sequence[bytes]) -> float:
    """Return the calls a second."""
    seconds, _ = await asyncio.to_thread(call, process.port, calls, CONNECTIONS)
    return len(calls) / seconds


async def compared(processes: Sequence[Process], options: argparse.Namespace) -> dict[str, float]:
    """Return the figures of one process and of two."""
    callers = Callers(options.shoppers)
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.rounds):
        for workers, process in enumerate(processes, 1):
            rates.setdefault(("answers", workers), []).append(await rate(process, callers.questions()))
            rates.setdefault(("actions", workers), []).append(await rate(process, callers.actions()))
    figures = {f"{what}_{workers}": round(median(seen)) for (what, workers), seen in rates.items()}
    ratios = {
        f"{what}_ratio": round(figures[f"{what}_2"] / figures[f"{what}_1"], 2)
        for what in ("answers", "actions")
    }
    return figures | ratios | {"cores": os.cpu_count() or 0}


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures."""
    with (
        tempfile.TemporaryDirectory(prefix="punnet-processes-") as folder,
        closing(Postgres(durable=True)) as postgres,
        closing(Valkey()) as valkey,
    ):
        async with postgres.database() as one, postgres.database() as two:
            processes = []
            try:
                for workers, url in enumerate((one, two), 1):
                    await fill(url, options.shoppers)
                    settings = {"DATABASE_URL": url, "REDIS_URL": valkey.url, "WORKERS": str(workers)}
                    own = {"RESULT_CACHE_SECONDS": "0", "SNAPSHOT_RECORDS": "0"}
                    processes.append(Process(workers, Side(), Path(folder), settings | own))
                    await processes[-1].start()
                # The second worker begins when the first is there.
                await asyncio.sleep(15)
                return await compared(processes, options)
            finally:
                for process in processes:
                    await process.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shoppers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tell(uvloop.run(run(options)), options.json)


if __name__ == "__main__":
    main()
