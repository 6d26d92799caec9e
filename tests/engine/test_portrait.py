"""Portraits: what is known of one shopper, in names."""

import pytest
from hypothesis import given

from punnet.engine.index import Index
from punnet.engine.portrait import portrait
from punnet.market import ShopperProfile
from tests.engine.facts import did, farm, index_of, kept_of, order, patched, product, removed
from tests.facts import Facts, Shopper
from tests.markets import markets

SHOP = (
    farm("hill"),
    farm("dale"),
    product("leeks"),
    product("kale"),
    product("pears", category="Fruits", farm_id="dale"),
)
NOTHING = ShopperProfile(
    cart=(),
    wishlist=(),
    followed_farms=(),
    product_ratings={},
    farm_ratings={},
    views={},
    farm_views={},
    shares={},
    searches={},
    recommendations_clicked={},
    category_preferences={},
    farm_preferences={},
)


def portrait_of(index, user_id):
    return portrait(index, kept_of(index), user_id)


@given(markets())
def test_a_portrait_is_that_of_the_naive_market(of):
    index, naive = Index(), Facts()
    index.apply(of.records)
    naive.apply(of.records)
    kept = kept_of(index)
    for user in of.users:
        found, expected = portrait(index, kept, user), Shopper(naive, user)
        if found is None:
            assert user not in naive.facts_of
            continue
        assert (found.cart, set(found.wishlist)) == (tuple(expected.cart), expected.wishlist)
        assert set(found.followed_farms) == expected.followed
        assert (found.product_ratings, found.farm_ratings) == (
            expected.product_ratings,
            expected.farm_ratings,
        )
        assert (found.views, found.farm_views) == (expected.product_views, expected.farm_views)
        assert (found.shares, found.recommendations_clicked) == (expected.shares, expected.clicks)
        assert found.searches == expected.searched
        assert found.category_preferences == pytest.approx(expected.category_preference())
        assert found.farm_preferences == pytest.approx(expected.farm_preference())


def test_of_a_stranger_nothing_is_known():
    index = index_of(*SHOP, order("ann", "leeks"))
    assert portrait_of(index, "bob") is None
    index.forget("ann")
    assert portrait_of(index, "ann") is None


def test_everything_goes_by_its_name():
    index = index_of(
        *SHOP,
        did("ann", "ADD_TO_CART", "pears"),
        did("ann", "ADD_TO_CART", "leeks"),
        did("ann", "ADD_TO_WISHLIST", "pears"),
        did("ann", "ADD_TO_WISHLIST", "kale"),
        did("ann", "ADD_TO_WISHLIST", "dale", farm=True),
        did("ann", "RATE_PRODUCT", "leeks", metadata={"rating": 2}),
        did("ann", "RATE_FARM", "dale", metadata={"rating": 3.5}),
        did("ann", "VIEW_PRODUCT", "kale"),
        did("ann", "VIEW_PRODUCT", "kale"),
        did("ann", "VIEW_FARM", "hill"),
        did("ann", "SHARE_PRODUCT", "leeks"),
        did("ann", "CLICK_RECOMMENDATION", "pears"),
        did("ann", "FILTER_CATEGORY", "Fruits"),
        did("bob", "VIEW_PRODUCT", "leeks"),
    )
    assert portrait_of(index, "ann") == ShopperProfile(
        cart=("pears", "leeks"),
        wishlist=("kale", "pears"),
        followed_farms=("dale",),
        product_ratings={"leeks": 2.0},
        farm_ratings={"dale": 3.5},
        views={"kale": 2},
        farm_views={"hill": 1},
        shares={"leeks": 1},
        searches={"Fruits": 1},
        recommendations_clicked={"pears": 1},
        category_preferences={"Vegetables": 1.0, "Fruits": 0.5},
        farm_preferences={"hill": 1.0, "dale": 0.5},
    )


def test_who_only_bought_has_preferences_the_best_liked_first():
    index = index_of(*SHOP, order("ann", "leeks"), order("ann", "pears"), order("ann", "pears"))
    found = portrait_of(index, "ann")
    assert list(found.category_preferences.items()) == [("Fruits", 1.0), ("Vegetables", 0.5)]
    assert list(found.farm_preferences.items()) == [("dale", 1.0), ("hill", 0.5)]
    assert (found.cart, found.views) == ((), {})


def test_who_left_no_trace_has_an_empty_portrait():
    assert portrait_of(index_of(*SHOP, did("ann", "VIEW_RECOMMENDATIONS")), "ann") == NOTHING


def test_what_left_the_catalogue_keeps_its_name():
    facts = did("ann", "VIEW_PRODUCT", "kale"), removed("kale"), patched("leeks", farm_id="dale")
    assert portrait_of(index_of(*SHOP, *facts), "ann").views == {"kale": 1}
