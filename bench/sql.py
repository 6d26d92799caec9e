"""What is bought together, asked of the engine and of PostgreSQL in SQL, on the same lines of orders.

    ./dev bench sql
    python bench/sql.py [--quick] [--products 1000] [--runs 3] [--json FILE]

10,000,000 lines of a made market (bench/made). PostgreSQL has all that helps it: the lines in memory, from
either side an index that holds what is read, how often each product was bought in a table made beforehand,
fresh statistics, a prepared statement of the quickest form we found, and parallel workers. Both are asked
about the same products, drawn as often as they are bought, for the five that go best with each, and must say
the same. There are a thousand in each run, since what a server has been asked it keeps, as PostgreSQL does
its pages. Times are milliseconds of one call: of `Engine.together`, and of asyncpg's `fetch` over a
connection to the same machine. They run in turn; figures are medians of the runs.
"""

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import asyncpg
import numpy as np
import uvloop

from bench.made import MadeMarket
from bench.made.chance import Ints
from bench.measuring.sizes import SEED, Size, filled, say
from bench.measuring.times import in_turn, ratio, timed, typical
from punnet.engine.engine import Engine
from punnet.types import Indices
from tests.servers.postgres import Throwaway

LIMIT = 5
CLOSE = 1e-9
CHUNK = 500_000
SETTINGS = {
    "shared_buffers": "3GB",
    "effective_cache_size": "8GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "2",
    "parallel_setup_cost": "100",
    "jit": "off",
    "autovacuum": "off",
}
TABLES = """
CREATE UNLOGGED TABLE lines (purchase integer NOT NULL, product integer NOT NULL);
CREATE UNLOGGED TABLE products (
    product integer PRIMARY KEY, purchases integer NOT NULL, on_sale boolean NOT NULL
);
"""
INDEXES = """
CREATE UNIQUE INDEX ON lines (purchase, product);
CREATE UNIQUE INDEX ON lines (product, purchase);
CREATE INDEX ON products (product) INCLUDE (purchases, on_sale);
"""
TOGETHER = """
WITH common AS MATERIALIZED (
    SELECT other.product, count(*) AS both_in
    FROM lines AS one JOIN lines AS other ON other.purchase = one.purchase
    WHERE one.product = $1 AND other.product <> $1
    GROUP BY other.product HAVING count(*) >= 2
)
SELECT product, both_in / sqrt(
    purchases::float8 * (SELECT purchases FROM products WHERE product = $1)
) AS score
FROM common JOIN products USING (product)
WHERE on_sale
ORDER BY score DESC, product
LIMIT $2
"""

Companions: TypeAlias = list[tuple[int, float]]
"""Products and their scores, the best first."""


class Sql:
    """The lines of a market in PostgreSQL, asked over one connection."""

    def __init__(self, dsn: str, market: MadeMarket) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._connection = self._runner.run(asyncpg.connect(dsn))
        self._runner.run(self._fill(market))
        self._statement = self._runner.run(self._connection.prepare(TOGETHER))

    def together(self, products: Sequence[int]) -> tuple[list[Companions], list[float]]:
        """Return what goes best with each product, and the milliseconds that it took to be told."""
        return self._runner.run(self._together(products))

    def close(self) -> None:
        """Hang up."""
        self._runner.run(self._connection.close())
        self._runner.close()

    async def _together(self, products: Sequence[int]) -> tuple[list[Companions], list[float]]:
        told, times = [], []
        for product in products:
            began = time.perf_counter()
            rows = await self._statement.fetch(product, LIMIT)
            times.append((time.perf_counter() - began) * 1e3)
            told.append([(row[0], row[1]) for row in rows])
        return told, times

    async def _fill(self, market: MadeMarket) -> None:
        baskets = market.baskets
        lines = np.repeat(np.arange(len(baskets.times)), baskets.sizes), baskets.products
        orders = np.bincount(baskets.products, minlength=len(market.shelf.farms)).tolist()
        on_sale = market.shelf.on_sale(market.seconds).tolist()
        rows = zip(range(len(orders)), orders, on_sale, strict=True)
        await self._connection.execute(TABLES)
        await self._connection.copy_to_table("lines", source=_binary(*lines), format="binary")
        await self._connection.copy_records_to_table("products", records=rows)
        await self._connection.execute(INDEXES)
        await self._connection.execute("VACUUM ANALYZE")


