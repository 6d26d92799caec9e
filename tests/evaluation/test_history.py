"""The order in which things happened."""

from hypothesis import given
from hypothesis import strategies as st

from punnet.evaluation.history import in_order
from punnet.market import Record
from tests.engine.facts import DAY, NOW, did, farm, order, patched, product, records


def test_purchases_and_actions_happened_when_they_say():
    bought, seen, untold = order("ann", "kale", days=3), did("ann", "SEARCH", days=5), did("ben", "SEARCH")
    found = in_order(records(bought, seen, untold, at=NOW - 4 * DAY))
    assert [(each.when, each.record.fact) for each in found] == [
        (NOW - 5 * DAY, seen),
        (NOW - 4 * DAY, untold),
        (NOW - 3 * DAY, bought),
    ]


def test_a_catalogue_that_was_imported_is_that_of_the_orders_behind_it():
    goods = farm(), product("kale")
    bought = order("ann", "kale", days=300), order("ben", "kale", days=400)
    found = in_order(records(*goods, *bought, at=NOW))
    assert [each.record.fact for each in found] == [*goods, bought[1], bought[0]]
    assert [each.when for each in found[:2]] == [NOW - 400 * DAY] * 2


def test_a_change_of_the_catalogue_stays_between_what_was_before_and_after_it():
    early, late = order("ann", "kale", days=3), order("ann", "kale", days=1)
    change = patched("kale", price=1.0)
    taken_in = [Record(at=NOW - days * DAY, fact=fact) for days, fact in ((3, early), (2, change), (1, late))]
    assert [each.record.fact for each in in_order(taken_in)] == [early, change, late]
    assert in_order(taken_in)[1].when == NOW - 2 * DAY


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_nothing_is_lost_and_no_catalogue_comes_after_a_purchase_that_it_came_before(drawn):
    taken_in = [
        Record(at=float(at), fact=order("ann", "kale", days=days) if buys else product(f"p{number}"))
        for number, (buys, days, at) in enumerate(drawn)
    ]
    found = in_order(taken_in)
    assert [each.when for each in found] == sorted(each.when for each in found)
    facts = [each.record.fact for each in found]
    assert sorted(map(id, facts)) == sorted(id(record.fact) for record in taken_in)
    for at, (buys, *_) in enumerate(drawn):
        if not buys:
            behind = [
                record.fact for record, (also, *_) in zip(taken_in[at:], drawn[at:], strict=True) if also
            ]
            place = facts.index(taken_in[at].fact)
            assert not [fact for fact in behind if fact in facts[:place]]
