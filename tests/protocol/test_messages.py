"""The messages of a stream."""

import json

import msgspec
import pytest

from punnet.errors import JournalUnavailable, PunnetError, Refused, UnknownId
from punnet.market import Context, Query, UserAction
from punnet.protocol.messages import (
    ActionAck,
    ActionPayload,
    ErrorPayload,
    Frames,
    Page,
    QueryPayload,
    ServerType,
    error_payload,
    on_page,
)

NOW = 1_736_937_000.5


def test_a_frame_says_what_it_is_when_and_in_which_order():
    frames = Frames("7c1d")
    payload = ActionAck(event_id="e1", duplicate=False)

    first = json.loads(frames.frame(ServerType.ACTION_ACK, payload, NOW))
    second = json.loads(frames.frame(ServerType.ACTION_ACK, payload, NOW, "r1"))

    assert first == {
        "type": "ACTION_ACK",
        "payload": {"eventId": "e1", "duplicate": False},
        "timestamp": "2025-01-15T10:30:00.500000Z",
        "messageId": "7c1d:1",
    }
    assert (second["messageId"], second["requestId"]) == ("7c1d:2", "r1")


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
        (JournalUnavailable("full"), ErrorPayload(error="full", code="UNAVAILABLE")),
        (PunnetError("odd"), ErrorPayload(error="odd", code="INTERNAL_ERROR")),
    ],
)
def test_an_error_is_told_by_its_code_and_what_it_names(error, told):
    assert error_payload(error) == told