async def _binary(purchases: Indices, products: Ints) -> AsyncIterator[bytes]:
    """Yield rows of two integers as COPY reads them in binary."""
    row = np.dtype([("fields", ">i2"), ("size", ">i4"), ("one", ">i4"), ("size2", ">i4"), ("other", ">i4")])
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for first in range(0, len(products), CHUNK):
        part = slice(first, first + CHUNK)
        rows = np.zeros(len(products[part]), row)
        rows["fields"], rows["size"], rows["size2"] = 2, 4, 4
        rows["one"], rows["other"] = purchases[part], products[part]
        yield rows.tobytes()
    yield b"\xff\xff"


def companions_of(engine: Engine, product: int, now: float) -> Companions:
    """Return what the engine says goes best with a product."""
    told = engine.together(f"product-{product}", LIMIT, now)
    return [(int(it.product.id.removeprefix("product-")), it.score) for it in told]


def alike(one: Companions, other: Companions) -> bool:
    """Return whether both are the same scores to 1e-9, and the same products unless some are equal."""
    scores = list(zip((score for _, score in one), (score for _, score in other), strict=False))
    close = all(math.isclose(a, b, abs_tol=CLOSE) for a, b in scores)
    last = scores[-1][0] if scores else 0.0
    # Which of several equals comes last is decided by rounding, and SQL does not round.
    sure = [{product for product, score in it if score > last + CLOSE} for it in (one, other)]
    return len(one) == len(other) and close and sure[0] == sure[1]


def measure(market: MadeMarket, engine: Engine, sql: Sql, count: int, runs: int) -> dict[str, float]:
    """Return medians and 99th percentiles in milliseconds, and how many times ours SQL takes."""
    bought, now = market.baskets.products, market.seconds
    # The first round only wakes both up, and each asks about products of its own.
    rounds = bought[np.random.default_rng(SEED).integers(0, len(bought), (runs + 1, count))].tolist()
    told: list[Companions] = []

    def theirs(number: int) -> list[float]:
        answers, times = sql.together(rounds[number])
        told.extend(answers)
        return times

    def ours(number: int) -> list[float]:
        names = (f"product-{product}" for product in rounds[number])
        return timed(partial(engine.together, name, LIMIT, now) for name in names)

    shown = {name: spreads[1:] for name, spreads in in_turn({"sql": theirs, "ours": ours}, runs + 1).items()}
    for product, companions in zip(chain.from_iterable(rounds), told, strict=True):
        if not alike(companions_of(engine, product, now), companions):
            sys.exit(f"the engine and SQL differ on what goes with product-{product}")
    return {
        **typical(shown["ours"]).named("together"),
        **typical(shown["sql"]).named("together.sql"),
        "together.vs_sql": ratio(shown["sql"], shown["ours"]),
        "together.compared": float(len(told)),
    }


def main() -> None:
    """Print a row for each of the two."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market")
    parser.add_argument("--products", type=int, default=1_000, help="asked about in each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    size = Size().tenth() if options.quick else Size()
    say(f"making {size}")
    market = size.made()
    engine, _ = filled(market)
    say("filling PostgreSQL")
    with closing(Throwaway(settings=SETTINGS)) as server, closing(Sql(server.dsn, market)) as sql:
        figures = measure(market, engine, sql, options.products, options.runs)
    print(f"{size}; medians of {options.runs} runs of {options.products} products\n")
    print(f"{'five products bought together, in ms':40}{'p50':>10}{'p99':>10}")
    for name, title in (("together.sql", "SQL on PostgreSQL"), ("together", "Engine.together")):
        print(f"{title:40}{figures[f'{name}.p50_ms']:10.3f}{figures[f'{name}.p99_ms']:10.3f}")
    compared = int(figures["together.compared"])
    print(f"SQL over ours, p50: {figures['together.vs_sql']:.0f}×; all {compared:,} answers are the same")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
