"""Weights that foretell better are found, and no others are praised."""

from random import Random

import msgspec
import pytest

from punnet.engine.tuning import Tuning
from punnet.errors import BadFile
from punnet.evaluation.tuning import STEPS, WEIGHTS, Half, tune
from tests.engine.facts import ago, farm, order, product, records

PAIRS = 12
SEASONAL = 10


def goods():
    """Return pairs of products that have no season and nothing in common, and others that have a season."""
    for number in range(PAIRS):
        for side in "ab":
            name = f"{side}{number}"
            yield farm(f"farm-{name}")
            yield product(
                name,
                farm_id=f"farm-{name}",
                category=f"Kind {name}",
                price=10.0 * 2**number,
                created_at=ago(300),
            )
    for number in range(SEASONAL):
        yield product(f"berry-{number}", category="Berries", price=0.01, created_at=ago(300))


def pairwise(count):
    """Return purchases of shoppers who buy one of a pair, and the other one later."""
    chance = Random(7)
    for number in range(count):
        pair, days = chance.randrange(PAIRS), 200 - 198 * number / count
        yield order(f"shopper-{number}", f"a{pair}", days=days + 1)
        yield order(f"shopper-{number}", f"b{pair}", days=days)


@pytest.fixture(scope="module")
def market():
    return records(farm(), *goods(), *sorted(pairwise(400), key=lambda each: each.placed_at))


def test_weights_are_found_that_foretell_better_what_nobody_looked_at(market):
    poor = Tuning(weight_collaborative=0.0, weight_seasonal=1.0)
    found = tune(market, poor, days=60, limit=5, most=50)
    assert set(found.weights) == set(WEIGHTS)
    assert found.weights["weight_collaborative"] > 0
    assert found.better
    assert found.judged.after.mean > 2 * found.judged.before.mean
    assert found.chosen.gain.mean == pytest.approx(found.chosen.after.mean - found.chosen.before.mean)
    assert 0 < found.judged.orders <= 50
    assert tune(market, poor, days=60, limit=5, most=50) == found


def test_weights_that_cannot_be_better_stay(market):
    good = Tuning(**dict.fromkeys(WEIGHTS, 0.0) | {"weight_collaborative": 1.0})
    before = tune(market, good, days=60, limit=5, most=30)
    again = tune(market, msgspec.structs.replace(good, **before.weights), days=60, limit=5, most=30)
    assert again.weights == before.weights
    assert not again.better
    assert again.judged.gain.mean == 0


def test_they_are_judged_by_what_is_new_in_the_second_half():
    old = (order(f"shopper-{number}", f"a{number}", days=0.5) for number in range(4))
    first = (order(f"shopper-{number}", f"a{number}", f"b{number}", days=20) for number in range(4))
    found = tune(
        records(farm(), *goods(), order("ann", "a0", days=90), *first, *old),
        Tuning(),
        days=28,
        limit=5,
        most=50,
    )
    assert (found.chosen.orders, found.judged.orders) == (4, 0)
    assert not found.better


def test_what_may_be_chance_is_not_called_better():
    assert Half.of([0.0, 0.5], [1.0, 0.5]).gain.mean == 0.5
    assert Half.of([0.0, 0.5], [1.0, 0.5]).gain.margin > 0.5


def test_it_tells_how_far_it_is(market):
    told = []
    tune(market, Tuning(), days=10, limit=5, most=2, advance=lambda *far: told.append(far))
    assert told == [(done, len(STEPS)) for done in range(len(STEPS) + 1)]


def test_it_needs_a_past():
    with pytest.raises(BadFile, match="no order before its last 28 days"):
        tune(records(farm(), product("kale")), Tuning(), days=28, limit=5, most=2)
