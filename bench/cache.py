"""Whether an answer of another process is worth fetching from Redis (REDIS_CACHE), or is made anew sooner.

    ./dev bench cache [--shoppers 20000] [--json FILE]

Three processes serve one made-up market on PostgreSQL. One is asked everything first, and puts its answers
into a Valkey on this machine. Then the same questions go in turn to one that finds them there and to one that
makes each anew: seconds of each call, and calls a second over eight connections, as a ratio. No question is
asked twice of one process, so that none is answered from its own memory.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load.callers import HOST, call
from bench.made.market import made_market
from bench.report.figures import tell
from bench.soaking.fleet import Process
from bench.soaking.places import Side
from punnet.journal import Entry
from punnet.journal.postgres import PostgresJournal
from tests.servers.postgres import Throwaway as Postgres
from tests.servers.valkey import Throwaway as Valkey

QUESTIONS, PART = 2_000, 250
BATCH = 5_000


async def fill(url: str, shoppers: int) -> None:
    """Write a market into the journal."""
    now = datetime.now(UTC)
    market = made_market(1, products=shoppers // 10, shoppers=shoppers, lines=10 * shoppers, now=now)
    journal = await PostgresJournal.open(url)
    records = market.records()
    while batch := list(islice(records, BATCH)):
        await journal.append([Entry(record.at, (record.fact,)) for record in batch])
    await journal.close()


def asked(shoppers: int) -> list[bytes]:
    """Return calls, no two of them the same."""
    chance = Random(1)
    users = chance.sample(range(shoppers), QUESTIONS)
    return [
        f"GET /api/recommendations?userId=shopper-{user} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        for user in users
    ]


async def hits(process: Process) -> int:
    """Return how many answers a process has found, its own or those of others."""
    async with process.caller() as caller:
        return (await caller.call("GET", "/api/recommendations/stats")).data["recommendations"]["cacheHits"]


async def compared(finding: Process, making: Process, calls: list[bytes]) -> dict[str, float]:
    """Return the figures of two processes that are asked the same in turn."""
    times: Mapping[Process, list[float]] = {finding: [], making: []}
    rates: Mapping[Process, list[float]] = {finding: [], making: []}
    for start in range(0, len(calls), 2 * PART):
        for process in (finding, making):
            alone, together = calls[start : start + PART], calls[start + PART : start + 2 * PART]
            _, seconds = await asyncio.to_thread(call, process.port, alone, 1)
            times[process] += seconds
            whole, _ = await asyncio.to_thread(call, process.port, together, 8)
            rates[process].append(len(together) / whole)
    return {
        "found_p50_us": round(median(times[finding]) * 1e6),
        "made_p50_us": round(median(times[making]) * 1e6),
        "cache_time_ratio": round(median(times[finding]) / median(times[making]), 2),
        "cache_throughput_ratio": round(median(rates[finding]) / median(rates[making]), 2),
        "found_share": round(await hits(finding) / len(calls), 3),
    }


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures."""
    with (
        tempfile.TemporaryDirectory(prefix="punnet-cache-") as folder,
        closing(Postgres(durable=True)) as postgres,
        closing(Valkey()) as valkey,
    ):
        async with postgres.database() as url:
            await fill(url, options.shoppers)
            settings = {"DATABASE_URL": url, "REDIS_URL": valkey.url, "SNAPSHOT_RECORDS": "0"}
            processes = [
                Process(number, Side(), Path(folder), settings | {"REDIS_CACHE": shared})
                for number, shared in enumerate(("true", "true", "false"))
            ]
            try:
                for process in processes:
                    await process.start()
                calls = asked(options.shoppers)
                await asyncio.to_thread(call, processes[0].port, calls, 4)
                return await compared(processes[1], processes[2], calls)
            finally:
                for process in processes:
                    await process.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shoppers", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tell(uvloop.run(run(options)), options.json)


if __name__ == "__main__":
    main()
