"""Products like these."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import content
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.types import Floats, Positions
from tests.builders import (
    ANYTHING,
    Basket,
    Case,
    Wish,
    asked_of,
    ledger_of,
    offered,
    positions,
    row,
    scores_of,
    shelf_of,
    shuffled_products,
    wishes,
)

# Around 0.30, 1.00 and 3.00: what lies 20 % and 30 % apart, and a cent beyond.
PRICES = "0 0.21 0.24 0.30 0.36 0.39 0.69 0.70 0.79 0.80 1.00 1.20 1.21 1.30 1.31 2.10 2.40 3.00 3.60 3.90"
products = st.tuples(st.integers(0, 1), st.integers(0, 2), st.sampled_from(PRICES.split()), st.booleans())


def shelf(listed):
    return shelf_of(
        *(row(category=category, farm=farm, price=float(price), organic=organic)
          for category, farm, price, organic in listed)
    )  # fmt: skip


def tenths(source, product):
    """Return how similar a product is, in tenths; prices count as they are written, not in binary."""
    one, other = Fraction(source[2]), Fraction(product[2])
    category, farm, apart = source[0] == product[0], source[1] == product[1], abs(other - one)
    if not (category or farm or apart <= Fraction(3, 10) * one):
        return 0
    return 4 * category + 3 * farm + 2 * (apart <= Fraction(2, 10) * one) + (source[3] == product[3])


@entry
def offer(book: int, goods: int, asked: int, desk: int, found: Shortlist) -> None:
    content.offer(book_at(book), goods_at(goods), asked_at(asked), desk_at(desk), found)


@entry
def similar(goods: int, source: int, product: int) -> float:
    return content.similarity(goods_at(goods), source, product)


@entry
def interest(book: int, asked: int, sources: Positions, times: Floats) -> int:
    return content.interest(book_at(book), asked_at(asked), sources, times)


def similarity(shelf, source):
    """Return how similar each product of a shelf is to one."""
    goods = Packed(shelf.goods)
    return [similar(goods.address, source, product) for product in range(len(shelf))]


def ask(shelf, sources, k=12, wish=ANYTHING, **known):
    """Return what is offered to who viewed these products lately."""
    touched = {"handled": positions(sources), "handled_at": np.zeros(len(sources))}
    return offered(offer, Case(shelf, wish=wish, **touched, **known), k)


@given(st.lists(products, min_size=1, max_size=12), st.integers(1, 12), st.data())
def test_a_product_is_as_similar_as_to_the_source_it_is_most_like(listed, k, data):
    sources = data.draw(st.lists(st.integers(0, len(listed) - 1), max_size=5, unique=True))
    wish = data.draw(wishes(len(listed), 2))
    on_page = data.draw(st.booleans()) and bool(sources)
    if on_page:
        sources = sources[:1]
        ours = ask(shelf(listed), [*range(len(listed))][:5], k, wish, product=sources[0])
    else:
        ours = ask(shelf(listed), sources, k, wish)
    best = [
        max((tenths(listed[source], product) for source in sources if source != at), default=0)
        for at, product in enumerate(listed)
    ]
    alike = [at for at in range(len(best)) if best[at] and wish.allows(at, listed[at][0])]
    expected = sorted(alike, key=lambda at: (-best[at], at))
    assert ours.products.tolist() == expected[:k]
    assert ours.scores.tolist() == pytest.approx([best[at] / 10 for at in expected[:k]], abs=1e-12)
    assert ours.confidences.tolist() == [1.0 if on_page else 0.5] * len(expected[:k])


baskets = st.builds(
    Basket,
    shopper=st.integers(0, 1),
    products=shuffled_products(8),
    at=st.integers(0, 4).map(float),
    place=st.just((0.0, 0.0)),
    prices=st.none(),
)


@given(
    st.lists(baskets, max_size=8),
    st.dictionaries(st.integers(0, 7), st.integers(0, 5).map(float), max_size=5),
    st.integers(-1, 1),
)
def test_what_was_bought_or_handled_last_is_of_interest(orders, handled, shopper):
    latest = dict(handled)
    for order in orders:
        for product in order.products if order.shopper == shopper else ():
            latest[product] = max(order.at, latest.get(product, order.at))
    ledger = ledger_of(*orders, shoppers=2, products=8)
    about = {"handled": positions(handled), "handled_at": np.array(list(handled.values()), np.float64)}
    book, asked = Packed(ledger.book), Packed(asked_of(shopper=shopper, **about))
    sources, times = positions([0] * 5), np.zeros(5)
    count = interest(book.address, asked.address, sources, times)
    expected = sorted(latest, key=lambda product: (-latest[product], product))[:5]
    assert sources[:count].tolist() == expected
    assert times[:count].tolist() == [latest[product] for product in expected]


SOURCE = row(category=1, farm=1, price=10.0, organic=True)


@pytest.mark.parametrize(
    ("product", "score"),
    [
        (row(category=1, farm=1, price=10.0, organic=True), 1.0),
        (row(category=1, farm=1, price=10.0, organic=False), 0.9),
        (row(category=1, farm=1, price=99.0, organic=True), 0.8),
        (row(category=1, farm=2, price=99.0, organic=False), 0.4),
        (row(category=2, farm=1, price=99.0, organic=False), 0.3),
        (row(category=2, farm=2, price=10.0, organic=False), 0.2),
        (row(category=2, farm=2, price=10.0, organic=True), 0.3),
        (row(category=2, farm=2, price=12.0, organic=False), 0.2),
        (row(category=2, farm=2, price=8.0, organic=False), 0.2),
        (row(category=2, farm=2, price=12.01, organic=True), 0.1),  # near enough to be asked, not to be like
        (row(category=2, farm=2, price=7.99, organic=True), 0.1),
        (row(category=2, farm=2, price=13.0, organic=True), 0.1),
        (row(category=2, farm=2, price=7.0, organic=True), 0.1),
        (row(category=2, farm=2, price=13.0, organic=False), 0.0),
        (row(category=2, farm=2, price=13.01, organic=True), 0.0),  # organic alone makes no candidate
        (row(category=2, farm=2, price=6.99, organic=True), 0.0),
    ],
)
def test_similar_is_what_the_page_says(product, score):
    assert similarity(shelf_of(SOURCE, product), 0) == pytest.approx([0.0, score])


@pytest.mark.parametrize(
    ("source", "product", "score"),
    [
        (3.0, 3.6, 0.2),  # 3.6 - 3.0 is above 0.2 · 3.0 in binary
        (3.0, 2.4, 0.2),
        (1.0, 1.2, 0.2),
        (0.1, 0.12, 0.2),
        (0.0, 0.0, 0.2),
        (0.0, 0.01, None),
    ],
)
def test_a_price_on_the_edge_is_inside_whatever_its_binary_form(source, product, score):
    stranger = row(category=2, farm=2, price=product, organic=True)
    shelf = shelf_of(row(category=1, farm=1, price=source), stranger)
    assert similarity(shelf, 0)[1] == pytest.approx(score or 0.0)


@pytest.mark.parametrize(("source", "product"), [(1.0, 1.3), (1.0, 0.7), (0.1, 0.13), (3.0, 3.9), (3.0, 2.1)])
def test_a_price_on_the_outer_edge_makes_a_candidate_whatever_its_binary_form(source, product):
    shelf = shelf_of(row(category=1, farm=1, price=source), row(category=2, farm=2, price=product))
    assert similarity(shelf, 0)[1] == pytest.approx(0.1)


def test_the_tolerance_is_far_smaller_than_a_cent():
    shelf = shelf_of(
        row(category=1, farm=1, price=10.0),
        row(category=2, farm=2, price=12.0000001),
        row(category=2, farm=2, price=13.0000001),
        row(category=2, farm=2, price=12.0000000005),
        row(category=2, farm=2, price=13.0000000005),
    )
    assert similarity(shelf, 0) == pytest.approx([0.0, 0.1, 0.0, 0.3, 0.1])


def test_the_tolerance_itself_is_inside():
    shelf = shelf_of(
        row(category=1, farm=1, price=0.0),
        row(category=2, farm=2, price=1e-9, organic=True),
        row(category=2, farm=2, price=1.001e-9, organic=True),
    )
    assert similarity(shelf, 0) == [0.0, 0.2, 0.0]


def test_the_range_is_that_of_the_source_not_that_of_the_product():
    # 8.50 lies 15 % under 10.00; 10.00 lies 17.6 % over 8.50. 7.00 and 10.00: 30 % under, 42.9 % over.
    shelf = shelf_of(row(category=1, farm=1, price=10.0), row(category=2, farm=2, price=7.0))
    assert similarity(shelf, 0)[1] == pytest.approx(0.1)
    assert similarity(shelf, 1)[0] == 0.0


def test_a_product_is_no_neighbour_of_itself_but_may_be_one_of_another_source():
    twins = shelf_of(row(), row())
    assert scores_of(ask(twins, [0])) == [(1, 1.0)]
    assert scores_of(ask(twins, [0, 1])) == [(0, 1.0), (1, 1.0)]


def test_the_order_of_the_sources_does_not_matter():
    shelf = shelf_of(row(category=1), row(category=2, farm=2, price=5.0), row(category=1, organic=True))
    for sources in ([0, 1], [1, 0]):
        assert (2, pytest.approx(0.9)) in scores_of(ask(shelf, sources))


def test_without_a_source_there_is_no_offer():
    assert scores_of(ask(shelf_of(row(), row()), [])) == []


def test_beside_a_product_the_offer_is_sure_and_from_the_latest_products_half_sure():
    shelf = shelf_of(row(), row())
    assert ask(shelf, [0]).confidences.tolist() == [0.5]
    assert ask(shelf, [], product=0).confidences.tolist() == [1.0]


def test_what_was_bought_is_a_source_and_the_latest_five_are():
    shelf = shelf_of(*(row(category=at, farm=at, price=10.0**at) for at in range(6)), row(category=0, farm=6))
    bought = [Basket(0, (at,), at=float(at)) for at in range(6)]
    for count, found in ((5, [6]), (6, [])):
        ledger = ledger_of(*bought[:count], shoppers=1, products=7)
        assert offered(offer, Case(shelf, ledger, shopper=0), 9).products.tolist() == found


def test_what_left_the_shelf_is_still_a_source_and_no_neighbour():
    shelf = shelf_of(row(), row(), row())
    shelf.remove(0)
    shelf.remove(2)
    assert scores_of(ask(shelf, [0])) == [(1, 1.0)]


def test_a_neighbour_by_price_alone_is_found_behind_all_others():
    strangers = [row(category=1, farm=1, price=99.0) for _ in range(50)]
    shelf = shelf_of(row(), *strangers, row(category=1, farm=1), row(category=1, farm=1, organic=True))
    assert scores_of(ask(shelf, [0])) == [(51, pytest.approx(0.3)), (52, pytest.approx(0.2))]


def test_among_more_that_are_equally_similar_those_added_first_are_offered():
    shelf = shelf_of(*[row(farm=at % 2) for at in range(20)])
    assert ask(shelf, [0], k=3).products.tolist() == [2, 4, 6]
    strangers = shelf_of(row(), *[row(farm=1, category=1) for _ in range(20)])
    assert ask(strangers, [0], k=3).products.tolist() == [1, 2, 3]


def test_only_the_category_asked_for_is_offered():
    shelf = shelf_of(row(), row(), row(category=1), row(category=1, farm=1), row(farm=1))
    assert scores_of(ask(shelf, [0], wish=Wish(category=1))) == [
        (2, pytest.approx(0.6)),
        (3, pytest.approx(0.3)),
    ]
    assert ask(shelf, [0], wish=Wish(category=0)).products.tolist() == [1, 4]
    assert ask(shelf, [0], wish=Wish(category=2)).products.tolist() == []


@pytest.mark.parametrize("much", [False, True])
def test_of_what_a_search_finds_all_that_is_similar_is_offered(much):
    shelf = shelf_of(row(), row(), row(category=1), row(category=1, farm=1), row(farm=1))
    wish = Wish(matched=frozenset({0, 3, 4}), much=much)
    assert ask(shelf, [0], wish=wish).products.tolist() == [4, 3]
