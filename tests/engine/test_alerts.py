"""Alerts: what a change on the shelf raises, under which number, and how long it is kept."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.alerts import Alert, AlertKind, Alerts
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.market import ListedProduct, Record
from tests.engine.facts import engine_of, farm, patched, product, records, removed

NAMES = ("kale", "leeks", "pears")
prices = st.sampled_from((0.0, 1.0, 2.0, 2.5))
stocks = st.sampled_from((None, 0, 1, 7))
steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(NAMES), prices, stocks),
    st.tuples(st.just("cost"), st.sampled_from(NAMES), prices),
    st.tuples(st.just("fill"), st.sampled_from(NAMES), stocks),
    st.tuples(st.just("change"), st.sampled_from(NAMES), prices, stocks),
    st.tuples(st.just("move"), st.sampled_from(NAMES), st.sampled_from(("hill", "nowhere")), prices),
    st.tuples(st.just("remove"), st.sampled_from(NAMES)),
)
histories = st.lists(steps, max_size=30)
cuts = st.lists(st.integers(0, 30), max_size=4)


def fact_of(step):
    """Return a step of a history as the fact that it is."""
    match step:
        case "put", name, price, stock:
            return product(name, price=price, stock=stock)
        case "cost", name, price:
            return patched(name, price=price)
        case "fill", name, stock:
            return patched(name, stock=stock)
        case "change", name, price, stock:
            return patched(name, price=price, stock=stock)
        case "move", name, farm_id, price:
            return patched(name, farm_id=farm_id, price=price)
        case "remove", name:
            return removed(name)


def after(before, step):
    """Return price and stock of the product of a step after it, None where it is not on the shelf."""
    match step:
        case "put", _, price, stock:
            return price, stock
        case "remove", _:
            return None
        case _ if before is None:
            return None
        case "cost", _, price:
            return price, before[1]
        case "fill", _, stock:
            return before[0], stock
        case "change", _, price, stock:
            return price, stock
        case "move", _, farm_id, price:
            # Where there is no such farm nothing is changed.
            return (price, before[1]) if farm_id == "hill" else before


def expected(history, start):
    """Return what a history raises: prices and stocks are compared before and after each step."""
    shelf, positions, raised = {}, [], []
    for at, step in enumerate(history, start):
        name = step[1]
        was, now = shelf.get(name), after(shelf.get(name), step)
        shelf[name] = now
        if now is not None and name not in positions:
            positions.append(name)
        if now is None:
            continue
        if was is None:
            raised.append((at, "NEW_ARRIVAL_ALERT", positions.index(name), now[0], now[0]))
            continue
        if now[0] < was[0]:
            raised.append((at, "PRICE_DROP_ALERT", positions.index(name), was[0], now[0]))
        if was[1] == 0 and now[1] != 0:
            raised.append((at, "STOCK_ALERT", positions.index(name), was[0], now[0]))
    return [(number, *alert) for number, alert in enumerate(raised, 1)]


def plain(alerts):
    """Return alerts as tuples of plain values."""
    return [msgspec.structs.astuple(alert) for alert in alerts]


def kept(alerts):
    """Return all alerts that are kept."""
    return list(alerts.between(0, alerts.count))


def listed(price=2.0, stock=None):
    """Return leeks as they stand on the shelf."""
    fields = msgspec.structs.asdict(product("leeks", price=price, stock=stock))
    return ListedProduct(**fields, farm=farm())


def alerts_of(count):
    """Return the alerts of so many arrivals, the first at second 1."""
    alerts = Alerts()
    for at in range(1, count + 1):
        alerts.compare(at, None, listed(), float(at))
    return alerts


@given(histories)
def test_a_history_raises_what_a_comparison_of_before_and_after_says(history):
    engine = engine_of(farm())
    engine.apply([Record(at=at, fact=fact_of(step)) for at, step in enumerate(history, 100)])
    assert plain(kept(engine.alerts)) == expected(history, 100)


@given(histories, cuts, st.integers(1, 12))
def test_batches_change_neither_the_numbers_nor_what_is_kept(history, cuts, most):
    taken = [Record(at=at, fact=fact_of(step)) for at, step in enumerate(history, 100)]
    engine = Engine(Tuning(alerts_kept=most))
    engine.apply(records(farm()))
    for first, last in pairwise([0, *sorted(min(cut, len(taken)) for cut in cuts), len(taken)]):
        engine.apply(taken[first:last])
        raised = expected(history[:last], 100)
        assert plain(kept(engine.alerts)) == raised[-most:]
        assert engine.alerts.count == len(raised)


@given(st.integers(0, 9), st.lists(st.integers(0, 12), max_size=3), st.integers(-1, 12), st.integers(0, 9))
def test_between_gives_what_of_a_range_is_kept(count, keeps, first, last):
    alerts, numbers = alerts_of(count), list(range(1, count + 1))
    for most in keeps:
        alerts.keep(most)
        numbers = numbers[max(len(numbers) - most, 0) :]
    assert alerts.first == (numbers[0] if numbers else count + 1)
    asked = [alert.number for alert in alerts.between(first, min(last, count))]
    assert asked == [number for number in numbers if first < number <= last]


def test_what_is_dropped_does_not_give_its_number_to_another():
    alerts = alerts_of(3)
    alerts.keep(0)
    assert (alerts.count, alerts.first, kept(alerts)) == (3, 4, [])
    alerts.compare(0, None, listed(), 9.0)
    assert [alert.number for alert in kept(alerts)] == [alerts.count] == [alerts.first] == [4]


def test_before_anything_happened_nothing_is_kept():
    alerts = Alerts()
    assert (alerts.count, alerts.first, kept(alerts)) == (0, 1, [])
    alerts.keep(5)
    assert (alerts.count, alerts.first, kept(alerts)) == (0, 1, [])


def test_a_first_price_is_an_arrival_and_no_drop():
    alerts = Alerts()
    alerts.compare(7, None, listed(price=3.0, stock=5), 1.5)
    assert kept(alerts) == [Alert(1, 1.5, AlertKind.NEW_ARRIVAL, 7, 3.0, 3.0)]


def test_a_cheaper_product_that_is_there_again_is_told_of_twice_the_price_first():
    alerts = Alerts()
    alerts.compare(7, listed(price=3.0, stock=0), listed(price=2.5, stock=4), 1.5)
    assert kept(alerts) == [
        Alert(1, 1.5, AlertKind.PRICE_DROP, 7, 3.0, 2.5),
        Alert(2, 1.5, AlertKind.STOCK, 7, 3.0, 2.5),
    ]


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        ((2.0, None), (2.0, None), []),
        ((2.0, None), (2.01, None), []),
        ((2.0, None), (1.99, None), [AlertKind.PRICE_DROP]),
        ((0.01, None), (0.0, None), [AlertKind.PRICE_DROP]),
        ((2.0, 0), (2.0, 1), [AlertKind.STOCK]),
        ((2.0, 0), (2.0, None), [AlertKind.STOCK]),
        ((2.0, 0), (2.0, 0), []),
        ((2.0, 1), (2.0, 9), []),
        ((2.0, None), (2.0, 9), []),
        ((2.0, 5), (2.0, 0), []),
    ],
)
def test_only_less_money_and_something_where_nothing_was_are_told(before, now, kinds):
    alerts = Alerts()
    alerts.compare(0, listed(*before), listed(*now), 0.0)
    assert [alert.kind for alert in kept(alerts)] == kinds


def test_what_leaves_the_shelf_or_never_was_on_it_is_not_told():
    alerts = Alerts()
    alerts.compare(0, listed(), None, 0.0)
    alerts.compare(-1, None, None, 0.0)
    assert alerts.count == 0


def test_what_comes_back_to_the_shelf_is_an_arrival_again():
    engine = engine_of(farm(), product("leeks", price=2.0), removed("leeks"), product("leeks"))
    assert [alert.kind for alert in kept(engine.alerts)] == [AlertKind.NEW_ARRIVAL] * 2


def test_what_is_asked_of_between_stays_as_it_was_when_later_ones_are_raised():
    alerts = alerts_of(2)
    asked = alerts.between(0, 2)
    alerts.compare(0, None, listed(), 9.0)
    assert [alert.number for alert in asked] == [1, 2]
