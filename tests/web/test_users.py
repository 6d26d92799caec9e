"""A person's data: all of it is told, and of all of it nothing is left."""

import json

import pytest

from tests.state import state
from tests.web.stall import opened, served
from tests.web.test_streams import stream

LINE = {"productId": "honey", "quantity": 1, "unitPrice": 8}
PURCHASE = {
    "userId": "ann",
    "eventId": "purchase-1",
    "action": "COMPLETE_PURCHASE",
    "entityId": "o3",
    "timestamp": "2025-10-01T10:00:00+02:00",
    "metadata": {"items": [LINE], "email": "ann@example.com"},
}
SEARCH = {
    "userId": "ann",
    "eventId": "search-1",
    "action": "SEARCH",
    "metadata": {"searchQuery": "rare mead"},
}
QUESTIONS = (
    "/api/recommendations?userId=bob",
    "/api/recommendations?userId=zoe&context=CART&productId=tomatoes",
    "/api/recommendations/frequently-bought-together?productId=tomatoes",
)


async def call(stall, method, path, status=200, **sent):
    response = await stall.client.request(method, path, **sent)
    assert response.status_code == status, response.text
    return response.json().get("data")


async def act(stall, body):
    return await call(stall, "POST", "/api/recommendations", json=body)


async def answers(stall):
    return [await call(stall, "GET", question) for question in QUESTIONS]


async def test_all_that_is_kept_of_a_shopper_is_told(stall):
    await act(stall, SEARCH)
    await act(stall, PURCHASE)
    await act(stall, SEARCH | {"userId": "bob", "eventId": "his"})
    told = await call(stall, "GET", "/api/users/ann")

    assert (told["userId"], told["profile"]["cart"]) == ("ann", [])
    assert list(told["profile"]["categoryPreferences"]) == ["Vegetables", "Herbs", "Preserved"]
    assert [order["id"] for order in told["orders"]] == ["o1", "o3"]
    assert told["orders"][1] == {
        "id": "o3",
        "userId": "ann",
        "placedAt": "2025-10-01T08:00:00Z",
        "lines": [LINE],
        "latitude": None,
        "longitude": None,
        "recordedAt": "2025-10-09T08:53:20Z",
    }
    search, purchase = told["actions"]
    assert search == SEARCH | {
        "entityId": None,
        "entityType": None,
        "timestamp": None,
        "recordedAt": "2025-10-09T08:53:20Z",
    }
    assert (purchase["eventId"], purchase["timestamp"]) == ("purchase-1", "2025-10-01T08:00:00Z")
    assert purchase["metadata"] == PURCHASE["metadata"]


async def test_nothing_is_told_of_who_never_did_anything(stall):
    response = await stall.client.get("/api/users/nobody")

    assert response.status_code == 404
    assert response.json()["error"]["details"]["field"] == "id"


@pytest.mark.parametrize("user_id", ["a/b", "ann@example.com", "zoë", "100%"])
async def test_an_id_may_be_anything(stall, user_id):
    await act(stall, SEARCH | {"userId": user_id})
    path = f"/api/users/{user_id.replace('%', '%25')}"

    assert (await call(stall, "GET", path))["userId"] == user_id
    assert await call(stall, "DELETE", path) == {"userId": user_id, "erased": 1}
    await call(stall, "GET", path, 404)


async def test_of_who_is_erased_nothing_is_left(stall):
    for body in (SEARCH, PURCHASE):
        await act(stall, body)
    before = (await call(stall, "GET", "/api/recommendations/stats"))["market"]
    assert await call(stall, "DELETE", "/api/users/ann") == {"userId": "ann", "erased": 4}
    after = (await call(stall, "GET", "/api/recommendations/stats"))["market"]

    await call(stall, "GET", "/api/users/ann", 404)
    for order_id in ("o1", "o3"):
        await call(stall, "GET", f"/api/orders/{order_id}", 404)
    assert (before["orders"], after["orders"]) == (3, 1)
    assert (before["shoppers"], after["shoppers"]) == (2, 1)
    for trace in ("ann", "o3", "purchase-1", "search-1", "mead"):
        assert f'"{trace}' not in json.dumps(state(stall.shop.engine))
        assert f'"{trace}' not in (await stall.state()).decode()


