"""The load on GET /api/recommendations: it asks what it means to ask, and counts every answer."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from bench.load import pages
from bench.load.canned import canned
from bench.load.pace import at_pace
from bench.made import made_market
from punnet.market import Context, ProductPatch, Query
from punnet.protocol import codec
from punnet.protocol.actions import PostedAction

MARKET = made_market(7, products=200, shoppers=100, lines=2_000, now=datetime(2026, 10, 15, 12, tzinfo=UTC))


def target(request: bytes) -> tuple[bytes, bytes]:
    """Return the path and the query of a request."""
    path, _, query = request.split(b" ", 2)[1].partition(b"?")
    return path, query


def asked(request: bytes) -> Query:
    """Return the query that a request asks for."""
    path, query = target(request)
    assert path == pages.PATH.encode()
    return codec.read_query(query, Query)


@pytest.mark.parametrize("context", Context)
def test_a_page_asks_for_the_query_that_it_stands_for(context):
    for query in MARKET.queries(context, 50):
        assert asked(pages.ask(query)) == query


def test_every_kind_of_page_is_opened_as_often_as_it_is_said():
    queries = [asked(request) for request in pages.computed(MARKET, 1_000, 1)]

    assert Counter(query.context for query in queries) == {
        context: 1_000 * share for context, share in pages.PAGES.items()
    }
    assert queries != [asked(request) for request in pages.computed(MARKET, 1_000, 2)]


def test_strangers_open_the_pages_of_others_each_under_a_name_of_their_own():
    requests = pages.visited(MARKET, 1_000, 1)
    queries = [asked(request) for request in requests if request.startswith(b"GET")]
    strangers = [query for query in queries if query.user_id.startswith("stranger")]
    others = {replace(asked(request), user_id="") for request in pages.computed(MARKET, 1_000, 1)}

    assert len({query.user_id for query in strangers}) == len(strangers)
    assert {replace(query, user_id="") for query in queries} <= others
    assert 500 < len(strangers) < 800


def test_beside_the_pages_there_are_actions_and_now_and_then_a_change_of_a_price():
    requests = pages.visited(MARKET, 30_000, 1)
    posted = [request for request in requests if request.startswith(b"POST")]
    patched = [request for request in requests if request.startswith(b"PATCH")]

    assert len(requests) == 30_000
    assert (
        len({codec.read(body_of(request), PostedAction).event_id for request in posted}) == len(posted) > 400
    )
    assert codec.read(body_of(patched[0]), ProductPatch).price > 0
    assert target(patched[0])[0].startswith(b"/api/products/product-")


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


def test_every_request_at_a_pace_is_answered_once():
    with canned() as server:
        times = at_pace(server.port, [pages.get("/")] * 300, 3_000, 1)

    assert len(times) == 300
    assert min(times) > 0
