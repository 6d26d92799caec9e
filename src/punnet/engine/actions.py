"""What an action leaves in a shopper's profile."""

from punnet.engine.catalogue import Catalogue
from punnet.engine.profile import LIKES_FROM, Profile
from punnet.market import Action, EntityType, UserAction


def remember(profile: Profile, action: Action, time: float, catalogue: Catalogue) -> None:
    """Change `profile` by an action done at `time` (seconds); what is not known here leaves nothing."""
    match action.action:
        case UserAction.VIEW_PRODUCT | UserAction.ADD_TO_CART | UserAction.REMOVE_FROM_CART:
            _handle(profile, action, time, catalogue)
        case UserAction.ADD_TO_WISHLIST | UserAction.REMOVE_FROM_WISHLIST:
            _wish(profile, action, catalogue)
        case UserAction.VIEW_FARM | UserAction.RATE_FARM:
            _visit(profile, action, catalogue)
        case UserAction.SEARCH | UserAction.FILTER_CATEGORY:
            profile.searches.update(searched(action, catalogue))
        case _:
            return


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
    """Return the stars that a rating gives, None where it says none."""
    rating = action.metadata.get("rating")
    return rating if isinstance(rating, int | float) else None


def _handle(profile: Profile, action: Action, time: float, catalogue: Catalogue) -> None:
    product = catalogue.products.find(action.entity_id or "")
    if product < 0:
        return
    if action.action is UserAction.REMOVE_FROM_CART:
        profile.cart.pop(product, None)
        return
    profile.touch(product, time)
    if action.action is UserAction.ADD_TO_CART:
        profile.cart[product] = None
    else:
        profile.views[product] += 1


def _wish(profile: Profile, action: Action, catalogue: Catalogue) -> None:
    follows = action.entity_type is EntityType.FARM
    names = catalogue.farms if follows else catalogue.products
    wishes = profile.followed if follows else profile.wishlist
    position = names.find(action.entity_id or "")
    if position < 0:
        return
    if action.action is UserAction.ADD_TO_WISHLIST:
        wishes.add(position)
    else:
        wishes.discard(position)


def _visit(profile: Profile, action: Action, catalogue: Catalogue) -> None:
    farm = catalogue.farms.find(action.entity_id or "")
    if farm < 0:
        return
    if action.action is UserAction.VIEW_FARM:
        profile.farm_views[farm] += 1
        return
    rating = rating_of(action)
    if rating is not None:
        (profile.rated.add if rating >= LIKES_FROM else profile.rated.discard)(farm)
