"""The index: records in, in whatever batches, and one state out."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.funnel import Steps
from punnet.engine.index import Index
from punnet.engine.profile import NOBODY, Profile, Sight
from punnet.market import EntityType, Erased, Order, Record, Removal, Reset, ResetType, UserAction
from tests.engine.facts import (
    DAY,
    NOW,
    ago,
    did,
    farm,
    index_of,
    order,
    patched,
    patched_farm,
    product,
    records,
    removed,
    removed_farm,
)
from tests.markets import markets

SHOP = (farm(), product("leeks"), product("kale"), product("pears", category="Fruits"))
LEEKS, KALE, PEARS = range(3)


def state(index):
    """Return everything an index knows, as one compares it."""
    ledger, catalogue, shelf = index.ledger, index.catalogue, index.catalogue.shelf
    timeline = ledger.book.timeline[: len(ledger)]
    return {
        "shoppers": [index.shoppers[at] for at in range(len(index.shoppers))],
        "orders": [index.orders[at] for at in range(len(index.orders))],
        "listed": catalogue.listed(),
        "farms": [catalogue.farm(catalogue.farms[at]) for at in range(len(catalogue.farms))],
        "categories": [catalogue.categories[at] for at in range(len(catalogue.categories))],
        "shelf": [
            column.tolist() for column in (shelf.category, shelf.farm, shelf.price, shelf.added, shelf.listed)
        ],
        "on sale": catalogue.on_sale(NOW).tolist(),
        "ledger": [ledger.shoppers.tolist(), ledger.times.tolist(), repr(ledger.latitudes.tolist())],
        "timeline": timeline.tolist(),
        "rows": [
            [rows.row(at).tolist() for at in range(len(rows))]
            for rows in (ledger.placed_by, ledger.bought_by, ledger.holding)
        ],
        "lines": [
            ledger.lines(timeline).tolist(),
            ledger.prices(timeline).tolist(),
        ],
        "profiles": [
            [getattr(index.profile(at), known) for known in Profile.__struct_fields__]
            for at in range(len(index.shoppers))
        ],
        "alerts": list(index.alerts.between(0, index.alerts.count)),
        "carts": [list(index.profile(at).cart) for at in range(len(index.shoppers))],
        "funnel": [index.funnel.total, index.funnel._parts, index.funnel._clicked],
        "tally": [index.tally.by_type, [index.tally.since(NOW, hours * 3600.0) for hours in (1, 5, 24)]],
    }


@given(markets(), st.lists(st.integers(0, 80), max_size=6))
def test_batches_and_orders_that_come_again_do_not_change_the_state(of, cuts):
    whole, parts = Index(), Index()
    whole.apply(of.records)
    for first, last in pairwise([0, *sorted(cuts), len(of.records)]):
        batch = of.records[first:last]
        parts.apply(batch)
        parts.apply([record for record in batch if isinstance(record.fact, Order)])
    assert state(parts) == state(whole)


def test_nothing_applied_is_an_empty_market():
    index = Index()
    index.apply([])
    assert state(index) == state(Index())
    assert (len(index.ledger), len(index.shoppers), len(index.orders), index.tally.total) == (0, 0, 0, 0)


def test_an_order_enters_the_ledger_and_can_be_asked_for():
    bought = order("ann", "leeks", "pears", id="first", days=2, price=3.5)
    index = index_of(*SHOP, bought)
    ann = index.shoppers.find("ann")
    assert (index.orders.find("first"), len(index.orders)) == (0, 1)
    assert index.ledger.bought_by.row(ann).tolist() == [LEEKS, PEARS]
    assert index.ledger.prices(index.ledger.placed_by.row(ann)).tolist() == [3.5, 3.5]
    assert index.ledger.times.tolist() == [NOW - 2 * DAY]
    assert index.ledger.holding.lengths.tolist() == [1, 0, 1]


def test_what_was_erased_still_counts_and_tells_nothing():
    gone = [Erased(action=UserAction.SEARCH), Erased()]
    index = index_of(*SHOP, *gone)
    assert index.tally.by_type == {UserAction.SEARCH: 1}
    assert (len(index.shoppers), len(index.orders)) == (0, 0)


def test_an_order_id_counts_once_even_with_other_contents_and_in_one_batch():
    first, second = order("ann", "leeks", id="same"), order("bob", "pears", id="same")
    index = index_of(*SHOP, first, second)
    index.apply(records(second))
    assert (index.orders.find("same"), len(index.orders)) == (0, 1)
    assert len(index.ledger) == 1
    assert index.shoppers.find("bob") == -1


def test_a_second_delivery_of_an_order_does_not_empty_the_cart_again():
    bought = order("ann", "leeks")
    index = index_of(*SHOP, bought, did("ann", "ADD_TO_CART", "leeks"), bought)
    assert list(index.profile(0).cart) == [LEEKS]


@pytest.mark.parametrize("batches", ["one", "each its own"])
def test_an_order_takes_what_it_holds_out_of_the_cart(batches):
    facts = (
        *SHOP,
        did("ann", "ADD_TO_CART", "leeks"),
        did("ann", "ADD_TO_CART", "pears"),
        did("bob", "ADD_TO_CART", "leeks"),
        order("ann", "leeks", "kale"),
    )
    index = Index()
    for batch in [records(*facts)] if batches == "one" else [[record] for record in records(*facts)]:
        index.apply(batch)
    assert list(index.profile(index.shoppers.find("ann")).cart) == [PEARS]
    assert list(index.profile(index.shoppers.find("bob")).cart) == [LEEKS]


@pytest.mark.parametrize("batches", ["one", "each its own"])
def test_what_is_put_in_after_an_order_stays_in_the_cart(batches):
    facts = (*SHOP, order("ann", "leeks"), did("ann", "ADD_TO_CART", "leeks", days=5))
    index = Index()
    for batch in [records(*facts)] if batches == "one" else [[record] for record in records(*facts)]:
        index.apply(batch)
    assert list(index.profile(0).cart) == [LEEKS]


def test_an_order_of_an_unknown_product_holds_the_others():
    index = index_of(*SHOP, order("ann", "ghost", "leeks"), order("bob", "ghost"))
    assert index.ledger.lines(index.ledger.placed_by.row(0)).tolist() == [LEEKS]
    assert len(index.ledger) == 2
    assert index.ledger.placed_by.row(1).tolist() == [1]


def test_a_product_added_in_the_batch_of_its_order_is_known_and_one_added_after_it_is_not():
    index = Index()
    index.apply(records(farm(), product("leeks"), order("ann", "leeks", "kale"), product("kale")))
    assert index.ledger.holding.lengths.tolist() == [1, 0]


def test_products_and_shoppers_without_orders_have_their_rows():
    index = index_of(*SHOP, did("ann", "VIEW_FARM", "hill"))
    index.apply(records(product("plums"), did("bob", "VIEW_FARM", "hill")))
    ledger = index.ledger
    assert [len(rows) for rows in (ledger.placed_by, ledger.bought_by, ledger.holding)] == [2, 2, 4]


def test_an_action_is_remembered_at_its_own_time_or_when_it_was_taken_in():
    own, without = did("ann", "VIEW_PRODUCT", "leeks", days=3), did("ann", "VIEW_PRODUCT", "kale")
    index = index_of(*SHOP, own, without, at=NOW)
    assert index.profile(0).recent == {LEEKS: ago(3).timestamp(), KALE: NOW}


def test_an_action_is_counted_when_it_was_taken_in_whatever_it_says():
    index = index_of(*SHOP, did("ann", "VIEW_PRODUCT", "ghost", days=3), at=NOW)
    assert index.tally.since(NOW, 60) == index.tally.total == 1
    assert index.tally.by_type == {UserAction.VIEW_PRODUCT: 1}


CLICKED = (
    did("ann", "VIEW_RECOMMENDATIONS", metadata={"productIds": ["leeks", "kale"]}),
    did("ann", "CLICK_RECOMMENDATION", "leeks", days=3),
    did("ann", "CLICK_RECOMMENDATION", "kale"),
)


@pytest.mark.parametrize("batches", ["one", "each its own"])
def test_an_order_at_most_a_week_after_a_click_is_a_conversion(batches):
    index, facts = Index(), (*SHOP, *CLICKED, order("ann", "leeks", "kale", days=1))
    for batch in [records(*facts)] if batches == "one" else [[record] for record in records(*facts)]:
        index.apply(batch)
    # The click without a time of its own was taken in 29 days before the order.
    assert index.funnel.total == Steps(impressions=2, clicks=2, conversions=1)
    assert index.profile(0).clicks == {LEEKS: 1, KALE: 1}


def test_what_was_erased_is_no_step_of_the_funnel():
    gone = [Erased(action=kind) for kind in ("VIEW_RECOMMENDATIONS", "CLICK_RECOMMENDATION")]
    assert index_of(*SHOP, *gone).funnel.total == Steps()


def test_statistics_that_begin_anew_leave_everything_else():
    facts = (*SHOP, *CLICKED, order("ann", "leeks", days=2))
    before, events, everything = (
        index_of(*facts, *(Reset(reset_type=kind) for kind in kinds))
        for kinds in ([], [ResetType.EVENTS], [ResetType.ALL])
    )
    assert (before.tally.total, events.tally.total, everything.tally.total) == (3, 0, 0)
    assert events.tally.since(NOW, 31 * DAY) == 0
    assert events.funnel.total == before.funnel.total == Steps(impressions=2, clicks=2, conversions=1)
    assert everything.funnel.total == Steps()
    kept = [
        {part: known for part, known in state(index).items() if part not in ("tally", "funnel")}
        for index in (before, events, everything)
    ]
    assert kept[0] == kept[1] == kept[2]
    everything.apply(records(order("ann", "kale"), *CLICKED[:2]))
    assert everything.funnel.total == Steps(impressions=2, clicks=1)
    assert everything.tally.total == 2


def test_who_is_forgotten_leaves_no_trace_and_the_others_stay():
    bob = did("bob", "VIEW_PRODUCT", "leeks"), order("bob", "leeks", "pears", id="of-bob")
    index = index_of(*SHOP, *CLICKED, order("ann", "kale", "leeks", id="of-ann"), *bob)
    index.forget("ann")
    assert [index.shoppers.find(name) for name in ("ann", "bob")] == [-1, 1]
    assert [index.orders.find(name) for name in ("of-ann", "of-bob")] == [-1, 1]
    assert (index.shoppers.count, index.orders.count, len(index.ledger)) == (1, 1, 1)
    assert index.profile(0) is NOBODY
    assert index.profile(1).views == {LEEKS: 1}
    assert index.ledger.holding.row(LEEKS).tolist() == [1]
    assert (index.funnel.total, index.tally.total) == (Steps(), 4)


def test_who_was_forgotten_may_come_again():
    index = index_of(*SHOP, *CLICKED, order("ann", "kale", id="first"))
    index.forget("ann")
    index.apply(records(order("ann", "pears", id="first"), did("ann", "VIEW_PRODUCT", "pears")))
    again = index.shoppers.find("ann")
    assert (again, index.orders.find("first")) == (1, 1)
    assert index.ledger.bought_by.row(again).tolist() == [PEARS]
    then = NOW - 30 * DAY
    assert index.profile(again) == Profile(
        views=Counter([PEARS]), recent={PEARS: then}, seen={PEARS: Sight(2.0, then)}
    )
    assert index.funnel.total == Steps()


def test_forgetting_whom_nobody_knows_changes_nothing():
    index = index_of(*SHOP, order("ann", "leeks"))
    before = state(index)
    index.forget("stranger")
    assert state(index) == before


def test_a_stranger_has_the_profile_of_nobody():
    index = index_of(*SHOP, order("ann", "leeks"))
    assert index.profile(-1) is NOBODY
    assert index.profile(0) is NOBODY
    index.apply(records(did("ann", "VIEW_PRODUCT", "leeks")))
    assert index.profile(0) is not NOBODY
    assert NOBODY.views == {}


def test_profiles_of_different_shoppers_are_apart():
    index = index_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"), did("bob", "VIEW_PRODUCT", "kale"))
    assert [index.profile(at).views for at in range(2)] == [{LEEKS: 1}, {KALE: 1}]


def test_every_kind_of_change_reaches_the_catalogue():
    index = index_of(*SHOP, farm("dale"), at=NOW - DAY)
    catalogue = index.catalogue
    assert catalogue.product("leeks").created_at == ago(1)
    index.apply(
        records(
            farm("moor"),
            product("plums", farm_id="moor"),
            patched_farm("hill", name="Hilltop"),
            patched("leeks", price=9.0),
            removed_farm("dale"),
            removed("kale"),
            at=NOW,
        )
    )
    assert [it.id for it in catalogue.listed()] == ["leeks", "pears", "plums"]
    assert (catalogue.product("leeks").price, catalogue.product("leeks").farm.name) == (9.0, "Hilltop")
    assert (catalogue.product("leeks").created_at, catalogue.product("plums").created_at) == (ago(1), ago(0))
    assert (catalogue.farm("dale"), catalogue.farm("moor")) == (None, farm("moor"))


def raised(index):
    """Return the alerts of an index: of each its number, what it is about, and both prices."""
    return [
        (each.number, each.kind.name, index.catalogue.products[each.product], each.before, each.after)
        for each in index.alerts.between(0, index.alerts.count)
    ]


def test_what_changes_on_the_shelf_raises_alerts_in_order_at_its_time():
    index = index_of(*SHOP[:2], at=NOW - DAY)
    index.apply(
        records(
            patched("leeks", stock=0),
            patched("leeks", stock=3, price=1.5),
            product("kale"),
            product("leeks", price=1.0),
            patched("leeks", price=9.0),
            at=NOW,
        )
    )
    assert raised(index) == [
        (1, "NEW_ARRIVAL", "leeks", 2.0, 2.0),
        (2, "PRICE_DROP", "leeks", 2.0, 1.5),
        (3, "STOCK", "leeks", 2.0, 1.5),
        (4, "NEW_ARRIVAL", "kale", 2.0, 2.0),
        (5, "PRICE_DROP", "leeks", 1.5, 1.0),
    ]
    assert [each.at for each in index.alerts.between(0, 5)] == [NOW - DAY] + [NOW] * 4


def test_what_is_taken_off_the_shelf_raises_nothing_and_is_new_when_it_comes_back():
    index = index_of(*SHOP[:2], removed("leeks"))
    assert len(raised(index)) == 1
    index.apply(records(product("leeks", price=1.0)))
    assert raised(index)[1:] == [(2, "NEW_ARRIVAL", "leeks", 1.0, 1.0)]


def test_what_changes_nothing_on_the_shelf_raises_nothing():
    index = index_of(*SHOP)
    before = raised(index)
    index.apply(
        records(
            patched_farm("hill", name="Hilltop"),
            farm("dale"),
            removed_farm("dale"),
            product("leeks"),
            patched("ghost", price=1.0),
            removed("ghost"),
            order("ann", "leeks"),
            did("ann", "VIEW_PRODUCT", "leeks"),
        )
    )
    assert raised(index) == before
    assert len(before) == 3


def test_a_farm_and_a_product_may_share_an_id():
    index = index_of(farm("leeks"), product("leeks", farm_id="leeks"), removed("leeks"))
    assert (index.catalogue.farm("leeks"), index.catalogue.product("leeks")) == (farm("leeks"), None)
    index.apply([Record(at=NOW, fact=Removal(entity_type=EntityType.FARM, id="leeks"))])
    assert index.catalogue.farm("leeks") is None
