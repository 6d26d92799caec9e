"""The messages of a stream."""

import json
from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from punnet.errors import JournalUnavailable, PunnetError, Refused, UnknownId
from punnet.market import Answer, Context, Farm, ListedProduct, Query, UserAction
from punnet.protocol.messages import (
    PAYLOADS,
    ActionPayload,
    Area,
    BackInStock,
    ErrorPayload,
    NewArrivals,
    Page,
    Payload,
    PersonalUpdate,
    PriceDrop,
    QueryPayload,
    ServerType,
    SubscribePayload,
    Trending,
    error_payload,
    on_page,
)

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"


def test_every_type_of_the_server_says_what_it_carries():
    assert set(PAYLOADS) == set(ServerType)
    carried = {kind for kinds in PAYLOADS.values() for kind in kinds}
    assert carried == set(get_args(Payload))


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"topics": ["trending"]}, None),
        ({"topics": ["trending"], "filter": {}}, None),
        ({"topics": ["trending"] * 20, "latitude": 1, "longitude": 2}, None),
        ({"topics": ["price_drops"], "filter": {"productIds": ["kale"] * 100, "relevance": "mine"}}, None),
        ({"topics": []}, "length >= 1"),
        ({"topics": ["trending"] * 21}, "length <= 20"),
        ({"topics": ["gossip"]}, "Invalid enum value 'gossip'"),
        ({"topics": ["trending"], "latitude": 1}, "latitude and longitude"),
        ({"topics": ["trending"], "filter": {"farmIds": ["hill"] * 101}}, "length <= 100"),
        ({"topics": ["trending"], "filter": {"categories": []}}, "length >= 1"),
        ({"topics": ["trending"], "filter": {"relevance": "yours"}}, "Invalid enum value 'yours'"),
    ],
)
def test_a_subscription_names_topics_may_narrow_them_and_has_a_whole_place_or_none(wanted, refused):
    if refused is None:
        read = msgspec.convert(wanted, SubscribePayload)
        assert list(read.topics) == wanted["topics"]
        assert (read.latitude, read.longitude) == (wanted.get("latitude"), wanted.get("longitude"))
    else:
        with pytest.raises(msgspec.ValidationError, match=refused):
            msgspec.convert(wanted, SubscribePayload)


HILL = Farm(id="hill", name="Hill Farm")
KALE = ListedProduct(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.0, stock=3, farm=HILL)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (
            PriceDrop(product_id="kale", product=KALE, old_price=3.0, new_price=2.0, last_seen_price=2.5),
            {
                "type": "PRICE_DROP_ALERT",
                "productId": "kale",
                "oldPrice": 3,
                "newPrice": 2,
                "lastSeenPrice": 2.5,
            },
        ),
        (
            PriceDrop(product_id="kale", product=KALE, old_price=3.0, new_price=2.0),
            {"type": "PRICE_DROP_ALERT", "productId": "kale", "oldPrice": 3, "newPrice": 2},
        ),
        (
            BackInStock(product_id="kale", product=KALE, stock=None),
            {"type": "STOCK_ALERT", "productId": "kale", "stock": None},
        ),
    ],
)
def test_an_alert_says_by_itself_what_it_is_and_leaves_out_what_nobody_saw(payload, told):
    written = json.loads(msgspec.json.encode(payload))
    assert written.pop("product")["id"] == "kale"
    assert written == told


def test_new_arrivals_come_together():
    written = json.loads(msgspec.json.encode(NewArrivals(products=(KALE, KALE))))
    assert (written["type"], [it["id"] for it in written["products"]]) == ("NEW_ARRIVAL_ALERT", ["kale"] * 2)


def test_what_trends_in_the_whole_market_has_no_area():
    area = Area(latitude=1.0, longitude=2.0, radius_km=80)
    for where, told in ((None, None), (area, {"latitude": 1, "longitude": 2, "radiusKm": 80})):
        written = json.loads(msgspec.json.encode(Trending(products=(), area=where, local=False)))
        assert written == {"type": "TRENDING_UPDATE", "products": [], "area": told, "local": False}


