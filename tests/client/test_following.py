"""Where a stream goes on, and how long it tries to."""

from urllib.parse import parse_qs, urlsplit

import pytest

from punnet.client.errors import Refused, Unreachable
from punnet.client.following import WS_PATH, Following
from punnet.client.trying import Received, Terms
from punnet.protocol.messages import Filter, Relevance

HEARTBEAT = """{"type": "HEARTBEAT", "payload": {"serverTime": "2026-07-04T09:30:00Z"},
    "timestamp": "2026-07-04T09:30:00Z", "messageId": "a-b:7"}"""
FULL = b'{"error": {"code": "UNAVAILABLE", "message": "Full."}, "meta": {"requestId": "r1"}}'


def following(url: str = "http://stall:3000", *, narrowed: Filter | None = None, tries: int = 3) -> Following:
    terms = Terms(url, "the-key", None, tries, lambda: 1.0)
    return Following(terms, "ann & bob", ["trending", "price_drops"], narrowed, 39.0, -84.5, None, WS_PATH)


def test_it_asks_for_what_it_was_asked_for():
    narrowed = Filter(product_ids=("a b", "c"), relevance=Relevance.MINE)
    address = urlsplit(following("https://me:pass@stall/below/", narrowed=narrowed).address)
    assert (address.scheme, address.netloc) == ("wss", "me:pass@stall")
    assert address.path == "/below/ws/recommendations"
    assert parse_qs(address.query) == {
        "userId": ["ann & bob"],
        "topics": ["trending,price_drops"],
        "productIds": ["a b,c"],
        "relevance": ["mine"],
        "latitude": ["39.0"],
        "longitude": ["-84.5"],
    }
    assert following().headers["Authorization"] == "Bearer the-key"


def test_a_heartbeat_is_told_to_nobody_and_gone_on_from():
    stream = following()
    assert stream.heard(HEARTBEAT) is None
    assert parse_qs(urlsplit(stream.address).query)["lastMessageId"] == ["a-b:7"]


def test_the_first_connection_is_tried_as_often_as_a_call():
    stream = following()
    assert [stream.lost("gone"), stream.denied(Received(503, "2", FULL))] == [0.25, 2.5]
    with pytest.raises(Unreachable, match="cannot be reached: gone"):
        stream.lost("gone")


def test_one_that_was_there_is_sought_for_as_long_as_it_takes():
    stream = following(tries=1)
    stream.heard(HEARTBEAT)
    assert [stream.lost("gone") for _ in range(3)] == [0.25, 0.5, 1]
    stream.heard(HEARTBEAT)
    assert stream.denied(Received(503, "", FULL)) == 0.25


def test_what_is_refused_is_not_tried_again():
    stream = following()
    stream.heard(HEARTBEAT)
    with pytest.raises(Refused, match="Full"):
        stream.denied(Received(403, "", FULL))
