"""The plain lists."""

from punnet.engine.engine import Engine
from punnet.evaluation.purchases import Purchases
from tests.engine.facts import NOW, ago, farm, order, product, records

GOODS = farm(), *(product(name) for name in ("kale", "leek", "pear", "fig"))
BOUGHT = (
    order("ann", "leek", "pear"),
    order("ann", "pear", "pear"),
    order("ben", "leek", "kale"),
    order("ben", "gone"),
)


def known(*facts):
    """Return the purchases of a market in which this happened, bit by bit."""
    engine = Engine()
    purchases = Purchases(engine.catalogue)
    for record in records(*facts):
        engine.apply([record])
        purchases.learn([record])
    return purchases


def test_what_is_in_most_orders_comes_first_and_of_equals_the_older():
    purchases = known(*GOODS, *BOUGHT)
    assert purchases.popular("ann", 10, NOW) == ["leek", "pear", "kale", "fig"]
    assert purchases.popular("nobody", 2, NOW) == ["leek", "pear"]


def test_of_many_equals_the_oldest_come_first():
    names = [f"p{number}" for number in range(200)]
    found = known(farm(), *map(product, names), order("ann", *names[1::2]))
    assert found.popular("ann", 200, NOW) == names[1::2] + names[::2]


def test_what_one_bought_most_often_comes_before_what_all_do():
    purchases = known(*GOODS, *BOUGHT)
    assert purchases.again("ann", 10, NOW) == ["pear", "leek", "kale", "fig"]
    assert purchases.again("ben", 3, NOW) == ["kale", "leek", "pear"]
    assert purchases.again("nobody", 2, NOW) == ["leek", "pear"]


def test_what_one_never_bought_goes_by_what_all_do():
    purchases = known(*GOODS, *BOUGHT)
    assert purchases.new("ann", 10, NOW) == ["kale", "fig"]
    assert purchases.new("nobody", 1, NOW) == ["leek"]


def test_what_cannot_be_bought_is_in_no_list():
    ended = product("leek", available_until=ago(1))
    purchases = known(farm(), product("kale"), ended, *BOUGHT)
    for way in (purchases.popular, purchases.again):
        assert way("ann", 10, NOW) == ["kale"]
    assert purchases.new("ben", 10, NOW) == []
    assert purchases.popular("ann", 10, ago(2).timestamp()) == ["leek", "kale"]


def test_it_tells_what_somebody_bought():
    purchases = known(*GOODS, *BOUGHT)
    assert purchases.bought_by("ann") == {"leek", "pear"}
    assert purchases.bought_by("ben") == {"leek", "kale"}
    assert purchases.bought_by("nobody") == frozenset()
