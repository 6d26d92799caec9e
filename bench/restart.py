"""How long a server takes to be ready again, from a snapshot and from the bare journal.

    ./dev bench restart
    python bench/restart.py [--actions 1000000] [--orders 200000] [--runs 3] [--keep FOLDER] [--json FILE]

A journal in SQLite is filled with a market of 2,000 products and 50,000 shoppers, both drawn by a power law.
Then the real `punnet serve` starts as a new process, several times: with a snapshot that is half of
SNAPSHOT_RECORDS behind, and without one. Measured is the time from the start of the process to the first
200 of /health/ready, the processor time that it took, and the memory it then holds. Before each start the
files leave the page cache. The plain limit, in the same run: a new process that reads all rows with sqlite3
and does nothing with them.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from punnet.journal import Entry
from punnet.journal.sqlite import SqliteJournal
from punnet.market import Action, EntityType, Fact, Farm, Order, OrderLine, Product, UserAction
from punnet.settings import Settings

SEED = 20_261_123
FARMS, PRODUCTS, SHOPPERS = 100, 2_000, 50_000
CATEGORIES = ("Vegetables", "Fruits", "Dairy", "Bread", "Meat", "Herbs", "Honey", "Flowers", "Eggs", "Drinks")
TAIL = Settings().snapshot_records // 2
COMMIT = 5_000
DID = {
    UserAction.VIEW_PRODUCT: 60,
    UserAction.ADD_TO_CART: 14,
    UserAction.REMOVE_FROM_CART: 3,
    UserAction.ADD_TO_WISHLIST: 4,
    UserAction.SEARCH: 7,
    UserAction.VIEW_FARM: 4,
    UserAction.RATE_FARM: 1,
    UserAction.VIEW_RECOMMENDATIONS: 4,
    UserAction.CLICK_RECOMMENDATION: 3,
}
PLAIN = """
import sqlite3, sys
read = "SELECT seq, at, kind, CAST(body AS BLOB) FROM journal ORDER BY seq"
print(sum(1 for _ in sqlite3.connect(sys.argv[1]).execute(read)))
"""


class Start(NamedTuple):
    """One start of a process: seconds until it was ready, seconds of processor time, memory in MiB."""

    wall: float
    processor: float
    memory: float


class Market:
    """Draws what happens in a market, one thing after the other over 90 days until now."""

    def __init__(self, actions: int, orders: int) -> None:
        self.chance = random.Random(SEED)
        self.actions, self.orders = actions, orders
        self.began = datetime.now(UTC) - timedelta(days=90)
        self.step = timedelta(days=90) / (actions + orders)
        # A few products, and a few shoppers, are in most of what happens.
        self.products = list(accumulate(1 / (rank + 10) for rank in range(PRODUCTS)))
        self.shoppers = list(accumulate(1 / (rank + 100) ** 0.7 for rank in range(SHOPPERS)))

    def entries(self) -> Iterator[Entry]:
        """Yield the catalogue, then actions and orders in random order."""
        now = self.began.timestamp()
        for number in range(FARMS):
            yield Entry(
                now, (Farm(id=f"farm-{number}", name=f"Farm {number}", latitude=39.0, longitude=-84.0),)
            )
        for number in range(PRODUCTS):
            yield Entry(now, (self.product(number),))
        actions, orders = self.actions, self.orders
        for number in range(actions + orders):
            at = self.began + number * self.step
            ordering = self.chance.random() * (actions + orders) < orders
            orders, actions = (orders - 1, actions) if ordering else (orders, actions - 1)
            fact: Fact = self.order(number, at) if ordering else self.action(number, at)
            yield Entry(at.timestamp(), (fact,))

    def product(self, number: int) -> Product:
        """Return a product of some farm."""
        return Product(
            id=f"product-{number}",
            name=f"Product {number}",
            farm_id=f"farm-{self.chance.randrange(FARMS)}",
            category=self.chance.choice(CATEGORIES),
            price=round(self.chance.uniform(1, 30), 2),
            organic=self.chance.random() < 0.4,
            stock=self.chance.randrange(500),
            created_at=self.began,
        )

    def shopper(self) -> str:
        """Return who does something."""
        return f"shopper-{self.chance.choices(range(SHOPPERS), cum_weights=self.shoppers)[0]}"

    def some(self, count: int) -> list[str]:
        """Return so many products, some perhaps more than once."""
        return [
            f"product-{it}" for it in self.chance.choices(range(PRODUCTS), cum_weights=self.products, k=count)
        ]

    def order(self, number: int, at: datetime) -> Order:
        """Return a basket of one to six products."""
        wanted = dict.fromkeys(self.some(self.chance.randint(1, 6)))
        lines = tuple(OrderLine(product_id=it, quantity=1, unit_price=4.5) for it in wanted)
        return Order(id=f"order-{number:09}", user_id=self.shopper(), placed_at=at, lines=lines)

    def action(self, number: int, at: datetime) -> Action:
        """Return something that a shopper did."""
        did = self.chance.choices(list(DID), weights=list(DID.values()))[0]
        event_id = f"{int(at.timestamp() * 1000):012x}{self.chance.getrandbits(80):020x}"
        about = {"event_id": event_id, "user_id": self.shopper(), "action": did, "timestamp": at}
        match did:
            case UserAction.SEARCH:
                return Action(**about, metadata={"searchQuery": self.chance.choice(CATEGORIES).lower()})
            case UserAction.VIEW_FARM | UserAction.RATE_FARM:
                farm = f"farm-{number % FARMS}"
                rating = {"rating": number % 5 + 1} if did is UserAction.RATE_FARM else {}
                return Action(**about, entity_id=farm, entity_type=EntityType.FARM, metadata=rating)
            case UserAction.VIEW_RECOMMENDATIONS:
                return Action(**about, metadata={"productIds": self.some(8)})
            case _:
                (product,) = self.some(1)
                return Action(**about, entity_id=product, entity_type=EntityType.PRODUCT)


async def keep(path: Path, entries: Iterator[Entry], count: int | None = None) -> None:
    """Append so many entries to the journal, or all there are."""
    journal = await SqliteJournal.open(path)
    coming = islice(entries, count)
    while batch := list(islice(coming, COMMIT)):
        await journal.append(batch)
    await journal.close()


def punnet(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the program."""
    command = [sys.executable, "-m", "punnet", *arguments]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)


