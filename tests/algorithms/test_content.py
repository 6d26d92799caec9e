"""Products like these."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.content import offer, similarity
from tests.builders import all_of, row, scores_of, shelf_of

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


@given(st.lists(products, min_size=1, max_size=12), st.integers(1, 12), st.data())
def test_a_product_is_as_similar_as_to_the_source_it_is_most_like(listed, k, data):
    position = st.integers(0, len(listed) - 1)
    sources = data.draw(st.lists(position, max_size=5, unique=True))
    hidden = data.draw(st.sets(position, max_size=2))
    ours = offer(shelf(listed), np.array(sources, np.int64), 0.5, all_of(len(listed), but=list(hidden)), k)
    best = [
        max((tenths(listed[source], product) for source in sources if source != at), default=0)
        for at, product in enumerate(listed)
    ]
    similar = [at for at in range(len(best)) if best[at] and at not in hidden]
    expected = sorted(similar, key=lambda at: (-best[at], at))
    assert ours.products.tolist() == expected[:k]
    assert ours.scores.tolist() == pytest.approx([best[at] / 10 for at in expected[:k]], abs=1e-12)
    assert ours.confidences.tolist() == [0.5] * len(expected[:k])


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
    assert similarity(shelf_of(SOURCE, product), 0).tolist() == pytest.approx([0.0, score])


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
    assert similarity(shelf, 0).tolist() == pytest.approx([0.0, 0.1, 0.0, 0.3, 0.1])


def test_the_tolerance_itself_is_inside():
    shelf = shelf_of(
        row(category=1, farm=1, price=0.0),
        row(category=2, farm=2, price=1e-9, organic=True),
        row(category=2, farm=2, price=1.001e-9, organic=True),
    )
    assert similarity(shelf, 0).tolist() == [0.0, 0.2, 0.0]


def test_the_range_is_that_of_the_source_not_that_of_the_product():
    # 8.50 lies 15 % under 10.00; 10.00 lies 17.6 % over 8.50. 7.00 and 10.00: 30 % under, 42.9 % over.
    shelf = shelf_of(row(category=1, farm=1, price=10.0), row(category=2, farm=2, price=7.0))
    assert similarity(shelf, 0)[1] == pytest.approx(0.1)
    assert similarity(shelf, 1)[0] == 0.0


def test_a_product_is_no_neighbour_of_itself_but_may_be_one_of_another_source():
    twins = shelf_of(row(), row())
    assert scores_of(offer(twins, np.array([0]), 1.0, all_of(2), 5)) == [(1, 1.0)]
    assert scores_of(offer(twins, np.array([0, 1]), 1.0, all_of(2), 5)) == [(0, 1.0), (1, 1.0)]


def test_the_order_of_the_sources_does_not_matter():
    shelf = shelf_of(row(category=1), row(category=2, farm=2, price=5.0), row(category=1, organic=True))
    for sources in ([0, 1], [1, 0]):
        ours = offer(shelf, np.array(sources), 0.5, all_of(3, but=[0, 1]), 5)
        assert scores_of(ours) == [(2, pytest.approx(0.9))]


def test_without_a_source_there_is_no_offer():
    ours = offer(shelf_of(row(), row()), np.zeros(0, np.int64), 0.5, all_of(2), 5)
    assert scores_of(ours) == []


def test_the_confidence_is_the_one_given():
    shelf = shelf_of(row(), row())
    ours = offer(shelf, np.array([0]), 0.5, all_of(2), 5)
    assert ours.confidences.tolist() == [0.5]
    assert dict(ours.notes) == {}
