"""What is known of one shopper, in names."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from punnet.core.vocab import Vocabulary
from punnet.engine.index import Index
from punnet.engine.kept import Kept
from punnet.engine.liking import liking_of
from punnet.market import ShopperProfile
from punnet.types import Floats

Known = TypeVar("Known")


def portrait(index: Index, kept: Kept, user_id: str) -> ShopperProfile | None:
    """Return the profile of a shopper, None where nobody of that name did anything."""
    shopper = index.shoppers.find(user_id)
    if shopper < 0:
        return None
    profile, liking, catalogue = index.profile(shopper), liking_of(kept, shopper), index.catalogue
    products, farms, categories = catalogue.products, catalogue.farms, catalogue.categories
    return ShopperProfile(
        cart=tuple(products[product] for product in profile.cart),
        wishlist=tuple(products[product] for product in sorted(profile.wishlist)),
        followed_farms=tuple(farms[farm] for farm in sorted(profile.followed)),
        product_ratings=_named(profile.product_ratings, products),
        farm_ratings=_named(profile.farm_ratings, farms),
        views=_named(profile.views, products),
        farm_views=_named(profile.farm_views, farms),
        shares=_named(profile.shares, products),
        searches=_named(profile.searches, categories),
        recommendations_clicked=_named(profile.clicks, products),
        category_preferences=_liked(liking.categories, categories),
        farm_preferences=_liked(liking.farms, farms),
    )


def _named(known: Mapping[int, Known], names: Vocabulary) -> dict[str, Known]:
    return {names[position]: value for position, value in known.items()}


def _liked(preferences: Floats, names: Vocabulary) -> dict[str, float]:
    ranked = np.argsort(-preferences, kind="stable")
    return {names[at]: float(preferences[at]) for at in ranked[preferences[ranked] > 0].tolist()}
