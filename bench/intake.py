"""How many actions a second become durable, beside the plain insert of the same rows.

    ./dev bench intake
    python bench/intake.py [--quick] [--json FILE]

In one process: 1,000 actions a commit, once into a bare table by one statement (`plain insert`), once through
`journal.append`, once through `pipeline.submit`, which applies them to an engine as well; in turn, so that
a noisy machine disturbs all alike. Event ids are random (UUIDv4, as other people's clients make them) or rise
with the time (as the server and our own clients make them): random ones fall all over an index.

Over HTTP, `punnet serve` in one process and its callers in another: bodies of 1,000 lines from one connection
and from four, and single actions from 64. The limit there is a server that says the same to everyone.
"""

import argparse
import json
import multiprocessing
import secrets
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import asyncpg
import uvloop

from bench.load.callers import call, post
from bench.load.canned import canned
from bench.load.serving import Serving, serving
from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.journal import Entry, Journal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.rows import Row, row_of
from punnet.journal.sqlite import CACHE_KIB, CHECKPOINT_PAGES, SqliteJournal
from punnet.market import Action, EntityType, Fact, Farm, Product, UserAction
from punnet.pipeline import Pipeline
from punnet.protocol import codec
from punnet.protocol.messages import Frames
from tests.servers.postgres import Throwaway, given

SEED = 20_261_123
BULK = 1_000
CALLERS = 64
LINES = "application/x-ndjson"
FARMS, PRODUCTS, SHOPPERS = 40, 1_000, 5_000

Insert = Callable[[list[Row], list[str]], Awaitable[None]]
Maker = Callable[[], str]


class Store(NamedTuple):
    """A kind of database. `plain` makes what inserts rows, and who they are of, into a bare table of it."""

    name: str
    plain: Callable[[AsyncExitStack], Awaitable[Insert]]
    journal: Callable[[AsyncExitStack], Awaitable[Journal]]
    url: Callable[[AsyncExitStack], Awaitable[str]]


class Size(NamedTuple):
    """How many turns are taken, and how many commits, bodies and single actions there are in each."""

    turns: int
    commits: int
    bodies: int
    singles: int


WHOLE = Size(turns=5, commits=80, bodies=40, singles=5_000)
QUICK = Size(turns=2, commits=15, bodies=10, singles=1_500)


def at_random() -> str:
    return str(uuid.uuid4())


def in_order() -> str:
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


IDS: dict[str, Maker] = {"random ids": at_random, "rising ids": in_order}


def catalogue() -> list[Farm | Product]:
    chance = Random(SEED)
    farms = [Farm(id=f"farm-{n}", name=f"Farm {n}") for n in range(FARMS)]
    return farms + [
        Product(
            id=f"product-{n}",
            name=f"Product {n}",
            farm_id=chance.choice(farms).id,
            category=f"Category {n % 12}",
            price=round(chance.uniform(1, 20), 2),
        )
        for n in range(PRODUCTS)
    ]


def view(chance: Random, event_id: str) -> Action:
    """Return what most traffic is made of: someone looks at a product."""
    return Action(
        event_id=event_id,
        user_id=f"shopper-{chance.randrange(SHOPPERS)}",
        action=UserAction.VIEW_PRODUCT,
        entity_id=f"product-{chance.randrange(PRODUCTS)}",
        entity_type=EntityType.PRODUCT,
        metadata={"source": "home", "position": chance.randrange(10)},
        timestamp=datetime.now(UTC),
    )


# ------------------------------------------------------------------------------------------------- databases


async def sqlite_file(stack: AsyncExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory())) / "bench.db"


async def sqlite_url(stack: AsyncExitStack) -> str:
    return f"sqlite:///{await sqlite_file(stack)}"


async def sqlite_journal(stack: AsyncExitStack) -> Journal:
    journal = await SqliteJournal.open(await sqlite_file(stack))
    stack.push_async_callback(journal.close)
    return journal


