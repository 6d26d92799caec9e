"""How long one answer takes on the demo market, beside the same answer in plain Python.

    ./dev bench answers
    python bench/answers.py [--queries 300] [--naive 15] [--json FILE]

Plain Python is tests/naive.py: lists and dictionaries, one formula after the other, no index beyond the
orders of each shopper and each product. Both are asked in turn within one run, so that a noisy machine
disturbs both alike; on the queries that both were asked, their products must be the same. Times are
milliseconds of one call of `answer`, without HTTP.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from punnet.demo.market import farms, history, load, products
from punnet.engine.engine import Engine
from punnet.market import Action, Context, Query, Record, UserAction
from tests.naive import NaiveMarket

SEED = 20_261_122
CARTS = 400
WORDS = ("apples", "organic", "cheese", "bread", "eggs", "potatoes", "berries", "lemon")


def records(today: datetime, chance: random.Random) -> list[Record]:
    """Return the demo market as records: catalogue, a year of orders, and an open cart for some shoppers."""
    market = load()
    goods, orders = products(market, today), history(market, today)
    carts = [
        Action(
            event_id=f"cart-{number}",
            user_id=order.user_id,
            action=UserAction.ADD_TO_CART,
            entity_id=order.lines[0].product_id,
            timestamp=today,
        )
        for number, order in enumerate(chance.sample(orders, CARTS))
    ]
    return [Record(at=today.timestamp(), fact=fact) for fact in (*farms(market), *goods, *orders, *carts)]


def questions(known: list[Record], chance: random.Random) -> dict[str, Callable[[], Query]]:
    """Return for each kind of page what makes a query for it."""
    facts = [record.fact for record in known]
    carts = [fact.user_id for fact in facts if isinstance(fact, Action)]
    lines = [
        line.product_id for fact in facts[-CARTS - 5_000 : -CARTS] for line in getattr(fact, "lines", ())
    ]

    def query(context: Context, **named: object) -> Query:
        return Query(user_id=chance.choice(carts), context=context, **named)

    return {
        "home": lambda: query(Context.HOME),
        "home near a place": lambda: query(Context.HOME, latitude=39.1, longitude=-84.5),
        "home, new visitor": lambda: Query(user_id="nobody", context=Context.HOME),
        "product": lambda: query(Context.PRODUCT_DETAIL, product_id=chance.choice(lines)),
        "cart": lambda: query(Context.CART),
        "checkout": lambda: query(Context.CHECKOUT),
        "search": lambda: query(Context.SEARCH, search_query=chance.choice(WORDS)),
    }


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Return how many milliseconds a call took, and what it returned."""
    start = time.perf_counter()
    result = call()
    return (time.perf_counter() - start) * 1e3, result


def percentile(times: list[float], share: float) -> float:
    """Return the time that a share of all times does not exceed."""
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


def measure(
    engine: Engine, naive: NaiveMarket, queries: list[Query], asked_naively: int, now: float
) -> dict[str, float]:
    """Return medians and the 99th percentile in milliseconds, and naive over engine where both answered."""
    fast: list[float] = []
    both: list[tuple[float, float]] = []
    stride = len(queries) // asked_naively
    for number, query in enumerate(queries):
        ours, answer = timed(lambda query=query: engine.answer(query, now))
        fast.append(ours)
        if number % stride == 0:
            theirs, expected = timed(lambda query=query: naive.answer(query, now))
            both.append((ours, theirs))
            same = [it.product.id for it in answer.recommendations] == [it.product_id for it in expected]
            if not same:
                sys.exit(f"engine and plain Python differ on {query}")
    return {
        "p50_ms": median(fast),
        "p99_ms": percentile(fast, 0.99),
        "naive_p50_ms": median(theirs for _, theirs in both),
        "naive_ratio": median(theirs / ours for ours, theirs in both),
    }


def rows(queries: int, asked_naively: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the kind of page and its figures."""
    chance = random.Random(SEED)
    today = datetime.now(UTC)
    known = records(today, chance)
    engine, naive = Engine(), NaiveMarket()
    engine.apply(known)
    naive.apply(known)
    for name, make in questions(known, chance).items():
        asked = [make() for _ in range(queries)]
        for query in asked[:20]:
            engine.answer(query, today.timestamp())
        yield name, measure(engine, naive, asked, asked_naively, today.timestamp())


def main() -> None:
    """Print a row a kind of page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=300, help="answers of the engine per kind of page")
    parser.add_argument("--naive", type=int, default=15, help="of these also asked in plain Python")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    print(f"{'one answer of 10, in ms':24}{'p50':>8}{'p99':>8}{'plain Python p50':>19}{'ratio':>8}")
    figures = {}
    for name, row in rows(options.queries, options.naive):
        figures[name] = row
        print(
            f"{name:24}{row['p50_ms']:8.2f}{row['p99_ms']:8.2f}"
            f"{row['naive_p50_ms']:19.1f}{row['naive_ratio']:7.0f}×",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps({"answer": figures}, indent=2))


if __name__ == "__main__":
    main()
