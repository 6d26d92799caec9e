"""Actions: what each of the 14 leaves in a profile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.actions import remember, search_category, search_words, searched, shown
from punnet.engine.profile import Profile, Sight
from punnet.market import EntityType, ProductPatch, UserAction
from tests.engine.facts import did, farm, index_of, patched, product, removed

CATALOGUE = index_of(
    farm("hill"),
    farm("dale"),
    product("leeks"),
    product("pears", category="Fruits"),
    product("plums", category="Stone Fruits"),
    product("swedes", category="Root Vegetables"),
    product("gone", category="Herbs"),
    removed("gone"),
).catalogue
LEEKS, PEARS, PLUMS, SWEDES, GONE = range(5)
HILL, DALE = range(2)
VEGETABLES, FRUITS, STONE_FRUITS, ROOTS, HERBS = range(5)

ODD = (None, True, 7, 4.5, "", [], ["pears"], {}, {"a": 1}, float("nan"), 10**400)


def profile_of(*actions, catalogue=CATALOGUE):
    """Return the profile after these actions, done at 0, 1, 2 … seconds."""
    profile = Profile()
    for time, action in enumerate(actions):
        remember(profile, action, float(time), catalogue)
    return profile


def left(profile):
    """Return the parts of a profile that hold something."""
    return {name: value for name in Profile.__struct_fields__ if (value := getattr(profile, name))}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=20))
def test_the_cart_is_what_was_put_in_and_not_taken_out_in_that_order(deeds):
    expected = []
    for puts, it in deeds:
        if not puts and it in expected:
            expected.remove(it)
        if puts and it not in expected:
            expected.append(it)
    kinds = (UserAction.REMOVE_FROM_CART, UserAction.ADD_TO_CART)
    actions = [did("ann", kinds[puts], CATALOGUE.products[it]) for puts, it in deeds]
    assert list(profile_of(*actions).cart) == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 1)), max_size=20))
def test_the_wishlist_holds_products_and_the_followed_farms_are_apart(deeds):
    products, farms = set(), set()
    kinds = (UserAction.REMOVE_FROM_WISHLIST, UserAction.ADD_TO_WISHLIST)
    actions = []
    for puts, is_farm, it in deeds:
        wishes, names = (farms, CATALOGUE.farms) if is_farm else (products, CATALOGUE.products)
        (wishes.add if puts else wishes.discard)(it)
        actions.append(did("ann", kinds[puts], names[it], farm=is_farm))
    profile = profile_of(*actions)
    assert (profile.wishlist, profile.followed) == (products, farms)


def test_a_view_is_counted_and_touches_the_product():
    profile = profile_of(*(did("ann", "VIEW_PRODUCT", name) for name in ("leeks", "pears", "leeks")))
    assert left(profile) == {
        "views": {LEEKS: 2, PEARS: 1},
        "recent": {LEEKS: 2.0, PEARS: 1.0},
        "seen": {LEEKS: Sight(2.0, 2.0), PEARS: Sight(2.0, 1.0)},
    }


def test_putting_into_the_cart_touches_the_product_and_is_no_view():
    profile = profile_of(did("ann", "ADD_TO_CART", "pears"))
    assert left(profile) == {
        "cart": {PEARS: None},
        "recent": {PEARS: 0.0},
        "seen": {PEARS: Sight(2.0, 0.0)},
    }


def test_taking_out_of_the_cart_does_not_touch_the_product():
    profile = profile_of(did("ann", "ADD_TO_CART", "pears"), did("ann", "REMOVE_FROM_CART", "pears"))
    assert left(profile) == {"recent": {PEARS: 0.0}, "seen": {PEARS: Sight(2.0, 0.0)}}


def test_what_was_not_in_the_cart_or_on_the_wishlist_can_be_taken_out():
    assert left(profile_of(did("ann", "REMOVE_FROM_CART", "pears"))) == {}
    assert left(profile_of(did("ann", "REMOVE_FROM_WISHLIST", "pears"))) == {}


def test_a_wish_without_entity_type_is_for_a_product():
    wished = {"wishlist": {LEEKS}, "seen": {LEEKS: Sight(2.0, 0.0)}}
    assert left(profile_of(did("ann", "ADD_TO_WISHLIST", "leeks"))) == wished
    assert left(profile_of(did("ann", "ADD_TO_WISHLIST", "dale"))) == {}
    typed = did("ann", "ADD_TO_WISHLIST", "leeks", entity_type=EntityType.PRODUCT)
    assert left(profile_of(typed)) == wished


def test_a_wish_for_a_farm_is_no_look_at_a_product():
    assert left(profile_of(did("ann", "ADD_TO_WISHLIST", "dale", farm=True))) == {"followed": {DALE}}


SEEING = {UserAction.VIEW_PRODUCT, UserAction.ADD_TO_CART, UserAction.ADD_TO_WISHLIST}


@pytest.mark.parametrize("kind", UserAction)
def test_who_views_carts_or_wishes_for_a_product_sees_its_price_of_that_moment(kind):
    index = index_of(farm(), product("leeks", price=3.5))
    action = did("ann", kind, "leeks", metadata={"rating": 5})
    profile = Profile()
    remember(profile, action, 10.0, index.catalogue)
    index.catalogue.patch_product("leeks", ProductPatch(price=1.25), 20.0)
    assert profile.seen == ({0: Sight(3.5, 10.0)} if kind in SEEING else {})
    remember(profile, action, 30.0, index.catalogue)
    assert profile.seen == ({0: Sight(1.25, 30.0)} if kind in SEEING else {})


def test_a_view_of_a_farm_is_counted():
    profile = profile_of(did("ann", "VIEW_FARM", "dale"), did("ann", "VIEW_FARM", "dale"))
    assert left(profile) == {"farm_views": {DALE: 2}}


@pytest.mark.parametrize(("rating", "liked"), [(5, True), (4, True), (4.0, True), (3.9, False), (1, False)])
def test_a_farm_rated_four_or_more_is_liked(rating, liked):
    profile = profile_of(did("ann", "RATE_FARM", "dale", metadata={"rating": rating}))
    assert profile.rated == ({DALE} if liked else set())


def test_the_last_rating_counts():
    up, down = (did("ann", "RATE_FARM", "hill", metadata={"rating": rating}) for rating in (5, 2))
    assert profile_of(up, down).rated == set()
    assert profile_of(down, up).rated == {HILL}


@pytest.mark.parametrize("rating", [None, "5", [5], {"stars": 5}, 0.9, 5.1, float("nan"), 10**400])
def test_a_rating_that_is_no_number_from_1_to_5_changes_nothing(rating):
    liked = did("ann", "RATE_FARM", "hill", metadata={"rating": 5})
    odd = did("ann", "RATE_FARM", "hill", metadata={} if rating is None else {"rating": rating})
    assert left(profile_of(liked, odd)) == {"farm_ratings": {HILL: 5.0}}
    assert left(profile_of(odd)) == {}


def test_the_last_rating_of_each_product_and_farm_is_kept():
    stars = (("leeks", 5), ("pears", 1), ("leeks", 2.5), ("gone", 3))
    farms = (("hill", 1), ("dale", 5), ("dale", 4.5))
    profile = profile_of(
        *(did("ann", "RATE_PRODUCT", name, metadata={"rating": rating}) for name, rating in stars),
        *(did("ann", "RATE_FARM", name, farm=True, metadata={"rating": rating}) for name, rating in farms),
    )
    assert left(profile) == {
        "product_ratings": {LEEKS: 2.5, PEARS: 1.0, GONE: 3.0},
        "farm_ratings": {HILL: 1.0, DALE: 4.5},
    }
    assert all(isinstance(rating, float) for rating in profile.product_ratings.values())


@pytest.mark.parametrize(
    ("kind", "counts"), [("SHARE_PRODUCT", "shares"), ("CLICK_RECOMMENDATION", "clicks")]
)
def test_shares_and_clicks_are_counted_by_product(kind, counts):
    profile = profile_of(*(did("ann", kind, name) for name in ("leeks", "pears", "leeks")))
    assert left(profile) == {counts: {LEEKS: 2, PEARS: 1}}


def test_a_view_of_recommendations_is_of_the_products_it_names_or_of_one():
    assert (
        shown(did("ann", "VIEW_RECOMMENDATIONS", metadata={"productIds": ["leeks", "ghost", "leeks"]})) == 3
    )
    assert shown(did("ann", "VIEW_RECOMMENDATIONS")) == 1


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd != ["pears"]])
def test_products_of_an_odd_type_are_one(odd):
    assert shown(did("ann", "VIEW_RECOMMENDATIONS", metadata={"productIds": odd})) == 1


def test_a_search_counts_for_the_category_it_names():
    search = did("ann", "SEARCH", metadata={"category": "Fruits", "searchQuery": "herbs"})
    assert left(profile_of(search, search)) == {"searches": {FRUITS: 2}}


def test_a_search_counts_for_every_category_that_shares_a_whole_word_with_it():
    search = did("ann", "SEARCH", metadata={"searchQuery": "FRUITS, vegetables"})
    assert left(profile_of(search)) == {"searches": {VEGETABLES: 1, FRUITS: 1, STONE_FRUITS: 1, ROOTS: 1}}
    assert left(profile_of(did("ann", "SEARCH", metadata={"searchQuery": "fruit"}))) == {}


def test_a_search_may_carry_its_words_as_its_entity():
    words = did("ann", "SEARCH", "stone tools", entity_type=EntityType.SEARCH)
    assert left(profile_of(words)) == {"searches": {STONE_FRUITS: 1}}


def test_a_filter_counts_for_its_category_or_its_entity():
    by_metadata = did("ann", "FILTER_CATEGORY", "Herbs", metadata={"category": "Fruits"})
    by_entity = did("ann", "FILTER_CATEGORY", "Herbs")
    assert left(profile_of(by_metadata, by_entity)) == {"searches": {FRUITS: 1, HERBS: 1}}


def test_a_search_counts_for_the_categories_known_at_that_moment():
    index = index_of(farm(), product("leeks"))
    search = did("ann", "SEARCH", metadata={"category": "Fruits"})
    assert left(profile_of(search, catalogue=index.catalogue)) == {}
    index.catalogue.put_product(product("pears", category="Fruits"), 0.0)
    assert left(profile_of(search, catalogue=index.catalogue)) == {"searches": {1: 1}}


def test_the_category_of_a_filter_is_no_word_of_a_search():
    action = did("ann", "FILTER_CATEGORY", "Fruits", metadata={"category": "Herbs"})
    assert (search_words(action), search_category(action)) == ("", "Herbs")


def test_the_words_of_a_search_are_no_category():
    action = did("ann", "SEARCH", "Fruits")
    assert (search_words(action), search_category(action)) == ("Fruits", None)
    action = did("ann", "SEARCH", "Fruits", metadata={"searchQuery": "plums", "category": "Herbs"})
    assert (search_words(action), search_category(action)) == ("plums", "Herbs")
    action = did("ann", "SEARCH", "Fruits", metadata={"searchQuery": None, "category": None})
    assert (search_words(action), search_category(action)) == ("Fruits", None)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", [UserAction.SEARCH, UserAction.FILTER_CATEGORY])
def test_words_and_categories_of_an_odd_type_are_none(kind, odd):
    assert searched(did("ann", kind, metadata={"searchQuery": odd}), CATALOGUE) == []
    assert searched(did("ann", kind, metadata={"category": odd}), CATALOGUE) == []
    assert isinstance(search_words(did("ann", kind, metadata={"searchQuery": odd})), str)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", UserAction)
def test_no_metadata_is_too_odd(kind, odd):
    for entity, is_farm in (("leeks", False), ("hill", True), (None, False)):
        metadata = {"rating": odd, "searchQuery": odd, "category": odd, "items": odd, "productIds": odd}
        remember(Profile(), did("ann", kind, entity, farm=is_farm, metadata=metadata), 0.0, CATALOGUE)


@pytest.mark.parametrize("kind", UserAction)
@pytest.mark.parametrize("entity", ["ghost", None])
def test_what_is_not_known_leaves_nothing(kind, entity):
    assert left(profile_of(did("ann", kind, entity, metadata={"rating": 5}))) == {}
    assert left(profile_of(did("ann", kind, entity, metadata={"rating": 5}, farm=True))) == {}


@pytest.mark.parametrize(
    "kind",
    ["COMPLETE_PURCHASE", "VIEW_RECOMMENDATIONS"],
)
def test_some_actions_are_only_counted(kind):
    assert left(profile_of(did("ann", kind, "leeks", metadata={"rating": 5}))) == {}


def test_what_left_the_catalogue_is_still_known():
    assert left(profile_of(did("ann", "VIEW_PRODUCT", "gone"))) == {
        "views": {GONE: 1},
        "recent": {GONE: 0.0},
        "seen": {GONE: Sight(2.0, 0.0)},
    }


def test_a_product_that_moved_is_the_same_product():
    index = index_of(farm("hill"), farm("dale"), product("leeks"), patched("leeks", farm_id="dale"))
    assert profile_of(did("ann", "VIEW_PRODUCT", "leeks"), catalogue=index.catalogue).views == {0: 1}
