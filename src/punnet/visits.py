"""What a shopper does on the way to a basket."""

from collections.abc import Iterator, Sequence
from random import Random

from punnet.market import Action, EntityType, Order, Product, UserAction

SEARCHES = 0.2
WISHES = 0.08
"""How many of the products of a basket are searched for first, or put on the wishlist."""


def look_and_take(basket: Order, product: Product, number: int, random: Random) -> Iterator[Action]:
    """Yield what comes before a product is bought; it is the `number`-th of the basket."""
    if random.random() < SEARCHES:
        metadata: dict[str, object] = {"searchQuery": product.name, "category": product.category}
        yield _action(basket, f"{number}-sought", UserAction.SEARCH, metadata=metadata)
    yield _action(basket, f"{number}-seen", UserAction.VIEW_PRODUCT, product.id)
    if random.random() < WISHES:
        yield _action(basket, f"{number}-wished", UserAction.ADD_TO_WISHLIST, product.id)
    yield _action(basket, f"{number}-taken", UserAction.ADD_TO_CART, product.id)


def see(basket: Order, products: Sequence[Product], number: int) -> Action:
    """Return how the `number`-th list of suggestions is seen."""
    metadata: dict[str, object] = {"productIds": [product.id for product in products]}
    return _action(basket, f"{number}-shown", UserAction.VIEW_RECOMMENDATIONS, metadata=metadata)


def click(basket: Order, product: Product, number: int) -> Action:
    """Return how a product that was suggested is looked at."""
    return _action(basket, f"{number}-clicked", UserAction.CLICK_RECOMMENDATION, product.id)


def buy(basket: Order) -> Action:
    """Return the purchase, which names the order that a basket is."""
    return _action(basket, "bought", UserAction.COMPLETE_PURCHASE, basket.id)


def _action(
    basket: Order,
    step: str,
    action: UserAction,
    entity_id: str | None = None,
    metadata: dict[str, object] | None = None,
) -> Action:
    kinds = {UserAction.SEARCH: EntityType.SEARCH, UserAction.COMPLETE_PURCHASE: EntityType.ORDER}
    return Action(
        event_id=f"{basket.id}-{step}",
        user_id=basket.user_id,
        action=action,
        entity_id=entity_id,
        entity_type=kinds.get(action, EntityType.PRODUCT),
        metadata=metadata or {},
    )
