"""How fast `punnet import` is, beside what it cannot be faster than.

    ./dev bench importing
    python bench/importing.py [--quick] [--lines 300000] [--runs 3] [--json FILE]

A made market's orders, line by line, and what its visitors did, as CSV, NDJSON and Parquet, into a SQLite
file that holds the catalogue. In one process and in turn, so that a noisy machine disturbs all alike:

    read        the file by csv.reader, by JSON lines, by Parquet's own batches, and nothing made of it
    journal     the same facts, made before, in the journal alone, 5,000 a commit
    pipeline    the same in the journal and applied to an engine, as a server does
    import      all of it: the file read, checked, made facts, in the journal and the engine

Rows of the file a second, medians of the runs; the limits as times of the import. Ends with an error when the
import brings other facts than there are.
"""

import argparse
import asyncio
import csv
import gc
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec
import pyarrow as pa
import uvloop
from pyarrow import parquet as pq

from bench.made import MadeMarket
from bench.measuring.sizes import Size, say
from punnet.bootstrap import NEW_OBJECTS, build, running
from punnet.importing.importer import Importer
from punnet.importing.rows import rows
from punnet.importing.units import UNITS, Unit, lots
from punnet.journal import Entry
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Action, Fact, Order
from punnet.settings import SQLITE, Settings
from punnet.web.shop import Shop

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC).timestamp()
ACTIONS_PER_LINE = 1 / 3
WAYS = ("read", "journal", "pipeline", "import")


class Written(NamedTuple):
    """A file, how many rows it has, and the facts that they are."""

    path: Path
    count: int
    facts: Sequence[tuple[Fact, ...]]


# -------------------------------------------------------------------------------------------------- the files


def order_rows(market: MadeMarket) -> Iterator[dict[str, object]]:
    """Yield a row for each line of an order."""
    for record in market.orders():
        order = record.fact
        assert isinstance(order, Order)
        for line in order.lines:
            yield {
                "id": order.id,
                "userId": order.user_id,
                "placedAt": order.placed_at,
                "productId": line.product_id,
                "quantity": line.quantity,
                "unitPrice": line.unit_price,
                "latitude": order.latitude,
                "longitude": order.longitude,
            }


def action_rows(market: MadeMarket) -> Iterator[dict[str, object]]:
    """Yield a row for each action, without an id, as most shops have them."""
    for record in market.actions():
        action = record.fact
        assert isinstance(action, Action)
        yield {
            "userId": action.user_id,
            "action": str(action.action),
            "entityId": action.entity_id,
            "entityType": action.entity_type and str(action.entity_type),
            "metadata": json.dumps(action.metadata) if action.metadata else None,
            "timestamp": action.timestamp or datetime.fromtimestamp(record.at, UTC),
        }


def write_csv(path: Path, content: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(content[0]))
        writer.writeheader()
        for row in content:
            writer.writerow({name: value for name, value in row.items() if value is not None})


def write_ndjson(path: Path, content: Sequence[Mapping[str, object]]) -> None:
    said = ({name: value for name, value in row.items() if value is not None} for row in content)
    opened = (
        {**row, "metadata": json.loads(str(row["metadata"]))} if "metadata" in row else row for row in said
    )
    path.write_bytes(b"\n".join(map(msgspec.json.encode, opened)))


def write_parquet(path: Path, content: Sequence[Mapping[str, object]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(content)), path)


WRITERS = {".csv": write_csv, ".ndjson": write_ndjson, ".parquet": write_parquet}


def written(folder: Path, name: str, content: Sequence[Mapping[str, object]]) -> Written:
    """Write a file; what its facts are, the import itself says, outside of any measurement."""
    path = folder / name
    WRITERS[path.suffix](path, content)
    facts = [unit.facts for lot in lots(rows(path), NOW) for unit in lot.units if isinstance(unit, Unit)]
    return Written(path, len(content), facts)


# -------------------------------------------------------------------------------------------------- measuring


def only_read(path: Path) -> None:
    """Read a file and make nothing of it."""
    if path.suffix == ".csv":
        with path.open(newline="") as lines:
            for _ in csv.reader(lines):
                pass
    elif path.suffix == ".ndjson":
        decoder = msgspec.json.Decoder()
        with path.open("rb") as lines:
            for line in lines:
                decoder.decode(line)
    else:
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches(10_000):
                pass


def batches(facts: Sequence[tuple[Fact, ...]]) -> Iterator[Sequence[tuple[Fact, ...]]]:
    """Yield facts as many at a time as an import does."""
    for start in range(0, len(facts), UNITS):
        yield facts[start : start + UNITS]