async def sqlite_plain(stack: AsyncExitStack) -> Insert:
    database = sqlite3.connect(await sqlite_file(stack), isolation_level=None)
    stack.callback(database.close)
    database.executescript((files("punnet.journal") / "schema" / "sqlite.sql").read_text())
    database.execute("PRAGMA journal_mode = WAL")
    for setting in (
        "synchronous = FULL",
        f"cache_size = -{CACHE_KIB}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    ):
        database.execute(f"PRAGMA {setting}")

    async def insert(rows: list[Row], _: list[str]) -> None:
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO journal (at, kind, key, body) VALUES (?, ?, ?, CAST(? AS TEXT))", rows
        )
        database.execute("COMMIT")

    return insert


@contextmanager
def stores() -> Iterator[tuple[Store, ...]]:
    """Yield the databases to measure; PostgreSQL runs with its own settings, as durable as it comes."""
    server = given() or Throwaway(durable=True)

    async def url(stack: AsyncExitStack) -> str:
        return await stack.enter_async_context(server.database())

    async def journal(stack: AsyncExitStack) -> Journal:
        made = await PostgresJournal.open(await url(stack))
        stack.push_async_callback(made.close)
        return made

    async def plain(stack: AsyncExitStack) -> Insert:
        return await postgres_plain(await url(stack), stack)

    try:
        yield (
            Store("SQLite", sqlite_plain, sqlite_journal, sqlite_url),
            Store("PostgreSQL", plain, journal, url),
        )
    finally:
        if isinstance(server, Throwaway):
            server.close()


async def postgres_plain(url: str, stack: AsyncExitStack) -> Insert:
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    await connection.execute((files("punnet.journal") / "schema" / "postgres.sql").read_text())
    seq = count(1)
    sql = """INSERT INTO journal (market, seq, at, kind, key, user_id, body) SELECT 'main', * FROM unnest(
        $1::bigint[], $2::double precision[], $3::text[], $4::text[], $5::text[], $6::json[])"""

    async def insert(rows: list[Row], users: list[str]) -> None:
        at, kind, key, body = zip(*rows, strict=True)
        bodies = [text.decode() for text in body]
        await connection.execute(sql, list(islice(seq, len(rows))), at, kind, key, users, bodies)

    return insert


# ------------------------------------------------------------------------------------------------- measuring


@dataclass(slots=True)
class Flow:
    """What went one way: how much, in how many seconds, with how much processor time of the server."""

    count: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """How much a second."""
        return self.count / self.seconds

    def percentile(self, share: float) -> float:
        """Return the milliseconds that a share of the requests did not exceed."""
        return sorted(self.times)[min(int(len(self.times) * share), len(self.times) - 1)] * 1e3

    async def time(self, count: int, work: Awaitable[object]) -> None:
        """Add work that is done in this process."""
        began = time.perf_counter()
        await work
        self.seconds += time.perf_counter() - began
        self.count += count

    def call(
        self, load: Executor, server: Serving, requests: list[bytes], callers: int, each: int, expected: str
    ) -> None:
        """Add requests, of `each` actions, that are sent from the other process."""
        before = server.cpu()
        seconds, times = load.submit(call, server.port, requests, callers, expected.encode()).result()
        self.cpu += server.cpu() - before
        self.seconds += seconds
        self.count += len(requests) * each
        self.times += times


PLAIN, APPEND, SUBMIT = "plain insert", "journal.append", "pipeline.submit"
ONE, FOUR = "bulk over HTTP, 1 caller", "bulk over HTTP, 4 callers"
SINGLE, LIMIT = "single over HTTP, 64 callers", "the same, canned answers"
WAYS = (PLAIN, APPEND, SUBMIT, ONE, FOUR, SINGLE, LIMIT)


