"""What an action leaves in a shopper's profile."""

from typing import assert_never

from punnet.engine.catalogue import Catalogue
from punnet.engine.profile import Profile
from punnet.market import Action, EntityType, UserAction


def remember(profile: Profile, action: Action, time: float, catalogue: Catalogue) -> None:
    """Change `profile` by an action done at `time` (seconds); what is not known here leaves nothing."""
    match action.action:
        case UserAction.VIEW_PRODUCT | UserAction.ADD_TO_CART | UserAction.REMOVE_FROM_CART:
            _handle(profile, action, time, catalogue)
        case UserAction.ADD_TO_WISHLIST | UserAction.REMOVE_FROM_WISHLIST:
            _wish(profile, action, time, catalogue)
        case UserAction.VIEW_FARM | UserAction.SHARE_PRODUCT | UserAction.CLICK_RECOMMENDATION:
            _count(profile, action, catalogue)
        case UserAction.RATE_PRODUCT | UserAction.RATE_FARM:
            _rate(profile, action, catalogue)
        case UserAction.SEARCH | UserAction.FILTER_CATEGORY:
            for category in searched(action, catalogue):
                _add_one(profile.searches, category)
        case UserAction.COMPLETE_PURCHASE | UserAction.VIEW_RECOMMENDATIONS:
            # The order says what was bought, and who was shown something did nothing yet.
            return
        case _:
            assert_never(action.action)


def search_words(action: Action) -> str:
    """Return the words of a search: `metadata.searchQuery`, else the `entityId` of a SEARCH, else none."""
    words = action.metadata.get("searchQuery")
    if words is None and action.action is UserAction.SEARCH:
        words = action.entity_id
    return words if isinstance(words, str) else ""


def search_category(action: Action) -> str | None:
    """Return the category a SEARCH or FILTER_CATEGORY names, if it names one."""
    category = action.metadata.get("category")
    if category is None and action.action is UserAction.FILTER_CATEGORY:
        category = action.entity_id
    return category if isinstance(category, str) else None


def searched(action: Action, catalogue: Catalogue) -> list[int]:
    """Return the categories a SEARCH or FILTER_CATEGORY counts for, among those known now."""
    category = search_category(action)
    if category is not None:
        position = catalogue.categories.find(category)
        return [position] if position >= 0 else []
    return catalogue.categories_of(search_words(action))


def rating_of(action: Action) -> float | None:
    """Return the stars that a rating gives, 1 to 5, None where it says none."""
    rating = action.metadata.get("rating")
    return float(rating) if isinstance(rating, int | float) and 1 <= rating <= 5 else None


def shown(action: Action) -> int:
    """Return how many recommendations a VIEW_RECOMMENDATIONS was of; 1 where it names none."""
    products = action.metadata.get("productIds")
    return len(products) if isinstance(products, list) and products else 1


def _handle(profile: Profile, action: Action, time: float, catalogue: Catalogue) -> None:
    product = catalogue.products.find(action.entity_id or "")
    if product < 0:
        return
    if action.action is UserAction.REMOVE_FROM_CART:
        profile.cart.pop(product, None)
        return
    profile.touch(product, time)
    profile.see(product, float(catalogue.shelf.price[product]), time)
    if action.action is UserAction.ADD_TO_CART:
        profile.cart[product] = None
    else:
        _add_one(profile.views, product)


def _wish(profile: Profile, action: Action, time: float, catalogue: Catalogue) -> None:
    follows = action.entity_type is EntityType.FARM
    names = catalogue.farms if follows else catalogue.products
    wishes = profile.followed if follows else profile.wishlist
    position = names.find(action.entity_id or "")
    if position < 0:
        return
    if action.action is UserAction.REMOVE_FROM_WISHLIST:
        wishes.discard(position)
        return
    wishes.add(position)
    if not follows:
        profile.see(position, float(catalogue.shelf.price[position]), time)


def _count(profile: Profile, action: Action, catalogue: Catalogue) -> None:
    counts, names = profile.clicks, catalogue.products
    if action.action is UserAction.VIEW_FARM:
        counts, names = profile.farm_views, catalogue.farms
    elif action.action is UserAction.SHARE_PRODUCT:
        counts = profile.shares
    position = names.find(action.entity_id or "")
    if position >= 0:
        _add_one(counts, position)


def _rate(profile: Profile, action: Action, catalogue: Catalogue) -> None:
    ratings, names = profile.product_ratings, catalogue.products
    if action.action is UserAction.RATE_FARM:
        ratings, names = profile.farm_ratings, catalogue.farms
    position, rating = names.find(action.entity_id or ""), rating_of(action)
    if position >= 0 and rating is not None:
        ratings[position] = rating


def _add_one(counts: dict[int, int], position: int) -> None:
    counts[position] = counts.get(position, 0) + 1
