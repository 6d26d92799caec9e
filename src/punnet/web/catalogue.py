"""Farms and products over HTTP."""

from itertools import islice
from typing import Annotated

from msgspec import Meta as Bounds

from punnet.errors import not_in_catalogue
from punnet.market import (
    EntityType,
    Fact,
    Farm,
    FarmChange,
    FarmPatch,
    Id,
    ListedProduct,
    Name,
    Noun,
    Product,
    ProductChange,
    ProductPatch,
    Removal,
)
from punnet.protocol import codec
from punnet.protocol.replies import Listing, Removed
from punnet.web import bulk
from punnet.web.exchange import Call, Reply
from punnet.web.recording import submit
from punnet.web.shop import Shop


class ListingQuery(Noun, frozen=True, kw_only=True):
    """Which products to list: those of a category, those that come after one."""

    category: Name | None = None
    after: Id | None = None
    limit: Annotated[int, Bounds(ge=1, le=100)] = 20


async def get_farm(shop: Shop, call: Call) -> Reply:
    """Answer a farm."""
    return Reply(_farm(shop, call.id))


async def put_farm(shop: Shop, call: Call) -> Reply:
    """Make a farm what the body says, whether or not it was there."""
    farm = codec.read(call.body, Farm, given={"id": call.id})
    status = 200 if shop.engine.catalogue.farm(call.id) else 201
    await submit(shop, farm)
    return Reply(_farm(shop, call.id), status)


async def patch_farm(shop: Shop, call: Call) -> Reply:
    """Change some fields of a farm."""
    patch = codec.read(call.body, FarmPatch, given={"id": call.id})
    await submit(shop, FarmChange(id=call.id, patch=patch))
    return Reply(_farm(shop, call.id))


async def delete_farm(shop: Shop, call: Call) -> Reply:
    """Take a farm without products out of the catalogue."""
    return await _remove(shop, EntityType.FARM, call.id)


async def get_product(shop: Shop, call: Call) -> Reply:
    """Answer a product with its farm inside."""
    return Reply(_product(shop, call.id))


async def put_product(shop: Shop, call: Call) -> Reply:
    """Make a product what the body says, whether or not it was there."""
    product = codec.read(call.body, Product, given={"id": call.id})
    status = 200 if shop.engine.catalogue.product(call.id) else 201
    await submit(shop, product)
    return Reply(_product(shop, call.id), status)


async def patch_product(shop: Shop, call: Call) -> Reply:
    """Change some fields of a product."""
    patch = codec.read(call.body, ProductPatch, given={"id": call.id})
    await submit(shop, ProductChange(id=call.id, patch=patch))
    return Reply(_product(shop, call.id))


async def delete_product(shop: Shop, call: Call) -> Reply:
    """Take a product out of the catalogue."""
    return await _remove(shop, EntityType.PRODUCT, call.id)


async def list_products(shop: Shop, call: Call) -> Reply:
    """Answer the catalogue page by page."""
    query = codec.read_query(call.query, ListingQuery)
    catalogue = shop.engine.catalogue
    start = -1 if query.after is None else catalogue.products.find(query.after)
    if query.after is not None and start < 0:
        raise not_in_catalogue("product", query.after, "after")
    later = catalogue.listed_after(start)
    following = (product for product in later if query.category in (None, product.category))
    products = tuple(islice(following, query.limit))
    more = next(following, None) is not None
    return Reply(Listing(products=products, next=products[-1].id if more else None), count=len(products))


async def post_catalogue(shop: Shop, call: Call) -> Reply:
    """Take in farms and products in bulk: a line that names a farmId is a product."""

    def read(line: bytes) -> bulk.Line:
        noun = codec.read_listing(line)

        def facts() -> tuple[Fact, ...]:
            shop.engine.check(noun)
            return (noun,)

        return bulk.Line(noun.id, facts)

    return Reply(await bulk.take_in(shop, call.body, read))


async def _remove(shop: Shop, kind: EntityType, removed: str) -> Reply:
    await submit(shop, Removal(entity_type=kind, id=removed))
    return Reply(Removed(id=removed, entity_type=kind))


def _farm(shop: Shop, farm_id: str) -> Farm:
    farm = shop.engine.catalogue.farm(farm_id)
    if farm is None:
        raise not_in_catalogue("farm", farm_id, "id")
    return farm


def _product(shop: Shop, product_id: str) -> ListedProduct:
    product = shop.engine.catalogue.product(product_id)
    if product is None:
        raise not_in_catalogue("product", product_id, "id")
    return product
