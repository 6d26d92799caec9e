"""Weights with which it is foretold better what shoppers buy for the first time.

What they bought before needs no algorithm, and most of ours never offer it: by all purchases, weights would
be best that give everybody what most buy.
"""

from collections.abc import Callable, Sequence
from itertools import product

import msgspec

from punnet.engine import snapshot
from punnet.engine.tuning import Tuning
from punnet.evaluation.judging import list_of
from punnet.evaluation.metrics import Estimate, Mean, ndcg
from punnet.evaluation.replay import Known, Trial
from punnet.market import Record

WEIGHTS = (
    "weight_collaborative",
    "weight_content",
    "weight_trending",
    "weight_seasonal",
    "weight_behaviour",
    "weight_arrivals",
)
"""What the list of a front page is weighted by."""

VALUES = (0.0, 0.1, 0.25, 0.5, 1.0)
ROUNDS = 2
"""What each weight is tried at, and how often all of them are gone through."""

STEPS = ROUNDS * tuple(product(WEIGHTS, VALUES))


class Half(msgspec.Struct, frozen=True, rename="camel"):
    """The NDCG of first purchases in half of the orders: with the weights as they were, and as chosen.

    `gain` is the mean difference of the two, order by order.
    """

    orders: int
    before: Estimate
    after: Estimate
    gain: Estimate

    @classmethod
    def of(cls, before: Sequence[float], after: Sequence[float]) -> "Half":
        """Return it for what each order gave."""
        gains = [late - early for early, late in zip(before, after, strict=True)]
        return cls(len(gains), *(Mean.of(each).estimate for each in (before, after, gains)))


class Tuned(msgspec.Struct, frozen=True, rename="camel"):
    """Weights that were chosen on the first half of the orders, and how they did there and in the second."""

    weights: dict[str, float]
    limit: int
    chosen: Half
    judged: Half

    @property
    def better(self) -> bool:
        """Whether it is more than chance that they are better in the half that they were not chosen on."""
        return self.judged.gain.mean > self.judged.gain.margin


class Course:
    """Orders that are foretold again and again, each time from the same past with other weights."""

    def __init__(self, trial: Trial, limit: int) -> None:
        known = Known()
        trial.learn(known.learn)
        self._trial = trial
        self._limit = limit
        self._past = snapshot.dump(known.engine)
        self._purchases = [known.purchase(each) for each in trial.purchases(known.learn)]

    def run(self, tuning: Tuning) -> list[float]:
        """Return the NDCG of each list that these weights make for an order with something new in it."""
        engine, found = snapshot.load(self._past, tuning), list[float]()
        foretell = list_of(engine)
        for purchase, _ in zip(self._purchases, self._trial.purchases(engine.apply), strict=True):
            if purchase.new:
                listed = foretell(purchase.user_id, self._limit, purchase.now)
                found.append(ndcg(listed, purchase.new))
        return found


def tune(
    records: Sequence[Record],
    tuning: Tuning,
    *,
    days: float,
    limit: int,
    most: int,
    advance: Callable[[int, int], None] = lambda _done, _of: None,
) -> Tuned:
    """Return weights with which lists of `limit` foretell better what is new in orders of the last `days`.

    They are chosen on the first half of those orders, at most so many of them, and judged on the second.
    Weights are tried one after the other, each at all VALUES, and what is best is kept: coordinate ascent, as
    in Metzler and Croft, Linear feature-based models for information retrieval, 2007. `advance` is told how
    many values were tried, and of how many. BadFile where the records do not suffice.
    """
    first, second = Trial.of(records, days, most).halves(most)
    course, chosen = Course(first, limit), tuning
    before = best = course.run(tuning)
    for done, (name, value) in enumerate(STEPS):
        advance(done, len(STEPS))
        candidate = msgspec.structs.replace(chosen, **{name: value})
        found = course.run(candidate)
        if sum(found) > sum(best):
            best, chosen = found, candidate
    judging = Course(second, limit)
    judged = Half.of(judging.run(tuning), judging.run(chosen))
    advance(len(STEPS), len(STEPS))
    weights = {name: float(getattr(chosen, name)) for name in WEIGHTS}
    return Tuned(weights, limit, Half.of(before, best), judged)
