"""One way to call things products, and how well the next baskets are foretold on it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd

from bench.foretelling.first import First
from bench.foretelling.goods import DAIRY, FRESH, are_of
from bench.foretelling.market import catalogue, orders
from bench.foretelling.tifu import PUBLISHED, Tifu
from punnet.evaluation.judging import Foretell, Judge, Judged, list_of
from punnet.evaluation.purchases import Purchases

SHOPS = ZoneInfo("America/New_York")
NOVEMBER, DECEMBER, JANUARY = (
    datetime(2017, 11, 1, tzinfo=SHOPS),
    datetime(2017, 12, 1, tzinfo=SHOPS),
    datetime(2018, 1, 1, tzinfo=SHOPS),
)
LIMIT = 10
CHOOSING = 500
"""The households of which November's first baskets choose the parameters of TIFU-KNN."""


class Reference(NamedTuple):
    """Recall and NDCG of lists of ten, from independent plain code on the same release and months."""

    households: int
    lists: Mapping[str, tuple[float, float]]


class Level(NamedTuple):
    """What is a product: its name and title, the column that names it, and which lines have one."""

    name: str
    title: str
    column: str
    has: Callable[[pd.DataFrame], pd.Series]
    reference: Reference


class Found(NamedTuple):
    """What came of a level: sizes, the parameters TIFU-KNN had, and how good each list is."""

    level: Level
    lines: int
    products: int
    households: int
    parameters: Mapping[str, str]
    lists: Mapping[str, Judged]


LEVELS = (
    Level(
        "fresh",
        "Fresh goods, by receipt type",
        "product_type",
        lambda lines: are_of(lines, (*FRESH, "SALAD BAR"), DAIRY) & lines.product_type.notna(),
        Reference(
            1_894,
            {
                "popular": (0.360, 0.338),
                "personal": (0.482, 0.421),
                "personal_popular": (0.504, 0.436),
                "tifu": (0.510, 0.444),
            },
        ),
    ),
    Level(
        "all",
        "All goods, each product by itself",
        "product_id",
        lambda lines: lines.product_id.notna(),
        Reference(
            2_042,
            {
                "popular": (0.044, 0.053),
                "personal": (0.133, 0.148),
                "personal_popular": (0.137, 0.151),
                "tifu": (0.147, 0.162),
            },
        ),
    ),
)


def personal(purchases: Purchases) -> Foretell:
    """Return what lists what is in most orders of the shopper, and nothing else."""

    def foretell(user_id: str, limit: int, now: float) -> list[str]:
        mine = purchases.bought_by(user_id)
        return [each for each in purchases.again(user_id, limit, now) if each in mine]

    return foretell


def judged(first: First, ways: Mapping[str, Foretell], products: int) -> dict[str, Judged]:
    """Return how well each way foretells the first baskets."""
    judges = [Judge(name, foretell, LIMIT) for name, foretell in ways.items()]
    for purchase in first.purchases():
        for judge in judges:
            judge.ask(purchase)
    return {each.name: each for each in (judge.judged(products) for judge in judges)}


def chosen(first: First) -> dict[str, str]:
    """Return with which PUBLISHED parameters TIFU-KNN foretells best: all, and what is bought first."""
    found = {}
    for name, parameters in PUBLISHED.items():
        tifu = Tifu(first.past, parameters)
        found[name] = judged(first, {"tifu": tifu.best, "tifu_new": tifu.new}, len(tifu.products))
    return {
        "tifu": max(found, key=lambda name: found[name]["tifu"].bought.ndcg.mean),
        "tifu_new": max(found, key=lambda name: found[name]["tifu_new"].bought_first.ndcg.mean),
    }


def measured(level: Level, sold: pd.DataFrame, most: int, say: Callable[[str], None]) -> Found:
    """Return what came of foretelling the first December basket of at most so many households."""
    lines = sold[level.has(sold)]
    placed = orders(lines, level.column)
    say(f"{level.title}: choosing the parameters of TIFU-KNN on November")
    names = chosen(First.of(placed, NOVEMBER, DECEMBER).sample(min(most, CHOOSING)))
    say(f"{level.title}: {len(placed):,} baskets; learning those before December")
    first = First.of(placed, DECEMBER, JANUARY).sample(most)
    before = lines[lines.transaction_timestamp < _untold(DECEMBER)]
    known = first.known([*catalogue(before, level.column)])
    peers = {name: Tifu(first.past, PUBLISHED[names[name]]) for name in names}
    ways: dict[str, Foretell] = {
        "punnet": list_of(known.engine),
        "popular": known.purchases.popular,
        "personal": personal(known.purchases),
        "personal_popular": known.purchases.again,
        "popular_new": known.purchases.new,
        "tifu": peers["tifu"].best,
        "tifu_new": peers["tifu_new"].new,
    }
    say(f"{level.title}: foretelling {len(first.asked):,} baskets, each {len(ways)} times")
    products = len(known.engine.catalogue.listed())
    return Found(
        level,
        len(lines),
        lines[level.column].nunique(),
        len(first.asked),
        names,
        judged(first, ways, products),
    )


def _untold(moment: datetime) -> datetime:
    """Return a moment as the release has it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
