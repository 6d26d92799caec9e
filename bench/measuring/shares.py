"""What each algorithm costs an answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import NamedTuple

from bench.measuring.times import timed
from punnet.engine.engine import Engine
from punnet.market import Algorithm, Query


class Costs(NamedTuple):
    """Mean milliseconds of the offers to a question."""

    none: float
    """Those of no algorithm: who asks, what they like, and what may not appear."""
    alone: dict[Algorithm, float]
    """What each algorithm adds to that, asked alone."""
    together: float
    """What all add to it, asked at once as for an answer."""

    @property
    def shares(self) -> dict[Algorithm, float]:
        """The share of each algorithm in the sum of them."""
        whole = sum(self.alone.values()) or 1.0
        return {algorithm: cost / whole for algorithm, cost in self.alone.items()}


def costs(engine: Engine, queries: Sequence[Query], now: float, runs: int) -> Costs:
    """Return what the algorithms cost that the page of these queries asks.

    They take turns on the same questions, and of each question the quickest run counts: whatever else the
    machine does makes a run slower, and never quicker. The answers at the beginning only wake everything up.
    """
    for query in queries:
        engine.answer(query, now)
    panel = tuple(engine.offers(queries[0], now))
    ways = [(), *((algorithm,) for algorithm in panel), panel]
    times: list[list[list[float]]] = [[] for _ in ways]
    for _ in range(runs):
        for way, only in enumerate(ways):
            times[way].append(timed(partial(engine.offers, query, now, only) for query in queries))
    none, *alone, together = (fmean(map(min, zip(*rounds, strict=True))) for rounds in times)
    beyond = {algorithm: max(cost - none, 0.0) for algorithm, cost in zip(panel, alone, strict=True)}
    return Costs(none, beyond, together - none)


def rows(pages: Mapping[str, Costs]) -> Iterator[str]:
    """Yield a table of what the algorithms cost each page: µs, and the share in their sum."""
    yield f"{'algorithms alone, in µs':26}{''.join(f'{page:>16}' for page in pages)}"
    for algorithm in Algorithm:
        cells = (
            f"{it.alone[algorithm] * 1e3:9.1f}{it.shares[algorithm]:7.0%}" if algorithm in it.alone else ""
            for it in pages.values()
        )
        yield f"  {algorithm:24}{''.join(f'{cell:>16}' for cell in cells)}"
    yield _row("their sum", (sum(it.alone.values()) for it in pages.values()))
    yield _row("all at once", (it.together for it in pages.values()))
    yield _row("none of them", (it.none for it in pages.values()))


def _row(title: str, costs: Iterable[float]) -> str:
    return f"{title:26}{''.join(f'{cost * 1e3:9.1f}       ' for cost in costs)}".rstrip()
