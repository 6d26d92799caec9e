"""The nouns of a market."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.market import (
    Action,
    Algorithm,
    Answer,
    Context,
    Contribution,
    EntityType,
    Farm,
    FarmChange,
    FarmPatch,
    ListedProduct,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    Query,
    Reason,
    Recommendation,
    Record,
    Removal,
    UserAction,
    both_or_neither,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FARM = Farm(id="hill", name="Hill Farm", latitude=39.1, longitude=-84.5)
PRODUCT = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5, created_at=NOON)
LISTED = ListedProduct(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5, farm=FARM)
LINE = OrderLine(product_id="kale", quantity=0.5, unit_price=2.5)
NOUNS = [
    FARM,
    PRODUCT,
    LISTED,
    Order(id="o1", user_id="ann", placed_at=NOON, lines=(LINE,), latitude=39.1, longitude=-84.5),
    Action(event_id="e1", user_id="ann", action=UserAction.SEARCH, metadata={"searchQuery": "kale"}),
    FarmChange(id="hill", patch=FarmPatch(latitude=None, longitude=None)),
    ProductChange(id="kale", patch=ProductPatch(price=3.0, stock=None)),
    Removal(entity_type=EntityType.FARM, id="hill"),
    Query(user_id="ann", exclude_ids=("kale",), context=Context.CART),
    Answer(
        recommendations=(
            Recommendation(
                product=LISTED,
                score=0.5,
                reason=Reason.SEASONAL,
                reasons=(Reason.SEASONAL,),
                confidence=0.8,
                metadata={"contributions": {}},
            ),
        ),
        algorithms=(Algorithm.SEASONAL,),
        timestamp=NOON,
        user_id="ann",
    ),
    Contribution(score=0.5, weight=0.3),
]


def read(kind, **fields):
    """Return a noun as it is read from the wire."""
    return msgspec.json.decode(msgspec.json.encode(fields), type=kind)


def wire(noun):
    """Return a noun's fields as they stand on the wire."""
    return msgspec.json.decode(msgspec.json.encode(noun))


@given(st.integers(-(10**10), 10**11), st.integers(-14 * 60, 14 * 60))
def test_every_time_is_the_same_moment_in_utc(seconds, minutes):
    moment = (NOON + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=minutes)))
    for placed_at in (
        Order(id="o1", user_id="ann", placed_at=moment, lines=(LINE,)).placed_at,
        read(Order, id="o1", userId="ann", placedAt=moment, lines=[wire(LINE)]).placed_at,
    ):
        assert placed_at == moment
        assert placed_at.tzinfo is UTC


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_a_noun_comes_back_from_the_wire_as_it_was(noun):
    assert msgspec.json.decode(msgspec.json.encode(noun), type=type(noun)) == noun


@pytest.mark.parametrize("noun", [*NOUNS, Record(at=1.5, fact=FARM)], ids=lambda noun: type(noun).__name__)
def test_a_noun_is_never_changed(noun):
    with pytest.raises(AttributeError, match="immutable"):
        setattr(noun, noun.__struct_fields__[0], None)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_a_field_nobody_knows_is_refused(noun):
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        read(type(noun), **{**wire(noun), "colour": "green"})


def test_names_are_camel_case_on_the_wire():
    assert wire(PRODUCT) == {
        "id": "kale",
        "name": "Kale",
        "farmId": "hill",
        "category": "Greens",
        "price": 2.5,
        "organic": False,
        "stock": None,
        "available": True,
        "unit": None,
        "createdAt": "2026-07-01T12:00:00Z",
        "harvestedAt": None,
        "availableFrom": None,
        "availableUntil": None,
        "imageUrl": None,
    }


def test_a_time_in_utc_stays_the_object_it_was():
    assert Order(id="o1", user_id="ann", placed_at=NOON, lines=(LINE,)).placed_at is NOON


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        read(Order, id="o1", userId="ann", placedAt="2026-07-01T12:00:00", lines=[wire(LINE)])


@pytest.mark.parametrize("placed_at", ["0001-01-01T00:59:59+01:00", "9999-12-31T23:00:00-01:00"])
def test_a_time_whose_utc_day_has_no_date_is_refused(placed_at):
    with pytest.raises(msgspec.ValidationError, match="placed_at is outside the calendar"):
        read(Order, id="o1", userId="ann", placedAt=placed_at, lines=[wire(LINE)])


