"""What a fact must fit before it is written down."""

from typing import assert_never

from msgspec import UNSET

from punnet.engine.index import Index
from punnet.errors import Conflict, UnknownId, not_in_catalogue
from punnet.market import (
    Action,
    EntityType,
    Erased,
    Fact,
    Farm,
    FarmChange,
    Forgotten,
    Order,
    Product,
    ProductChange,
    Removal,
    Reset,
    UserAction,
)

TAKING_OUT = (UserAction.REMOVE_FROM_CART, UserAction.REMOVE_FROM_WISHLIST)
"""What a shopper may do to something that left the catalogue."""


def check(index: Index, fact: Fact) -> None:
    """Raise UnknownId where `fact` names what the market does not have, Conflict where it may not go."""
    match fact:
        case Farm() | Erased() | Forgotten() | Reset():
            return
        case Order(lines=lines):
            for number, line in enumerate(lines):
                # What was bought this morning may have left the catalogue when the order is told of.
                if index.catalogue.products.find(line.product_id) < 0:
                    raise not_in_catalogue("product", line.product_id, f"lines[{number}].productId")
        case Action():
            _action(index, fact)
        case _:
            _catalogue(index, fact)


def _catalogue(index: Index, fact: Product | FarmChange | ProductChange | Removal) -> None:
    match fact:
        case Product(farm_id=farm_id):
            _farm(index, farm_id, "farmId")
        case FarmChange(id=farm_id):
            _farm(index, farm_id, "id")
        case ProductChange(id=product_id, patch=patch):
            _product(index, product_id, "id")
            if patch.farm_id is not UNSET:
                _farm(index, patch.farm_id, "farmId")
        case Removal():
            _removal(index, fact)
        case _:
            assert_never(fact)


def _removal(index: Index, removal: Removal) -> None:
    if removal.entity_type is not EntityType.FARM:
        _product(index, removal.id, "id")
        return
    _farm(index, removal.id, "id")
    if index.catalogue.farm_has_products(removal.id):
        raise Conflict(
            f'id "{removal.id}" still has products.',
            field="id",
            value=removal.id,
            allowed="a farm without products: delete or move them first",
        )


def _action(index: Index, action: Action) -> None:
    entity, catalogue = action.entity_id, index.catalogue
    if entity is None:
        return
    taking_out = action.action in TAKING_OUT
    match action.entity_type:
        case EntityType.PRODUCT if not (taking_out and catalogue.products.find(entity) >= 0):
            _product(index, entity, "entityId")
        case EntityType.FARM if not (taking_out and catalogue.farms.find(entity) >= 0):
            _farm(index, entity, "entityId")
        case EntityType.ORDER if action.action is UserAction.COMPLETE_PURCHASE:
            _order(index, action)
        case _:
            return


def _order(index: Index, action: Action) -> None:
    """A purchase that brings its own lines is an order of its own."""
    order = index.orders.find(action.entity_id or "")
    is_theirs = order >= 0 and index.ledger.shoppers[order] == index.shoppers.find(action.user_id)
    if not is_theirs and "items" not in action.metadata:
        raise UnknownId(
            f'entityId "{action.entity_id}" is not an order of this shopper.',
            field="entityId",
            value=action.entity_id,
            allowed="the id of an order of theirs already posted, or metadata.items with its lines",
        )


def _farm(index: Index, farm_id: str, field: str) -> None:
    if index.catalogue.farm(farm_id) is None:
        raise not_in_catalogue("farm", farm_id, field)


def _product(index: Index, product_id: str, field: str) -> None:
    if index.catalogue.product(product_id) is None:
        raise not_in_catalogue("product", product_id, field)