async def journal_alone(database: Path, file: Written) -> float:
    journal = await SqliteJournal.open(database)
    began = time.perf_counter()
    for batch in batches(file.facts):
        await journal.append([Entry(NOW, facts) for facts in batch])
    seconds = time.perf_counter() - began
    await journal.close()
    return seconds


@asynccontextmanager
async def opened(database: Path) -> AsyncIterator[Shop]:
    """A market, as `punnet import` opens it; no snapshots are made beside it."""
    async with running(await build(Settings(database_url=f"{SQLITE}{database}", snapshot_records=0))) as shop:
        yield shop


async def piped(database: Path, file: Written) -> float:
    async with opened(database) as shop:
        began = time.perf_counter()
        for batch in batches(file.facts):
            await shop.pipeline.submit(batch)
        return time.perf_counter() - began


async def imported(database: Path, file: Written) -> float:
    def refuse(line: int, why: str) -> None:
        sys.exit(f"{file.path.name}:{line}: {why}")

    async with opened(database) as shop:
        importer = Importer(shop.engine, shop.pipeline, refuse)
        began = time.perf_counter()
        await importer.run(lots(rows(file.path), NOW), lambda _: None)
        seconds = time.perf_counter() - began
    if importer.new != len(file.facts):
        sys.exit(f"{file.path.name}: {importer.new:,} facts came in, not {len(file.facts):,}")
    return seconds


async def read(_: Path, file: Written) -> float:
    began = time.perf_counter()
    only_read(file.path)
    return time.perf_counter() - began


MEASURED: Mapping[str, Callable[[Path, Written], Awaitable[float]]] = {
    "read": read,
    "journal": journal_alone,
    "pipeline": piped,
    "import": imported,
}


async def in_turn(market: Path, file: Written, runs: int) -> dict[str, float]:
    """Return the median seconds of each way, each run into a fresh copy of the market."""
    seconds: dict[str, list[float]] = {name: [] for name in MEASURED}
    for _ in range(runs):
        for name, way in MEASURED.items():
            database = market.with_name(f"{name}.db")
            shutil.copy(market, database)
            gc.collect()
            gc.freeze()
            seconds[name].append(await way(database, file))
            for left in market.parent.glob(f"{name}.db*"):
                left.unlink()
    return {name: median(taken) for name, taken in seconds.items()}


async def filled(database: Path, market: MadeMarket) -> None:
    """Make a journal with the catalogue in it."""
    async with opened(database) as shop:
        for batch in batches([(record.fact,) for record in market.catalogue()]):
            await shop.pipeline.submit(batch)


def contents(market: MadeMarket) -> dict[str, Iterable[dict[str, object]]]:
    """Return what is brought in; actions are a third as many as lines, where there are so many."""
    lines = list(order_rows(market))
    return {"orders": lines, "actions": islice(action_rows(market), int(len(lines) * ACTIONS_PER_LINE))}


async def measure(size: Size, runs: int) -> dict[str, float]:
    """Print a row for each file, and return all figures by their names."""
    figures: dict[str, float] = {}
    market = size.made()
    print(
        f"{'rows a second':24}{'rows':>9}" + "".join(f"{name:>12}" for name in WAYS) + "   of import's time"
    )
    with tempfile.TemporaryDirectory(prefix="punnet-importing-") as folder:
        database = Path(folder) / "market.db"
        await filled(database, market)
        for kind, content in contents(market).items():
            table = list(content)
            for ending in WRITERS:
                file = written(Path(folder), f"{kind}{ending}", table)
                seconds = await in_turn(database, file, runs)
                show(file, seconds)
                for name in WAYS:
                    figures[f"importing.{kind}{ending}.{name}_per_s"] = file.count / seconds[name]
    return figures


def show(file: Written, seconds: Mapping[str, float]) -> None:
    whole = seconds["import"]
    speeds = "".join(f"{file.count / seconds[name]:12,.0f}" for name in WAYS)
    shares = ", ".join(f"{name} {seconds[name] / whole:.0%}" for name in WAYS[:-1])
    print(f"{file.path.name:24}{file.count:9,}{speeds}   {shares}", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market, and one run")
    parser.add_argument("--lines", type=int, default=300_000, help="lines of orders")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    size = Size(products=5_000, shoppers=300_000, lines=options.lines)
    size, runs = (size.tenth(), 1) if options.quick else (size, options.runs)
    say(f"making {size}")
    gc.set_threshold(NEW_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measure(size, runs))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