@pytest.mark.parametrize("missing", ["latitude", "longitude"])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Farm, {"id": "hill", "name": "Hill Farm"}),
        (FarmPatch, {}),
        (Order, {"id": "o1", "userId": "ann", "placedAt": NOON, "lines": [wire(LINE)]}),
        (Query, {"userId": "ann"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_half_a_place_is_refused(kind, fields, missing):
    place = {"latitude": 39.1, "longitude": -84.5}
    assert read(kind, **fields, **place).latitude == 39.1
    assert read(kind, **fields, **dict.fromkeys(place)).latitude is None
    with pytest.raises(msgspec.ValidationError, match="come together"):
        read(kind, **fields, **{**place, missing: None})
    del place[missing]
    with pytest.raises(msgspec.ValidationError, match="come together"):
        read(kind, **fields, **place)


@pytest.mark.parametrize(("latitude", "longitude"), [(1.0, None), (None, 1.0)])
def test_a_place_has_two_numbers_or_none(latitude, longitude):
    both_or_neither(1.0, 2.0)
    both_or_neither(0.0, 0.0)
    both_or_neither(None, None)
    with pytest.raises(ValueError, match="come together"):
        both_or_neither(latitude, longitude)


def test_a_patch_tells_what_is_left_out_from_what_is_emptied():
    patch = read(ProductPatch, stock=None, price=3)
    assert (patch.stock, patch.price, patch.unit) == (None, 3.0, msgspec.UNSET)
    assert wire(patch) == {"stock": None, "price": 3.0}
    assert wire(read(FarmPatch)) == {}


@pytest.mark.parametrize(
    ("kind", "fields", "edges", "beyond"),
    [
        (Farm, {"id": "f", "name": "F", "longitude": 0}, {"latitude": [-90, 90]}, [-90.01, 90.01]),
        (Farm, {"id": "f", "name": "F", "latitude": 0}, {"longitude": [-180, 180]}, [-180.01, 180.01]),
        (Farm, {"name": "F"}, {"id": ["x", "x" * 128, "a b/ü"]}, ["", "x" * 129, "a\nb", "\x7f"]),
        (Farm, {"id": "f"}, {"name": ["x", "x" * 200]}, ["", "x" * 201, "a\tb"]),
        (ProductPatch, {}, {"price": [0, 1e9]}, [-0.01, 1e9 + 1]),
        (ProductPatch, {}, {"stock": [0, 2**31 - 1]}, [-1, 2**31, 1.5]),
        (ProductPatch, {}, {"imageUrl": ["", "x" * 2000]}, ["x" * 2001]),
        (OrderLine, {"productId": "p", "unitPrice": 1}, {"quantity": [0.001, 1e6]}, [0, -1, 1e6 + 1]),
        (OrderLine, {"productId": "p", "quantity": 1}, {"unitPrice": [0, 1e9]}, [-1, 1e9 + 1]),
        (
            Order,
            {"id": "o", "userId": "u", "placedAt": NOON},
            {"lines": [[wire(LINE)], [wire(LINE)] * 1000]},
            [[], [wire(LINE)] * 1001],
        ),
        (Query, {"userId": "u"}, {"limit": [1, 100]}, [0, 101, 1.5]),
        (Query, {"userId": "u"}, {"searchQuery": ["", "x" * 200]}, ["x" * 201]),
        (Query, {"userId": "u"}, {"context": ["HOME", None]}, ["home", "BASKET"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) and len(value) == 1 else "",
)
def test_the_edges_of_a_field_are_inside_and_what_lies_beyond_is_refused(kind, fields, edges, beyond):
    ((name, values),) = edges.items()
    for value in values:
        assert read(kind, **fields, **{name: value}) is not None
    for value in beyond:
        with pytest.raises(msgspec.ValidationError):
            read(kind, **fields, **{name: value})


def test_a_query_asks_for_ten_unless_it_says_more():
    query = read(Query, userId="ann")
    assert (query.limit, query.exclude_ids, query.context) == (10, (), None)


def test_a_product_is_for_sale_in_any_number_unless_it_says_otherwise():
    assert (PRODUCT.available, PRODUCT.stock, PRODUCT.organic) == (True, None, False)


def test_the_same_basket_is_the_same_lines_of_the_same_shopper():
    first = Order(id="o1", user_id="ann", placed_at=NOON, lines=(LINE,))
    later = msgspec.structs.replace(first, id="o2", placed_at=NOON + timedelta(days=1))
    assert first.is_same_basket(later)
    assert not first.is_same_basket(msgspec.structs.replace(first, user_id="bob"))
    assert not first.is_same_basket(msgspec.structs.replace(first, lines=(LINE, LINE)))


def test_an_action_has_metadata_of_its_own():
    one, other = (read(Action, eventId=name, userId="u", action="SEARCH") for name in ("a", "b"))
    assert one.metadata == {}
    assert one.metadata is not other.metadata


def test_there_are_fourteen_actions():
    assert len(UserAction) == 14


@pytest.mark.parametrize("enumeration", [UserAction, EntityType, Context, Reason])
def test_on_the_wire_a_choice_is_its_name(enumeration):
    assert [choice.value for choice in enumeration] == [choice.name for choice in enumeration]


def test_algorithms_have_the_names_that_answers_show():
    assert [algorithm.value for algorithm in Algorithm] == [
        "collaborative_filtering",
        "content_based",
        "trending",
        "seasonal",
        "user_behavior",
        "co_occurrence",
        "new_arrivals",
    ]
