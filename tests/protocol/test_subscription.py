"""Subscriptions: what a connection wants of a topic, and what can be had again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.market import Farm, ListedProduct
from punnet.protocol.frames import Seen
from punnet.protocol.messages import Filter, Relevance, SubscribePayload, Topic
from punnet.protocol.subscription import Held, Subscription

TOPICS = (Topic.PRICE_DROPS,)
HILL = Farm(id="hill", name="Hill")
SEEN = Seen(3, 9)

names = st.sampled_from(("kale", "leeks", "hill", "Greens"))
some = st.none() | st.lists(names, min_size=1, max_size=3).map(tuple)


def listed(product_id="kale", farm_id="hill", category="Greens"):
    """Return a product as it stands on the shelf."""
    about = {"name": product_id, "farm_id": farm_id, "category": category, "price": 2.0}
    return ListedProduct(id=product_id, **about, farm=Farm(id=farm_id, name="A farm"))


def subscription(**narrowed):
    """Return a subscription with this filter."""
    wanted = SubscribePayload(topics=TOPICS, filter=Filter(**narrowed))
    return Subscription.of(wanted, 0, None)


@given(some, some, some, names, names, names)
def test_a_filter_takes_what_fits_all_that_is_given_and_of_each_list_any_member(
    products, farms, categories, product_id, farm_id, category
):
    given = subscription(product_ids=products, farm_ids=farms, categories=categories)
    fits = ((products, product_id), (farms, farm_id), (categories, category))
    expected = all(wanted is None or it in wanted for wanted, it in fits)
    assert given.takes(listed(product_id, farm_id, category)) is expected
    assert given.plain is all(wanted is None for wanted, _ in fits)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(-2, 12))
def test_what_came_after_an_alert_can_be_had_if_all_of_it_is_kept(before, count, number):
    last = before + count
    kept = set(range(before + 1, last + 1))
    came_after = set(range(number + 1, last + 1))
    assert (number in Held(before, last)) is (number <= last and came_after <= kept and number >= before)


def test_from_the_edges_of_what_is_held_one_can_go_on():
    held = Held(3, 5)
    assert [number for number in range(8) if number in held] == [3, 4, 5]
    assert [number for number in range(8) if number in Held(0, 0)] == [0]


@pytest.mark.parametrize("number", [None, "4", 4.0, (4,)])
def test_what_is_no_number_is_not_held(number):
    assert number not in Held(3, 5)


@pytest.mark.parametrize("narrowed", [None, Filter()])
def test_without_a_filter_everything_is_taken(narrowed):
    given = Subscription.of(SubscribePayload(topics=TOPICS, filter=narrowed), 7, None)
    assert given == Subscription(7)
    assert (given.plain, given.mine) == (True, False)
    assert given.takes(listed())


def test_all_that_a_client_asked_for_is_kept():
    narrowed = Filter(
        product_ids=("kale", "kale"), farm_ids=("hill",), categories=("Greens",), relevance=Relevance.MINE
    )
    wanted = SubscribePayload(topics=TOPICS, filter=narrowed, latitude=39.1, longitude=-84.5)
    assert Subscription.of(wanted, 7, SEEN) == Subscription(
        after=7,
        place=(39.1, -84.5),
        seen=SEEN,
        products=frozenset({"kale"}),
        farms=frozenset({"hill"}),
        categories=frozenset({"Greens"}),
        mine=True,
    )


def test_a_place_on_the_equator_is_a_place():
    wanted = SubscribePayload(topics=TOPICS, latitude=0.0, longitude=0.0)
    assert Subscription.of(wanted, 0, None).place == (0.0, 0.0)


def test_what_is_mine_others_know():
    given = subscription(relevance=Relevance.MINE)
    assert given.mine
    assert not given.plain
    assert given.takes(listed())


def test_names_are_compared_to_the_letter():
    assert not subscription(categories=("greens",)).takes(listed())