def forget(folder: Path) -> None:
    """Have the files in the folder read from the disk the next time."""
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ready(port: int) -> None:
    """Return once the server says that it is ready."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.002)
        finally:
            connection.close()


def status(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return the processor time in seconds and the memory in MiB of a process."""
    folder = Path(f"/proc/{process.pid}")
    user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
    memory = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), int(memory.split()[1]) / 1024


def serve(journal: Path, snapshot: Path) -> Start:
    """Start a server and end it once it is ready."""
    forget(journal.parent)
    port, began = free_port(), time.perf_counter()
    environment = {"SNAPSHOT_FILE": str(snapshot), "SNAPSHOT_RECORDS": "0"}
    process = punnet("serve", "--port", str(port), "--database", str(journal), **environment)
    try:
        ready(port)
        return Start(time.perf_counter() - began, *status(process))
    finally:
        process.send_signal(signal.SIGTERM)
        print(process.communicate()[0].partition(" · AUTH")[0].strip(), file=sys.stderr)


def plain(journal: Path) -> Start:
    """Read all rows of the journal with nothing but sqlite3."""
    forget(journal.parent)
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", PLAIN, str(journal)], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Start(wall, used, 0)


def size(path: Path) -> float:
    """Return the size of a file in MiB."""
    return path.stat().st_size / 2**20


def fill(folder: Path, actions: int, orders: int) -> tuple[Path, Path]:
    """Return a journal, and a snapshot of it that is TAIL records behind."""
    journal, snapshot = folder / "market.db", folder / "market.snapshot"
    if not snapshot.exists():
        entries = Market(actions, orders).entries()
        asyncio.run(keep(journal, entries, FARMS + PRODUCTS + actions + orders - TAIL))
        made = punnet("snapshot", "--database", str(journal), SNAPSHOT_FILE=str(snapshot))
        print(made.communicate()[0].strip(), file=sys.stderr)
        asyncio.run(keep(journal, entries))
    return journal, snapshot


def measure(folder: Path, actions: int, orders: int, runs: int) -> dict[str, float]:
    """Return medians of all that is measured."""
    journal, snapshot = fill(folder, actions, orders)
    ways: dict[str, Callable[[], Start]] = {
        "snapshot": lambda: serve(journal, snapshot),
        "journal": lambda: serve(journal, folder / "none"),
        "plain": lambda: plain(journal),
    }
    starts: dict[str, list[Start]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            starts[name].append(way())
    figures = {
        f"{name}_{part}": median(getattr(start, part) for start in of)
        for name, of in starts.items()
        for part in Start._fields
    }
    return figures | {"journal_mib": size(journal), "snapshot_mib": size(snapshot)}


def main() -> None:
    """Print a row for each way to start."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--keep", type=Path, help="fill the files in this folder, or use those that are there"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = options.actions, options.orders, options.runs
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
        figures = measure(options.keep or Path(folder), *known)
    print(f"{options.actions:,} actions, {options.orders:,} orders; medians of {options.runs} runs")
    print(f"{'':32}{'ready in':>10}{'processor':>11}{'memory':>10}{'file':>10}")
    for name, title in (("snapshot", f"from a snapshot and {TAIL:,}"), ("journal", "from the bare journal")):
        wall, used, memory, file = (figures[f"{name}_{part}"] for part in (*Start._fields, "mib"))
        print(f"{title:32}{wall:8.2f} s{used:9.2f} s{memory:6.0f} MiB{file:6.0f} MiB")
    print(
        f"{'rows read with bare sqlite3':32}{figures['plain_wall']:8.2f} s{figures['plain_processor']:9.2f} s"
    )
    print(f"journal over bare sqlite3: {figures['journal_wall'] / figures['plain_wall']:.1f}×")
    if options.json:
        options.json.write_text(json.dumps({"restart": figures}, indent=2))


if __name__ == "__main__":
    main()
