"""Anything the codec accepts: any text up to its length, any moment of the calendar, any metadata."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from punnet.market import (
    Action,
    Context,
    EntityType,
    Erased,
    Farm,
    FarmChange,
    FarmPatch,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    Query,
    Removal,
    Reset,
    ResetType,
    UserAction,
)
from tests.engine.facts import NOON

words = st.sampled_from(["hill", "dale", "leeks", "kale", "ghost", "Fruits", "ann", "x" * 128, "éß 番", "'"])
moments = st.one_of(
    st.sampled_from([datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), NOON]),
    st.datetimes(timezones=st.just(UTC)),
)
optional_moments = st.one_of(st.none(), moments)
prices = st.one_of(st.sampled_from([0.0, 1e9, 5e-324]), st.floats(0, 1e9))
stocks = st.one_of(st.none(), st.integers(0, 2**31 - 1))
places = st.one_of(
    st.just({}), st.fixed_dictionaries({"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)})
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
metadata = st.dictionaries(
    st.sampled_from(["rating", "category", "searchQuery", "items", "productIds", "other"]),
    anything,
    max_size=4,
)


def patches(kind, fields):
    """Draw patches with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


about_products = {
    "available_from": optional_moments,
    "available_until": optional_moments,
    "created_at": optional_moments,
    "stock": stocks,
    "organic": st.booleans(),
    "available": st.booleans(),
}
lines = st.builds(OrderLine, product_id=words, quantity=st.floats(1e-9, 1e6), unit_price=prices)
facts = st.one_of(
    st.tuples(words, words, places).map(lambda it: Farm(id=it[0], name=it[1], **it[2])),
    st.builds(Product, id=words, name=words, farm_id=words, category=words, price=prices, **about_products),
    st.builds(FarmChange, id=words, patch=patches(FarmPatch, {"name": words, "region": st.none() | words})),
    st.builds(
        ProductChange,
        id=words,
        patch=patches(ProductPatch, {"farm_id": words, "category": words, "price": prices, **about_products}),
    ),
    st.builds(Removal, entity_type=st.sampled_from(EntityType), id=words),
    st.tuples(words, words, moments, st.lists(lines, min_size=1, max_size=4), places).map(
        lambda it: Order(id=it[0], user_id=it[1], placed_at=it[2], lines=tuple(it[3]), **it[4])
    ),
    st.builds(
        Action,
        event_id=words,
        user_id=words,
        action=st.sampled_from(UserAction),
        entity_id=st.none() | words,
        entity_type=st.none() | st.sampled_from(EntityType),
        metadata=metadata,
        timestamp=optional_moments,
    ),
    st.builds(Erased, action=st.none() | st.sampled_from(UserAction)),
    st.builds(Reset, reset_type=st.sampled_from(ResetType)),
)
questions = st.builds(
    Query,
    user_id=words,
    product_id=st.none() | words,
    category=st.none() | words,
    context=st.none() | st.sampled_from(Context),
    search_query=st.none() | words,
    limit=st.sampled_from([1, 3, 100]),
)
