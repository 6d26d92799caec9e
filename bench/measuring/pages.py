"""Questions for each kind of page of a made market, new ones for each run."""

from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace

from bench.made import MadeMarket
from bench.measuring.times import Spread, Times, in_turn, timed, typical
from punnet.engine.engine import Engine
from punnet.market import Context, Query

NAMES = ("home", "home_near", "product", "cart", "search")
"""The kinds of pages; `home_near` are those that name a place."""


def asked(market: MadeMarket, page: str, count: int, run: int) -> list[Query]:
    """Return so many questions of one run for a kind of page."""
    match page:
        case "home":
            queries = market.queries(Context.HOME, count, run)
            return [replace(query, latitude=None, longitude=None) for query in queries]
        case "home_near":
            queries = market.queries(Context.HOME, 4 * count, run)
            return [query for query in queries if query.latitude is not None][:count]
        case "product":
            return market.queries(Context.PRODUCT_DETAIL, count, run)
        case "cart":
            return market.queries(Context.CART, count, run)
        case _:
            return market.queries(Context.SEARCH, count, run)


def answers(
    markets: Mapping[str, tuple[MadeMarket, Engine]], count: int, runs: int
) -> dict[str, dict[str, list[Spread]]]:
    """Return for each market and kind of page what each run showed; all take turns.

    The first round only wakes everything up.
    """

    def way(market: MadeMarket, engine: Engine, page: str) -> Callable[[int], Times]:
        def ask(run: int) -> Times:
            queries = asked(market, page, count, run)
            return timed(partial(engine.answer, query, market.seconds) for query in queries)

        return ask

    ways = {(name, page): way(*markets[name], page) for name in markets for page in NAMES}
    shown = in_turn(ways, runs + 1)
    return {name: {page: shown[name, page][1:] for page in NAMES} for name in markets}


def figures(shown: Mapping[str, list[Spread]]) -> dict[str, float]:
    """Return the medians of the runs as figures named after their pages."""
    named: dict[str, float] = {}
    for page, runs in shown.items():
        named |= typical(runs).named(f"answer.{page}")
    return named