def test_a_personal_update_is_an_answer_that_names_its_topic():
    then = datetime(2026, 7, 1, 12, tzinfo=UTC)
    about = {"recommendations": (), "algorithms": (), "timestamp": then, "user_id": "ann"}
    answer, update = (json.loads(msgspec.json.encode(kind(**about))) for kind in (Answer, PersonalUpdate))
    assert update == answer | {"topic": "personalized"}


def test_an_action_is_by_the_shopper_of_the_connection():
    bare = ActionPayload(type=UserAction.SEARCH)
    full = ActionPayload(type=UserAction.SEARCH, event_id="mine", entity_id="honey", metadata={"a": 1})

    assert bare.by("ann", bare.type, "made").event_id == "made"
    assert bare.by("ann", bare.type, "made").metadata == {}
    action = full.by("ann", full.type, "made")
    assert (action.event_id, action.user_id, action.entity_id, action.metadata) == (
        "mine",
        "ann",
        "honey",
        {"a": 1},
    )


@pytest.mark.parametrize(
    ("context", "query"),
    [
        (None, Query(user_id="ann", product_id="basil", limit=3)),
        (Context.CART, Query(user_id="ann", product_id="basil", limit=3, context=Context.CART)),
        (Page(), Query(user_id="ann", product_id="basil", limit=3)),
        (
            Page(page_type=Context.SEARCH, product_id="honey", category="Preserved", search_query="mead"),
            Query(
                user_id="ann",
                product_id="honey",
                limit=3,
                category="Preserved",
                search_query="mead",
                context=Context.SEARCH,
            ),
        ),
    ],
)
def test_a_page_puts_what_it_names_in_the_query(context, query):
    assert on_page(Query(user_id="ann", product_id="basil", limit=3), context) == query


def test_a_request_becomes_a_query_of_the_shopper():
    payload = QueryPayload(
        category="Herbs",
        limit=4,
        exclude_ids=("honey",),
        latitude=1.0,
        longitude=2.0,
        search_query="green",
        context=Page(product_id="basil"),
    )

    assert payload.query("ann") == Query(
        user_id="ann",
        product_id="basil",
        category="Herbs",
        limit=4,
        exclude_ids=("honey",),
        latitude=1.0,
        longitude=2.0,
        search_query="green",
    )


def test_a_request_has_a_whole_place_or_none():
    with pytest.raises(msgspec.ValidationError, match="latitude and longitude"):
        msgspec.convert({"longitude": 3}, QueryPayload)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            Refused("no", field="limit", value=0, allowed="1"),
            ErrorPayload(error="no", code="BAD_INPUT", field="limit", value=0, allowed="1"),
        ),
        (
            UnknownId("who", value="x" * 500),
            ErrorPayload(error="who", code="UNKNOWN_ID", value="x" * 99 + "…"),
        ),
        (
            Refused('adminKey is "open": it must be a number.', field="adminKey", value="open", allowed="1"),
            ErrorPayload(
                error='adminKey is "***": it must be a number.',
                code="BAD_INPUT",
                field="adminKey",
                allowed="1",
            ),
        ),
        (
            Refused(f'{TOKEN} is "{TOKEN}".', field=TOKEN, value=TOKEN, allowed=f'"{TOKEN}", or left out'),
            ErrorPayload(
                error='*** is "***".',
                code="BAD_INPUT",
                field="***",
                value="***",
                allowed='"***", or left out',
            ),
        ),
        (PunnetError(TOKEN), ErrorPayload(error="***", code="INTERNAL_ERROR")),
        (JournalUnavailable("full"), ErrorPayload(error="full", code="UNAVAILABLE")),
        (PunnetError("odd"), ErrorPayload(error="odd", code="INTERNAL_ERROR")),
    ],
)
def test_an_error_is_told_by_its_code_and_what_it_names(error, told):
    assert error_payload(error) == told
