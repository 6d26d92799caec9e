"""Admission: what a fact may name, and how a refusal says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.admission import check
from punnet.errors import Conflict, UnknownId
from punnet.market import EntityType, Erased, Reset, ResetType, UserAction
from tests.engine.facts import (
    did,
    engine_of,
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

MARKET = (
    farm("gone"),
    farm("hill"),
    farm("dale"),
    product("old"),
    product("leeks"),
    order("ann", "leeks", id="first"),
    removed("old"),
    removed_farm("gone"),
)
INDEX = index_of(*MARKET)


def refusal(fact, index=INDEX):
    """Return how a fact is refused, without the sentence."""
    with pytest.raises((UnknownId, Conflict)) as caught:
        check(index, fact)
    return type(caught.value), caught.value.field, caught.value.value


@pytest.mark.parametrize(
    "fact",
    [
        farm("new"),
        farm("hill", name="Hilltop"),
        product("new"),
        product("leeks", farm_id="dale"),
        patched_farm("hill", name="Hilltop"),
        patched("leeks", price=1.0),
        patched("leeks", farm_id="dale"),
        removed("leeks"),
        removed_farm("dale"),
        order("bob", "leeks", "leeks"),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_what_fits_is_let_in_and_changes_nothing(fact):
    check(INDEX, fact)
    check(INDEX, fact)
    assert INDEX.catalogue.product("leeks").price == 2.0
    assert INDEX.catalogue.farm("new") is None


@pytest.mark.parametrize(
    ("fact", "field", "value"),
    [
        (product("new", farm_id="nowhere"), "farmId", "nowhere"),
        (product("new", farm_id="gone"), "farmId", "gone"),
        (patched_farm("nowhere", name="New"), "id", "nowhere"),
        (patched("ghost", price=1.0), "id", "ghost"),
        (patched("old", price=1.0), "id", "old"),
        (patched("leeks", farm_id="nowhere"), "farmId", "nowhere"),
        (removed("ghost"), "id", "ghost"),
        (removed("old"), "id", "old"),
        (removed_farm("nowhere"), "id", "nowhere"),
        (removed_farm("gone"), "id", "gone"),
        (order("bob", "ghost"), "lines[0].productId", "ghost"),
        (order("bob", "leeks", "old", "ghost"), "lines[2].productId", "ghost"),
    ],
    ids=lambda it: it if isinstance(it, str) else type(it).__name__,
)
def test_an_unknown_id_is_named(fact, field, value):
    assert refusal(fact) == (UnknownId, field, value)


def test_an_order_may_hold_what_left_the_catalogue_since():
    check(INDEX, order("bob", "leeks", "old"))


def test_a_refusal_says_what_is_allowed():
    with pytest.raises(UnknownId) as caught:
        check(INDEX, order("bob", "ghost"))
    assert caught.value.message == 'lines[0].productId "ghost" is not a product of the catalogue.'
    assert caught.value.allowed == "the id of a product of the catalogue"
    with pytest.raises(UnknownId) as caught:
        check(INDEX, product("new", farm_id="nowhere"))
    assert caught.value.message == 'farmId "nowhere" is not a farm of the catalogue.'
    assert caught.value.allowed == "the id of a farm of the catalogue"


def test_a_farm_with_products_stays():
    with pytest.raises(Conflict) as caught:
        check(INDEX, removed_farm("hill"))
    assert (caught.value.field, caught.value.value) == ("id", "hill")
    assert caught.value.message == 'id "hill" still has products.'
    assert caught.value.allowed == "a farm without products: delete or move them first"


@pytest.mark.parametrize("leaves", [removed("leeks"), patched("leeks", farm_id="dale")])
def test_a_farm_whose_last_product_left_may_leave(leaves):
    index = index_of(*MARKET, leaves)
    check(index, removed_farm("hill"))


@pytest.mark.parametrize("kind", UserAction)
def test_an_action_about_nothing_is_let_in(kind):
    check(INDEX, did("ann", kind))
    check(INDEX, did("ann", kind, entity_type=EntityType.PRODUCT))


@pytest.mark.parametrize("kind", UserAction)
def test_an_action_names_a_product_or_farm_that_is_there(kind):
    check(INDEX, did("ann", kind, "leeks", entity_type=EntityType.PRODUCT))
    check(INDEX, did("ann", kind, "dale", farm=True))
    ghost = did("ann", kind, "ghost", entity_type=EntityType.PRODUCT)
    assert refusal(ghost) == (UnknownId, "entityId", "ghost")
    assert refusal(did("ann", kind, "leeks", farm=True)) == (UnknownId, "entityId", "leeks")


@pytest.mark.parametrize("kind", UserAction)
def test_what_left_can_be_taken_out_but_nothing_else(kind):
    product_that_left = did("ann", kind, "old", entity_type=EntityType.PRODUCT)
    farm_that_left = did("ann", kind, "gone", farm=True)
    if kind in (UserAction.REMOVE_FROM_CART, UserAction.REMOVE_FROM_WISHLIST):
        check(INDEX, product_that_left)
        check(INDEX, farm_that_left)
    else:
        assert refusal(product_that_left) == (UnknownId, "entityId", "old")
        assert refusal(farm_that_left) == (UnknownId, "entityId", "gone")


def test_a_purchase_names_an_order_or_brings_its_lines():
    def purchase(order_id, **metadata):
        return did("ann", "COMPLETE_PURCHASE", order_id, entity_type=EntityType.ORDER, metadata=metadata)

    check(INDEX, purchase("first"))
    check(INDEX, purchase("second", items=[{"productId": "leeks", "quantity": 1, "unitPrice": 2}]))
    assert refusal(purchase("second")) == (UnknownId, "entityId", "second")
    with pytest.raises(UnknownId) as caught:
        check(INDEX, purchase("second"))
    assert caught.value.message == 'entityId "second" is not an order of this shopper.'
    allowed = "the id of an order of theirs already posted, or metadata.items with its lines"
    assert caught.value.allowed == allowed


def test_the_order_of_a_purchase_is_the_shoppers_own():
    for user_id in ("bob", "stranger"):
        purchase = did(user_id, "COMPLETE_PURCHASE", "first", entity_type=EntityType.ORDER)
        assert refusal(purchase, index_of(*MARKET, order("bob", "leeks"))) == (
            UnknownId,
            "entityId",
            "first",
        )


@pytest.mark.parametrize("fact", [Erased(), Reset(reset_type=ResetType.ALL)])
def test_what_names_nothing_always_fits(fact):
    check(index_of(), fact)


@pytest.mark.parametrize("kind", [kind for kind in UserAction if kind is not UserAction.COMPLETE_PURCHASE])
def test_only_a_purchase_must_know_its_order(kind):
    check(INDEX, did("ann", kind, "second", entity_type=EntityType.ORDER))


@pytest.mark.parametrize("entity_type", [EntityType.SEARCH, None])
def test_words_are_no_ids(entity_type):
    check(INDEX, did("ann", "SEARCH", "anything at all", entity_type=entity_type))


ids = st.sampled_from(["hill", "dale", "gone", "leeks", "old", "ghost"])


@given(
    st.one_of(
        st.builds(product, ids, farm_id=ids),
        st.builds(patched, ids, farm_id=ids),
        st.builds(patched_farm, ids, name=ids),
        st.builds(removed, ids),
        st.builds(removed_farm, ids),
        st.builds(order, st.just("ann"), ids, ids),
    )
)
def test_what_is_let_in_leaves_its_mark(fact):
    """Admission and the index agree: nothing that was let in is dropped on the way."""
    try:
        check(INDEX, fact)
    except (UnknownId, Conflict):
        return
    engine = engine_of(*MARKET)
    before = (
        engine.catalogue.listed(),
        [engine.catalogue.farm(it) for it in ("hill", "dale")],
        engine.order_count,
    )
    engine.apply(records(fact))
    after = (
        engine.catalogue.listed(),
        [engine.catalogue.farm(it) for it in ("hill", "dale")],
        engine.order_count,
    )
    assert (
        before != after
        or product("leeks", farm_id="hill") == fact
        or patched("leeks", farm_id="hill") == fact
    )
