"""Effects: what follows from records, and from the records after them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from punnet.core.digest import digest
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.market import (
    Action,
    EntityType,
    Erased,
    Farm,
    FarmChange,
    Forgotten,
    Order,
    Product,
    ProductChange,
    Removal,
    Reset,
    ResetType,
    UserAction,
)
from tests.engine.accepted import facts
from tests.engine.facts import (
    did,
    farm,
    order,
    patched,
    patched_farm,
    product,
    records,
    removed,
    removed_farm,
)


def changed(fact):
    """Return the product that a fact puts, patches or removes, if it does."""
    match fact:
        case Product(id=name) | ProductChange(id=name) | Removal(entity_type=EntityType.PRODUCT, id=name):
            return name
    return None


def is_of_farm(fact):
    """Return whether a fact puts, patches or removes a farm."""
    return isinstance(fact, Farm | FarmChange) or (
        isinstance(fact, Removal) and fact.entity_type is EntityType.FARM
    )


@given(st.lists(facts, max_size=25), st.lists(st.integers(0, 25), max_size=3))
def test_what_follows_from_parts_added_up_is_what_follows_from_the_whole(happened, cuts):
    taken = records(farm(), product("leeks"), *happened)
    whole, parts = Engine(), Engine()
    added = Effects()
    for first, last in pairwise([0, *sorted(cuts), len(taken)]):
        added.add(parts.apply(taken[first:last]))
    assert added == whole.apply(taken)
    named = [changed(record.fact) for record in taken]
    assert added.products == [name for name in named if name is not None]
    actions = [(it.fact, it.at) for it in taken if isinstance(it.fact, Action)]
    assert [(deed.action, deed.at) for deed in added.deeds] == actions
    assert added.actions == [deed.action for deed in added.deeds if not deed.debounced]
    assert added.shoppers == [it.fact.user_id for it in taken if isinstance(it.fact, Action | Order)]
    assert added.farms == [it.fact.id for it in taken if is_of_farm(it.fact)]


def test_from_nothing_follows_nothing():
    effects = Engine().apply([])
    assert effects == Effects()
    assert (effects.actions, effects.buyers, effects.products) == ([], [], [])
    assert (effects.shoppers, effects.farms, effects.deeds) == ([], [], [])


def test_what_is_added_to_one_is_not_added_to_another():
    one, other = Effects(), Effects()
    one.buyers.append("ann")
    one.add(Effects(buyers=["bob"], products=["leeks"]))
    assert (one.buyers, one.products) == (["ann", "bob"], ["leeks"])
    assert other == Effects()


def test_buyers_and_products_come_in_the_order_in_which_it_happened_and_as_often():
    engine = Engine()
    effects = engine.apply(
        records(
            farm(),
            product("leeks"),
            order("bob", "leeks"),
            patched("leeks", price=1.0),
            order("ann", "leeks"),
            order("bob", "leeks"),
            removed("leeks"),
        )
    )
    assert effects.buyers == ["bob", "ann", "bob"]
    assert effects.products == ["leeks", "leeks", "leeks"]


def test_an_action_that_is_repeated_at_once_is_not_reacted_to():
    view = did("ann", "VIEW_PRODUCT", "leeks")
    effects = Engine().apply(records(farm(), product("leeks"), view, did("ann", "VIEW_PRODUCT", "leeks")))
    assert (effects.actions, effects.shoppers) == ([view], ["ann", "ann"])
    assert [deed.debounced for deed in effects.deeds] == [False, True]


def test_from_farms_follows_that_they_are_others():
    engine = Engine()
    happened = (Farm(id="dale", name="Dale"), patched_farm("dale", name="Dell"), removed_farm("dale"))
    assert engine.apply(records(*happened)) == Effects(farms=["dale", "dale", "dale"])


def test_from_resets_and_what_was_erased_follows_nothing():
    engine = Engine()
    taken = records(Reset(reset_type=ResetType.ALL), Erased(), Erased(action="VIEW_PRODUCT"))
    assert engine.apply(taken) == Effects()


def test_of_who_is_forgotten_nothing_follows_any_more_whichever_batch_it_was_in():
    def taken(*batches):
        total, engine = Effects(), Engine()
        for batch in batches:
            total.add(engine.apply(batch))
        return total

    ann, bob = did("ann", UserAction.SEARCH), did("bob", UserAction.SEARCH)
    bought = order("ann", "leeks"), order("bob", "leeks")
    gone = Forgotten(shopper=digest("ann"))
    every = records(farm(), product("leeks"), ann, bob, *bought, gone, ann)
    expected = taken(records(farm(), product("leeks")), every[3:4], every[5:6], every[7:])
    expected.forgotten, expected.erasures = ["ann"], 1
    for cut in range(len(every) + 1):
        assert taken(every[:cut], every[cut:]) == expected
    assert [deed.action.user_id for deed in expected.deeds] == ["bob", "ann"]
