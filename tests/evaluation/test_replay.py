"""What is known before a purchase is all that was before it, and nothing of what came after."""

import pytest

from punnet.errors import BadFile
from punnet.evaluation.replay import Known, Purchase, Trial
from tests.engine.facts import DAY, NOW, did, farm, order, product, records

GOODS = farm(), product("kale"), product("leek")
YEAR = [order("ann", "kale", days=days) for days in range(20, 0, -1)]


def taken(trial):
    """Return what a trial has learned, and of each purchase to be foretold how much was known before."""
    learned = []
    trial.learn(learned.extend)
    past = len(learned)
    asked = [(each.record.fact, len(learned)) for each in trial.purchases(learned.extend)]
    return past, asked, learned


def test_the_last_days_with_orders_are_foretold():
    trial = Trial.of(records(*GOODS, *YEAR), 5, 100)
    past, asked, learned = taken(trial)
    assert [fact for fact, _ in asked] == YEAR[-5:]
    assert [known for _, known in asked] == [past, past + 1, past + 2, past + 3, past + 4]
    assert [record.fact for record in learned] == [*GOODS, *YEAR]


def test_all_that_happened_before_a_purchase_is_known_and_nothing_later():
    seen = did("ann", "VIEW_PRODUCT", "leek", days=1.5)
    later = did("ann", "VIEW_PRODUCT", "kale", days=0.5)
    trial = Trial.of(records(later, seen, *GOODS, *YEAR), 2, 100)
    learned = []
    trial.learn(learned.extend)
    known = [len(learned) for _ in trial.purchases(learned.extend)]
    facts = [record.fact for record in learned]
    assert [seen in facts[:count] for count in known] == [False, True]
    assert later in facts
    assert not any(later in facts[:count] for count in known)


@pytest.mark.parametrize(("most", "days"), [(5, [5, 4, 3, 2, 1]), (4, [5, 3, 1]), (2, [5, 2]), (1, [5])])
def test_of_many_orders_some_are_foretold_evenly_and_all_are_learned(most, days):
    _, asked, learned = taken(Trial.of(records(*GOODS, *YEAR), 5, most))
    assert [round((NOW - fact.placed_at.timestamp()) / DAY) for fact, _ in asked] == days
    assert len(learned) == len(GOODS) + len(YEAR)


def test_the_second_half_knows_the_first():
    first, second = Trial.of(records(*GOODS, *YEAR), 6, 100).halves(100)
    assert [fact for fact, _ in taken(first)[1]] == YEAR[-6:-3]
    past, asked, learned = taken(second)
    assert [fact for fact, _ in asked] == YEAR[-3:]
    assert [record.fact for record in learned[:past]] == [*GOODS, *YEAR[:-3]]


def test_of_each_half_at_most_so_many_are_foretold():
    first, second = Trial.of(records(*GOODS, *YEAR), 8, 100).halves(2)
    assert [len(taken(half)[1]) for half in (first, second)] == [2, 2]


@pytest.mark.parametrize("facts", [(), GOODS, (*GOODS, YEAR[-1]), (*GOODS, *YEAR[-3:])])
def test_where_there_is_nothing_to_learn_from_that_is_said(facts):
    with pytest.raises(BadFile, match="the journal has no order before its last 28 days to learn from"):
        Trial.of(records(*facts), 28, 100)


def test_one_order_cannot_be_halved():
    with pytest.raises(BadFile, match="one order cannot be halved"):
        Trial.of(records(*GOODS, *YEAR), 0.5, 100).halves(100)


def test_a_purchase_is_what_the_catalogue_has_of_an_order_and_what_is_new_of_it():
    trial = Trial.of(records(*GOODS, *YEAR[:-1], order("ann", "kale", "leek", "gone", days=1)), 0.5, 100)
    known = Known()
    trial.learn(known.learn)
    assert [known.purchase(each) for each in trial.purchases(known.learn)] == [
        Purchase(NOW - DAY, "ann", frozenset({"kale", "leek"}), frozenset({"leek"}))
    ]