class Measurement:
    """Every way into one kind of database, with ids of one kind."""

    def __init__(self, store: Store, make_id: Maker, load: Executor, canned: Serving) -> None:
        self.flows = {way: Flow() for way in WAYS}
        self._store, self._make_id = store, make_id
        self._load, self._canned = load, canned
        self._chance = Random(SEED)

    async def run(self, size: Size) -> None:
        """Go all ways in turn."""
        store = self._store
        async with AsyncExitStack() as stack:
            plain, journal = await store.plain(stack), await store.journal(stack)
            pipe = await stack.enter_async_context(running(await store.journal(stack)))
            server = stack.enter_context(serving(await store.url(stack)))
            shelf = post("/api/catalog", b"\n".join(map(codec.write, catalogue())), LINES)
            self._load.submit(call, server.port, [shelf], 1).result()
            for _ in range(size.turns):
                for _ in range(size.commits):
                    await self._inside(plain, journal, pipe)
                self._over_http(server, size)

    async def _inside(self, plain: Insert, journal: Journal, pipe: Pipeline) -> None:
        actions = [self._view() for _ in range(BULK)]
        now = time.time()
        rows = [row_of(now, action) for action in actions]
        entries = [Entry(now, (action,)) for action in actions]
        facts: list[tuple[Fact, ...]] = [(action,) for action in actions]
        await self.flows[PLAIN].time(BULK, plain(rows, [action.user_id for action in actions]))
        await self.flows[APPEND].time(BULK, journal.append(entries))
        await self.flows[SUBMIT].time(BULK, pipe.submit(facts))

    def _over_http(self, server: Serving, size: Size) -> None:
        flows, load = self.flows, self._load
        kept, done = f'"accepted":{BULK},', '"eventProcessed":true'
        flows[ONE].call(load, server, self._bodies(size.bodies), 1, BULK, kept)
        flows[FOUR].call(load, server, self._bodies(size.bodies), 4, BULK, kept)
        singles = [post("/api/recommendations", codec.write(self._view())) for _ in range(size.singles)]
        flows[SINGLE].call(load, server, singles, CALLERS, 1, done)
        flows[LIMIT].call(load, self._canned, singles, CALLERS, 1, done)

    def _bodies(self, count: int) -> list[bytes]:
        """Return requests of 1,000 lines each."""
        return [
            post("/api/events", b"\n".join(codec.write(self._view()) for _ in range(BULK)), LINES)
            for _ in range(count)
        ]

    def _view(self) -> Action:
        return view(self._chance, self._make_id())


@asynccontextmanager
async def running(journal: Journal) -> AsyncIterator[Pipeline]:
    """Run a pipeline whose engine has the catalogue."""
    engine = Engine()
    delivery = Delivery(engine, Hub(time.time), Frames("bench"), time.time)
    pipe = Pipeline(engine, journal, delivery, time.time)
    pipe.start()
    await pipe.submit([(fact,) for fact in catalogue()])
    yield pipe
    await pipe.stop()


def shown(name: str, flows: dict[str, Flow]) -> dict[str, dict[str, float]]:
    """Print the figures of one measurement, and return them."""
    print(f"\n{name:30}{'a second':>10}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'server CPU µs':>15}")
    figures = {}
    for way, flow in flows.items():
        against = LIMIT if way == SINGLE else PLAIN
        ratio = flow.rate / flows[against].rate
        row = figures[way] = {"per_second": flow.rate, "ratio": ratio, "against": against}
        text = f"{way:30}{flow.rate:10,.0f}" + (f"{ratio:8.2f}" if way not in {PLAIN, LIMIT} else " " * 8)
        if flow.times:
            row |= {"p50_ms": flow.percentile(0.5), "p99_ms": flow.percentile(0.99)}
            row["server_cpu_us"] = flow.cpu / flow.count * 1e6
            text += f"{row['p50_ms']:9.1f}{row['p99_ms']:9.1f}{row['server_cpu_us']:15.1f}"
        print(text, flush=True)
    return figures


async def measured(size: Size) -> dict[str, object]:
    """Print and return every figure."""
    figures: dict[str, object] = {}
    spawn = multiprocessing.get_context("spawn")
    with stores() as databases, ProcessPoolExecutor(1, mp_context=spawn) as load, canned() as limit:
        for store in databases:
            for name, make_id in IDS.items():
                measurement = Measurement(store, make_id, load, limit)
                await measurement.run(size)
                figures[f"{store.name}, {name}"] = shown(f"{store.name}, {name}", measurement.flows)
    return figures


def main() -> None:
    """Print a table for each database and kind of id."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of it, for a first impression")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures = uvloop.run(measured(QUICK if options.quick else WHOLE))
    if options.json:
        options.json.write_text(json.dumps({"intake": figures}, indent=2))


if __name__ == "__main__":
    main()
