"""What a release's receipts become, and what is said of how well their next baskets are foretold."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bench.foretelling.first import First
from bench.foretelling.goods import are_of, sold
from bench.foretelling.level import DECEMBER, LEVELS, LIMIT, Level, Reference, measured
from bench.foretelling.market import catalogue, orders
from bench.foretelling.table import figures, ratios, rows
from bench.foretelling.tifu import PUBLISHED, Parameters, Tifu, shares
from punnet.market import Farm, Order, OrderLine, Product

START = datetime(2017, 6, 1, tzinfo=UTC)
PRODUCTS = pd.DataFrame(
    [
        (1, 7, "PRODUCE", "APPLES", "APPLES FUJI (BULK&BAG)"),
        (2, 7, "PRODUCE", "APPLES", "APPLES FUJI (BULK&BAG)"),
        (3, 8, "GROCERY", "EGGS", "EGGS - LARGE"),
        (4, 9, "GROCERY", "COLD CEREAL", "KIDS CEREAL"),
        (5, 9, "FUEL", "FUEL", "GASOLINE"),
        (6, 9, "MISCELLANEOUS", "COUPON/MISC ITEMS", "GASOLINE"),
        (7, 9, None, None, None),
    ],
    columns=["product_id", "manufacturer_id", "department", "product_category", "product_type"],
)
FUJI = "APPLES FUJI (BULK&BAG)"


def receipts(*lines):
    """Return lines of receipts: household, basket, product, quantity, sales value and time each."""
    columns = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    return pd.DataFrame(lines, columns=columns).assign(coupon_match_disc=0.0)


def at(day, hour=12):
    return pd.Timestamp(2017, 6, 1) + pd.Timedelta(days=day, hours=hour)


def order(user_id, day, *products):
    bought = tuple(OrderLine(product_id=each, quantity=1.0, unit_price=1.0) for each in products)
    placed = START + timedelta(days=day)
    return Order(id=f"{user_id}-{day}", user_id=user_id, placed_at=placed, lines=bought)


def random_orders(chance, shoppers=12, products=9, most=11):
    made = [
        order(
            f"s{shopper}", 20 * number + shopper / 40, *chance.sample([f"p{i}" for i in range(products)], 3)
        )
        for shopper in range(shoppers)
        for number in range(chance.randint(1, most))
    ]
    return sorted(made, key=lambda each: each.placed_at)


def naive_vector(baskets, parameters):
    """The vector of the paper, by its words: groups of m from the newest back, means of decayed baskets."""
    groups = []
    for basket in reversed(baskets):
        if not groups or len(groups[-1]) == parameters.size:
            groups.append([])
        groups[-1].append(basket)
    vector = Counter()
    for newer, group in enumerate(groups):
        for later, basket in enumerate(group):
            for product in basket:
                part = parameters.within**later / len(group)
                vector[product] += parameters.between**newer * part / len(groups)
    return vector


def naive_scores(placed, user_id, parameters):
    baskets = {}
    for each in placed:
        baskets.setdefault(each.user_id, []).append({line.product_id for line in each.lines})
    vectors = {name: naive_vector(theirs, parameters) for name, theirs in baskets.items()}
    products = {product for vector in vectors.values() for product in vector}
    own = vectors.pop(user_id)

    def distance(name):
        return math.dist([own[each] for each in products], [vectors[name][each] for each in products])

    near = sorted(vectors, key=distance)[: parameters.neighbours]
    return {
        each: parameters.own * own[each]
        + (1 - parameters.own) * sum(vectors[name][each] for name in near) / max(1, len(near))
        for each in products
    }


@pytest.mark.parametrize("seed", range(8))
def test_tifu_knn_is_what_its_formulas_say(seed):
    chance = random.Random(seed)
    placed = random_orders(chance)
    parameters = Parameters(chance.randint(1, 12), 0.83, 0.71, chance.random(), chance.randint(1, 5))
    tifu = Tifu(placed, parameters)
    for user_id in {each.user_id for each in placed}:
        wanted = naive_scores(placed, user_id, parameters)
        assert dict(zip(tifu.products, tifu.scores(user_id).tolist(), strict=True)) == pytest.approx(wanted)
        listed = tifu.best(user_id, 4, 0.0)
        assert [wanted[each] for each in listed] == pytest.approx(sorted(wanted.values())[:-5:-1])


def test_baskets_count_less_the_older_they_and_their_group_are():
    shown = shares(5, Parameters(1, 0.5, 0.1, 1.0, 2))
    assert shown.tolist() == pytest.approx([0.01 / 3, 0.1 / 4 / 3, 0.1 / 2 / 3, 1 / 4 / 3, 1 / 2 / 3])
    assert shares(3, Parameters(1, 1.0, 1.0, 1.0, 3)).tolist() == pytest.approx([1 / 3] * 3)


def test_of_equal_scores_the_product_bought_first_comes_first_and_what_nobody_near_buys_is_left_out():
    placed = [order("ann", 0, "pears"), order("ann", 1, "apples"), order("ben", 2, "apples", "kale")]
    tifu = Tifu(placed, Parameters(1, 1.0, 1.0, 1.0, 7))
    assert tifu.products == ["pears", "apples", "kale"]
    assert tifu.best("ann", 3, 0.0) == ["pears", "apples"]


def test_a_list_of_new_products_has_what_neighbours_buy_and_the_shopper_never_did():
    placed = [order("ann", 0, "pears"), order("ben", 1, "pears", "kale"), order("cem", 2, "eggs")]
    tifu = Tifu(placed, Parameters(1, 1.0, 1.0, 0.5, 7))
    assert tifu.best("ann", 3, 0.0) == ["pears", "kale"]
    assert tifu.new("ann", 3, 0.0) == ["kale"]


def test_someone_alone_has_no_neighbours():
    tifu = Tifu([order("ann", 0, "pears")], PUBLISHED["Instacart"])
    assert tifu.scores("ann").tolist() == pytest.approx([0.9])
    assert tifu.new("ann", 3, 0.0) == []


def test_goods_are_what_was_sold_and_can_be_recommended():
    told = receipts(*((1, 1, product, int(product != 2), 1.0, at(0)) for product in range(1, 8)))
    lines = sold(told, PRODUCTS)
    assert lines.product_id.tolist() == [1, 3, 4, 7]
    assert lines[are_of(lines, ("PRODUCE",), ("EGGS",))].product_id.tolist() == [1, 3]


def test_a_basket_is_an_order_in_utc_with_one_line_a_product():
    told = receipts(
        (5, 22, 4, 1, 3.5, at(2)),
        (5, 22, 1, 1, 1.0, at(2)),
        (5, 22, 2, 3, 2.0, at(2)),
        (6, 21, 3, 2, 5.0, at(1)),
    )
    first, second = orders(sold(told, PRODUCTS), "product_type")
    assert (first.user_id, second.user_id) == ("household-6", "household-5")
    assert second.placed_at == datetime(2017, 6, 3, 12, tzinfo=UTC)
    bought = {line.product_id: (line.quantity, line.unit_price) for line in second.lines}
    assert bought == {FUJI: (4, 0.75), "KIDS CEREAL": (1, 3.5)}
    assert len(orders(sold(told, PRODUCTS), "product_id")[1].lines) == 3


def test_the_catalogue_has_products_since_they_were_first_sold_and_farms_of_one_maker_and_category():
    told = receipts(
        (5, 1, 4, 1, 3.0, at(2)), (5, 2, 3, 1, 5.0, at(3)), (5, 3, 2, 2, 2.0, at(1)), (5, 4, 7, 1, 1.0, at(4))
    )
    facts = [record.fact for record in catalogue(sold(told, PRODUCTS), "product_id")]
    farms = {fact.id for fact in facts if isinstance(fact, Farm)}
    products = [fact for fact in facts if isinstance(fact, Product)]
    assert [fact.id for fact in products] == ["2", "4", "3", "7"]
    assert [fact.category for fact in products] == ["Apples", "Cold Cereal", "Eggs", "Other"]
    assert [fact.farm_id for fact in products] == ["7 Apples", "9 Cold Cereal", "8 Eggs", "9 Other"]
    assert farms == {fact.farm_id for fact in products}
    assert products[0].price == 1
    assert products[0].created_at == datetime(2017, 6, 2, 12, tzinfo=UTC)


def test_foretold_is_the_first_order_after_the_past_of_who_has_one():
    placed = [
        order("ann", 0, "a"), order("ben", 1, "b"), order("ann", 10, "a", "c"), order("new", 11, "a"),
        order("ann", 12, "b"), order("ben", 30, "b"),
    ]  # fmt: skip
    first = First.of(placed, START + timedelta(days=10), START + timedelta(days=20))
    assert first.past == placed[:2]
    assert first.asked == [placed[2]]
    (purchase,) = first.purchases()
    assert (purchase.bought, purchase.new) == ({"a", "c"}, {"c"})
    assert purchase.now == first.since.timestamp()


def test_a_sample_is_taken_from_all_and_forgets_nothing():
    first = First(START, [order("ann", 0, "a")], [order(f"s{i}", 1, "a") for i in range(10)])
    assert [each.user_id for each in first.sample(4).asked] == ["s0", "s3", "s6", "s9"]
    assert first.sample(10) == first
    assert first.sample(4).past == first.past


@pytest.fixture(scope="module")
def found():
    """Households that buy the same two products each week, and one of the others now and then."""
    chance = np.random.default_rng(3)
    lines = [
        (household, 100 * household + week, product, 1, 2.0, at(7 * week + household % 7))
        for household in range(12)
        for week in range(30)
        for product in {household % 3, 3 + household % 2, int(chance.integers(5, 12))}
    ]
    known = pd.DataFrame({"product_id": range(12), "manufacturer_id": 1, "department": "PRODUCE"})
    known = known.assign(product_category="APPLES", product_type=[f"KIND {i}" for i in range(12)])
    level = Level("tiny", "Tiny", "product_type", LEVELS[0].has, Reference(7, {"popular": (0.5, 0.25)}))
    said = []
    return measured(level, sold(receipts(*lines), known), 10, said.append), said


def test_all_ways_foretell_the_same_baskets(found):
    shown, said = found
    assert shown.households == 6, "every second of the twelve"
    assert len(said) == 3
    assert {each.bought.orders for each in shown.lists.values()} == {shown.households}
    assert set(shown.parameters.values()) <= set(PUBLISHED)
    means = {name: each.bought.recall.mean for name, each in shown.lists.items()}
    assert means["personal_popular"] >= means["personal"] > means["popular_new"]
    assert means["tifu"] > means["tifu_new"]
    assert shown.lists["personal"].bought_first.recall.mean == 0


def test_the_table_has_a_row_for_each_list_and_what_others_found(found):
    shown, _ = found
    text = [*rows(shown)]
    assert text[0] == "### Tiny"
    assert any("independent code: 7" in line for line in text)
    (popular,) = [line for line in text if line.startswith("| most popular")]
    assert "| 0.500 / 0.250 |" in popular
    assert sum(line.startswith("| ") for line in text) == 1 + len(shown.lists)
    assert sum("punnet ÷" in line for line in text) == 8


def test_ratios_are_of_the_best_list_of_each_kind(found):
    shown, _ = found
    first, second, *_ = ratios(shown.lists)
    plain = max(shown.lists[name].bought.recall.mean for name in ("popular", "personal", "personal_popular"))
    ours = shown.lists["punnet"].bought.recall.mean
    assert first.value == pytest.approx(ours / plain)
    assert second.over == "tifu"
    named = figures(shown)
    assert named["quality.tiny.bought.recall.vs_plain"] == first.value
    assert named["quality.tiny.punnet.bought.recall"] == ours
    assert named["quality.tiny.households"] == shown.households


def test_december_begins_where_the_shops_are():
    assert DECEMBER.astimezone(UTC) == datetime(2017, 12, 1, 5, tzinfo=UTC)
    assert LIMIT == 10
