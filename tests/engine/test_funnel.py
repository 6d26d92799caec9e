"""The funnel: recommendations shown, clicked, and bought within a week of the click."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.vocab import Vocabulary
from punnet.engine.funnel import Funnel, Steps
from punnet.market import UserAction
from tests.engine.facts import DAY, did

PRODUCTS = Vocabulary.of(["leeks", "kale", "pears"])
LEEKS, KALE, PEARS = range(3)
ANN, BOB = range(2)

shoppers = st.integers(0, 2)
days = st.integers(0, 20).map(lambda half: half * DAY / 2)
shows = st.tuples(st.just("show"), shoppers, st.integers(0, 3), days)
clicks = st.tuples(st.just("click"), shoppers, st.integers(0, 2), days)
orders = st.tuples(st.just("buy"), shoppers, st.sets(st.integers(0, 2), min_size=1), days)
deeds = st.lists(st.one_of(shows, clicks, orders), max_size=25)


def see(funnel, shopper, *product_ids, time=0.0):
    """Show recommendations to a shopper."""
    metadata = {"productIds": list(product_ids)} if product_ids else {}
    funnel.act(shopper, did("it", "VIEW_RECOMMENDATIONS", metadata=metadata), time, PRODUCTS)


def click(funnel, shopper, product_id, time=0.0):
    """Have a shopper click a recommendation."""
    funnel.act(shopper, did("it", "CLICK_RECOMMENDATION", product_id), time, PRODUCTS)


def funnel_of(*deeds):
    """Return the funnel after all this was done."""
    funnel = Funnel()
    for kind, shopper, what, time in deeds:
        if kind == "show":
            see(funnel, shopper, *["leeks"] * what)
        elif kind == "click":
            click(funnel, shopper, PRODUCTS[what], time)
        else:
            funnel.buy(shopper, what, time)
    return funnel


def counted(deeds):
    """Return the steps, counted naively: an order looks back for a click that no order followed yet."""
    steps = Steps()
    for at, (kind, shopper, what, time) in enumerate(deeds):
        if kind == "show":
            steps.impressions += what or 1
        elif kind == "click":
            steps.clicks += 1
        else:
            steps.conversions += sum(converts(deeds[:at], shopper, product, time) for product in what)
    return steps


def converts(before, shopper, product, time):
    """Return whether an order of `product` follows the latest click that waits for one."""
    waiting = None
    for kind, who, what, when in before:
        if who != shopper:
            continue
        if kind == "click" and what == product:
            waiting = when if waiting is None else max(waiting, when)
        elif kind == "buy" and product in what and waiting is not None and 0 <= when - waiting <= 7 * DAY:
            waiting = None
    return waiting is not None and 0 <= time - waiting <= 7 * DAY


@given(deeds)
def test_what_was_shown_clicked_and_bought_is_counted(deeds):
    assert funnel_of(*deeds).total == counted(deeds)


@given(deeds, shoppers)
def test_who_is_forgotten_never_counted(deeds, shopper):
    funnel = funnel_of(*deeds)
    funnel.forget(shopper)
    others = funnel_of(*(deed for deed in deeds if deed[1] != shopper))
    assert (funnel.total, funnel._parts, funnel._clicked) == (others.total, others._parts, others._clicked)


@pytest.mark.parametrize(("days", "conversions"), [(-0.001, 0), (0, 1), (6.999, 1), (7, 1), (7.001, 0)])
def test_an_order_converts_a_click_of_the_seven_days_before(days, conversions):
    funnel = Funnel()
    click(funnel, ANN, "leeks", time=100 * DAY)
    funnel.buy(ANN, [LEEKS], (100 + days) * DAY)
    assert funnel.total == Steps(clicks=1, conversions=conversions)


def test_a_click_converts_once_and_another_click_again():
    funnel = Funnel()
    click(funnel, ANN, "leeks")
    for _ in range(2):
        funnel.buy(ANN, [LEEKS], 1.0)
    assert funnel.total.conversions == 1
    click(funnel, ANN, "leeks", time=2.0)
    funnel.buy(ANN, [LEEKS], 3.0)
    assert funnel.total == Steps(clicks=2, conversions=2)


def test_of_two_clicks_the_later_waits_however_they_arrived():
    funnel = Funnel()
    click(funnel, ANN, "leeks", time=2 * DAY)
    click(funnel, ANN, "leeks", time=DAY)
    funnel.buy(ANN, [LEEKS], 9 * DAY)
    assert funnel.total == Steps(clicks=2, conversions=1)


def test_an_order_converts_what_its_own_shopper_clicked_and_it_holds():
    funnel = Funnel()
    for product_id in ("leeks", "pears"):
        click(funnel, ANN, product_id)
    funnel.buy(BOB, [LEEKS, PEARS], 1.0)
    funnel.buy(ANN, [KALE], 1.0)
    assert funnel.total.conversions == 0
    funnel.buy(ANN, [PEARS, KALE, LEEKS], 1.0)
    assert funnel.total.conversions == 2


def test_a_click_on_what_is_not_known_is_a_click():
    funnel = Funnel()
    click(funnel, ANN, "ghost")
    funnel.buy(ANN, [LEEKS], 1.0)
    assert funnel.total == Steps(clicks=1)


@pytest.mark.parametrize("kind", [kind for kind in UserAction if "RECOMMENDATION" not in kind])
def test_other_actions_are_no_step(kind):
    funnel = Funnel()
    funnel.act(ANN, did("ann", kind, "leeks", metadata={"productIds": ["leeks"]}), 0.0, PRODUCTS)
    assert funnel.total == Steps()


def test_forgetting_who_did_nothing_changes_nothing():
    funnel = Funnel()
    see(funnel, ANN, "leeks", "kale")
    funnel.forget(BOB)
    assert funnel.total == Steps(impressions=2)