async def test_that_something_was_done_is_still_counted(stall):
    await act(stall, SEARCH)
    await call(stall, "DELETE", "/api/users/ann")
    events = (await call(stall, "GET", "/api/recommendations/stats?detailed=true"))["events"]

    assert (events["total"], events["lastHour"], events["byType"]) == (1, 1, {"SEARCH": 1})


async def test_who_is_erased_is_a_visitor_and_others_are_answered_as_if_they_had_never_met(stall):
    before = await answers(stall)
    for product in ("honey", "tomatoes", "honey"):
        line = LINE | {"productId": product}
        order = {"id": f"more-{product}", "userId": "cleo", "placedAt": "2025-10-09T08:00:00Z"}
        await stall.client.post("/api/orders", json=order | {"lines": [line, LINE]})
    during = await answers(stall)
    await call(stall, "DELETE", "/api/users/cleo")

    assert during != before
    assert await answers(stall) == before
    known = await call(stall, "GET", "/api/recommendations?userId=cleo")
    unknown = await call(stall, "GET", "/api/recommendations?userId=nobody")
    assert known["recommendations"] == unknown["recommendations"]


async def test_erasing_again_erases_nothing_and_is_no_error(stall):
    assert (await call(stall, "DELETE", "/api/users/ann"))["erased"] == 1
    assert (await call(stall, "DELETE", "/api/users/ann"))["erased"] == 0
    assert (await call(stall, "DELETE", "/api/users/nobody"))["erased"] == 0


async def test_what_was_erased_is_known_when_it_is_sent_again_and_stays_away(stall):
    for body in (SEARCH, PURCHASE):
        await act(stall, body)
    await call(stall, "DELETE", "/api/users/ann")

    for body in (SEARCH, PURCHASE, SEARCH | {"userId": "bob"}):
        assert (await act(stall, body))["duplicate"] is True
    again = await stall.client.post("/api/events", json=[SEARCH, PURCHASE])
    assert again.json()["data"]["duplicate"] == 2
    order = {"id": "o1", "userId": "ann", "placedAt": "2025-10-08T08:53:20Z", "lines": [LINE]}
    assert (await call(stall, "POST", "/api/orders", json=order))["duplicate"] is True
    await call(stall, "GET", "/api/users/ann", 404)


async def test_who_comes_back_begins_anew(stall):
    await act(stall, SEARCH)
    await call(stall, "DELETE", "/api/users/ann")
    await act(stall, SEARCH | {"eventId": "anew"})

    told = await call(stall, "GET", "/api/users/ann")
    assert ([action["eventId"] for action in told["actions"]], told["orders"]) == (["anew"], [])


async def test_an_open_stream_stays_open_and_gets_nothing_of_the_past():
    async with opened(interval=3_600) as stall, served(stall.app) as address, stream(address) as client:
        await act(stall, SEARCH)
        assert stall.shop.delivery.waiting == 1
        await call(stall, "DELETE", "/api/users/ann")
        assert stall.shop.delivery.waiting == 0
        await client.send('{"type": "HEARTBEAT"}')
        first = json.loads(await client.recv())
        await act(stall, {"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "honey"})
        second = json.loads(await client.recv())

    assert (first["type"], second["type"]) == ("HEARTBEAT", "RECOMMENDATION_UPDATE")


async def test_a_server_that_stops_does_not_claim_to_have_erased(stall):
    await stall.shop.pipeline.stop()
    await call(stall, "DELETE", "/api/users/ann", 429)

    assert len(await stall.journal.records_of("ann")) == 1
