"""The made market that is measured, in full size or a tenth of it, and an engine that holds it."""

import gc
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from bench.made import MadeMarket, made_market
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.market import Record

SEED = 20_261_126
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
"""When the market is asked: the same day on every run, so that the season is the same as well."""

BATCH = 5_000


class Size(NamedTuple):
    """How much of everything a market has."""

    products: int = 100_000
    shoppers: int = 1_000_000
    lines: int = 10_000_000

    def tenth(self) -> "Size":
        """Return a market with a tenth of everything."""
        return Size(*(count // 10 for count in self))

    def made(self) -> MadeMarket:
        """Return the market of this size."""
        return made_market(SEED, **self._asdict(), now=NOW)

    def __str__(self) -> str:
        return f"{self.products:,} products, {self.shoppers:,} shoppers, {self.lines:,} lines of orders"


def batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Yield records in their order, many at a time."""
    while batch := list(islice(records, BATCH)):
        yield batch


def filled(market: MadeMarket) -> tuple[Engine, float]:
    """Return an engine that holds the market, and the seconds that it took to take everything in.

    It is one that was started from a snapshot, as that of a server is: what was read at once lies together.
    """
    engine, seconds = Engine(), 0.0
    for batch in batches(market.records()):
        began = time.perf_counter()
        engine.apply(batch)
        seconds += time.perf_counter() - began
    engine = snapshot.load(snapshot.dump(engine))
    freeze()
    return engine, seconds


def freeze() -> None:
    """Let what is there stay: the collector need not look through it again while calls are timed."""
    gc.collect()
    gc.freeze()


def say(sentence: str) -> None:
    """Show how far it is."""
    print(sentence, file=sys.stderr, flush=True)
