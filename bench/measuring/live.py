"""Orders that come in while questions are asked, in one thread, as in a server."""

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from typing import NamedTuple

from msgspec.structs import replace

from bench.made import MadeMarket
from bench.measuring.times import Times, percentile
from punnet.engine.engine import Engine
from punnet.market import Order, Query, Record

STEP = timedelta(milliseconds=20)
"""How far apart the orders are in the market's time."""

PATIENCE = 30.0


class Coming(NamedTuple):
    """Records that are applied at once, how many lines of orders they hold, and their last time (seconds)."""

    records: list[Record]
    lines: int
    at: float


class Live(NamedTuple):
    """Lines taken in and answers given a second, and the milliseconds from when each answer was due.

    `core` is the share of a core that the machine gave: far below 1 the figures tell of its other guests.
    """

    lines_per_s: float
    answers_per_s: float
    core: float
    waits: Times

    @property
    def p99(self) -> float:
        """The milliseconds that 99 of 100 answers do not exceed."""
        return percentile(self.waits, 0.99)


def coming(market: MadeMarket, orders: int, batch: int) -> list[Coming]:
    """Return the market's last orders once more, as new ones after its `now`, so many of them at a time."""
    whole = len(market.baskets.times)
    records = []
    for number, record in enumerate(market.orders(max(whole - orders, 0)), 1):
        assert isinstance(record.fact, Order)
        placed = market.now + number * STEP
        order = replace(record.fact, id=f"live-{number}", placed_at=placed)
        records.append(Record(at=placed.timestamp(), fact=order))
    parts = [records[first : first + batch] for first in range(0, len(records), batch)]
    return [Coming(part, sum(len(record.fact.lines) for record in part), part[-1].at) for part in parts]


def live(engine: Engine, orders: Sequence[Coming], queries: Sequence[Query], a_second: float) -> Live:
    """Apply all orders as fast as it goes while so many questions a second are asked, and answered when due.

    A question falls due whether or not the last one was answered, and its time runs from then: an engine busy
    with orders makes it wait. All that are due come before more orders. After PATIENCE seconds the orders
    that are left are left.
    """
    clock, asking, waits, lines, at = time.perf_counter, cycle(queries), [], 0, orders[0].at
    began, used = clock(), time.process_time()
    due, until = began, began + PATIENCE
    for batch in orders:
        while due <= clock() < until:
            engine.answer(next(asking), at)
            waits.append((clock() - due) * 1e3)
            due += 1 / a_second
        if clock() >= until:
            break
        engine.apply(batch.records)
        lines, at = lines + batch.lines, batch.at
    seconds = clock() - began
    core = (time.process_time() - used) / seconds
    return Live(lines / seconds, len(waits) / seconds, core, waits)
