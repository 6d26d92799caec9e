"""Editions: which alerts go out together, and one frame for all whom the same concerns."""

import json
from itertools import groupby

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.editions import ARRIVALS, Edition, bundles
from punnet.engine.alerts import Alert, AlertKind
from punnet.market import ListedProduct
from tests.engine.facts import NOW, farm, product

FARMS = np.array([0, 0, 1, 1, 2])
"""The farm of each product."""

alerts = st.lists(st.tuples(st.sampled_from(AlertKind), st.integers(0, 4)), max_size=60)


def alert(number, kind=AlertKind.PRICE_DROP, what=0, before=3.0, after=2.0):
    return Alert(number, NOW, kind, what, before, after)


def listed(product_id="leeks", **known):
    fields = msgspec.structs.asdict(product(product_id, **known))
    return ListedProduct(**fields, farm=farm())


def naive(raised):
    """Return the numbers that go out together: runs of arrivals of one farm are cut, others stand alone."""

    def run(one):
        return FARMS[one.product] if one.kind is AlertKind.NEW_ARRIVAL else -one.number

    runs = [[one.number for one in same] for _, same in groupby(raised, run)]
    return [numbers[at : at + ARRIVALS] for numbers in runs for at in range(0, len(numbers), ARRIVALS)]


@given(alerts)
def test_new_arrivals_of_one_farm_go_out_together_and_all_else_alone(drawn):
    raised = [alert(number, *about) for number, about in enumerate(drawn, 1)]
    assert [[one.number for one in bundle] for bundle in bundles(raised, FARMS)] == naive(raised)


@pytest.mark.parametrize("count", [1, ARRIVALS - 1, ARRIVALS, ARRIVALS + 1, 2 * ARRIVALS])
def test_one_message_tells_of_so_many_arrivals_and_no_more(count):
    raised = [alert(number, AlertKind.NEW_ARRIVAL) for number in range(1, count + 1)]
    sizes = [len(bundle) for bundle in bundles(raised, FARMS)]
    assert sizes == [min(ARRIVALS, count - start) for start in range(0, count, ARRIVALS)]


def test_of_nothing_nothing_goes_out():
    assert list(bundles([], FARMS)) == []


def test_readers_of_the_same_share_a_frame_and_others_have_their_own():
    leeks, edition = listed(), Edition(alert(1), "j-r:1")
    seen = [edition.frame((leeks,), price) for price in (None, 5.0, 5.0, None, 4.0, 5.0)]
    assert seen[0] is seen[3]
    assert seen[1] is seen[2] is seen[5]
    assert len({id(frame) for frame in seen}) == 3
    # What is said of the product is the same, whoever says it.
    assert edition.frame((listed(),), None) is seen[0]
    assert edition.frame((listed(stock=3),), None) is not seen[0]


def test_what_each_kind_says():
    said = {}
    for kind in AlertKind:
        frame = Edition(alert(7, kind), "j-r:7").frame((listed(price=1.5, stock=4), listed("kale")), 2.5)
        said[kind] = json.loads(frame.text)
        assert said[kind]["type"] == said[kind]["payload"]["type"] == kind.value
        assert (said[kind]["messageId"], said[kind]["timestamp"]) == ("j-r:7", "2026-06-15T12:00:00Z")
    drop, stock, new = (said[kind]["payload"] for kind in AlertKind)
    assert (drop["productId"], drop["oldPrice"], drop["newPrice"], drop["lastSeenPrice"]) == (
        "leeks",
        3.0,
        2.0,
        2.5,
    )
    assert drop["product"]["price"] == 2.0
    assert (stock["productId"], stock["stock"], stock["product"]["price"]) == ("leeks", 4, 1.5)
    assert [each["id"] for each in new["products"]] == ["leeks", "kale"]


def test_a_price_of_nothing_is_a_price():
    frame = Edition(alert(1, after=0.0), "j-r:1").frame((listed(),), 0.5)
    assert json.loads(frame.text)["payload"]["newPrice"] == 0
    assert json.loads(frame.text)["payload"]["lastSeenPrice"] == 0.5


def test_stock_that_is_not_counted_is_null():
    frame = Edition(alert(1, AlertKind.STOCK), "j-r:1").frame((listed(),), None)
    assert json.loads(frame.text)["payload"]["stock"] is None
