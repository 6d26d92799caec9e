"""How good the lists of an engine are, beside plain ones."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.evaluation.metrics import Estimate, Mean, hit, ndcg, recall
from punnet.evaluation.replay import Known, Purchase, Trial
from punnet.market import Query, Record

Foretell: TypeAlias = Callable[[str, int, float], Sequence[str]]
"""Gives the ids of so many products for a shopper at a time (seconds), the likeliest first."""


class Quality(msgspec.Struct, frozen=True, rename="camel"):
    """How well lists foretold something of so many orders."""

    orders: int
    hit_rate: Estimate
    recall: Estimate
    ndcg: Estimate


class Judged(msgspec.Struct, frozen=True, rename="camel"):
    """One way to make lists: how well they foretold all that was bought, and what was bought the first time.

    `coverage` is the share of the catalogue that was in any list; `milliseconds` is what a list took, as a
    mean.
    """

    name: str
    bought: Quality
    bought_first: Quality
    coverage: float
    milliseconds: float


class Evaluation(msgspec.Struct, frozen=True, rename="camel"):
    """What was found of the `asked` among so many `orders` from `since` to `until`, in lists of `limit`."""

    since: datetime
    until: datetime
    orders: int
    asked: int
    limit: int
    products: int
    lists: tuple[Judged, ...]


class Grades:
    """Means of all metrics over the lists for several purchases."""

    def __init__(self) -> None:
        self._orders = 0
        self._hit_rate, self._recall, self._ndcg = Mean(), Mean(), Mean()

    def add(self, listed: Sequence[str], bought: frozenset[str]) -> None:
        """Grade a list for what was bought; where that is nothing there is no grade."""
        if bought:
            self._orders += 1
            self._hit_rate.add(hit(listed, bought))
            self._recall.add(recall(listed, bought))
            self._ndcg.add(ndcg(listed, bought))

    @property
    def quality(self) -> Quality:
        """The means."""
        return Quality(self._orders, self._hit_rate.estimate, self._recall.estimate, self._ndcg.estimate)


class Judge:
    """Judges one way to make lists of so many products."""

    def __init__(self, name: str, foretell: Foretell, limit: int) -> None:
        self._name = name
        self._foretell = foretell
        self._limit = limit
        self._bought, self._first = Grades(), Grades()
        self._listed: set[str] = set()
        self._seconds = self._count = 0.0

    def ask(self, purchase: Purchase) -> None:
        """Have a purchase foretold."""
        began = time.perf_counter()
        listed = self._foretell(purchase.user_id, self._limit, purchase.now)
        self._seconds += time.perf_counter() - began
        self._count += 1
        self._listed.update(listed)
        self._bought.add(listed, purchase.bought)
        self._first.add(listed, purchase.new)

    def judged(self, products: int) -> Judged:
        """Return what came of it, in a catalogue of so many products."""
        return Judged(
            self._name,
            self._bought.quality,
            self._first.quality,
            len(self._listed) / max(1, products),
            1_000 * self._seconds / max(1, self._count),
        )


def list_of(engine: Engine) -> Foretell:
    """Return what makes the list of a front page, as a call for recommendations does."""

    def foretell(user_id: str, limit: int, now: float) -> list[str]:
        answer = engine.answer(Query(user_id=user_id, limit=limit), now)
        return [each.product.id for each in answer.recommendations]

    return foretell


def evaluate(
    records: Sequence[Record],
    tuning: Tuning,
    *,
    days: float,
    limit: int,
    most: int,
    advance: Callable[[int, int], None] = lambda _done, _of: None,
) -> Evaluation:
    """Return how well lists of `limit` products foretold at most so many of the orders of the last `days`.

    Before each the engine knows what had happened by then, and nothing else; afterwards it learns that one,
    too, as a server does. `advance` is told how many orders were foretold, and of how many. BadFile where the
    records do not suffice.
    """
    trial, known = Trial.of(records, days, most), Known(tuning)
    trial.learn(known.learn)
    judges = _judges(known, limit)
    for asked, happened in enumerate(trial.purchases(known.learn), 1):
        purchase = known.purchase(happened)
        for judge in judges:
            judge.ask(purchase)
        advance(asked, trial.asked)
    products = len(known.engine.catalogue.listed())
    times = [datetime.fromtimestamp(trial.future[at].when, UTC) for at in (0, -1)]
    lists = tuple(judge.judged(products) for judge in judges)
    return Evaluation(times[0], times[1], trial.orders, trial.asked, limit, products, lists)


def _judges(known: Known, limit: int) -> list[Judge]:
    ways: dict[str, Foretell] = {
        "punnet": list_of(known.engine),
        "bought before, then popular": known.purchases.again,
        "popular": known.purchases.popular,
        "popular, never bought before": known.purchases.new,
    }
    return [Judge(name, foretell, limit) for name, foretell in ways.items()]
