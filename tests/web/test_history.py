"""History: what the stretches say is what happened in them."""

import json

import httpx
import pytest
from websockets.asyncio.client import connect

from punnet.types import HOUR
from punnet.web.history import STRETCH_SECONDS
from tests.web.stall import ADMIN_KEY, NOW, opened, served, until
from tests.wires import Reel

STATS = "/api/recommendations/stats"
ASKED = "/api/recommendations?userId=ann"


class Watch:
    """A clock that only a test moves."""

    def __init__(self):
        self.now = 500.0

    def __call__(self):
        return self.now


async def stretches(stall):
    """Return the history as it is answered."""
    return (await stall.client.get(STATS, params={"detailed": "true"})).json()["data"]["history"]


async def act(stall, user_id="ann", **known):
    body = {"userId": user_id, "action": "VIEW_PRODUCT", "entityId": "basil", "entityType": "PRODUCT"}
    response = await stall.client.post("/api/recommendations", json=body | known)
    assert response.status_code == 200, response.text


async def test_a_stretch_says_how_much_happened_in_it():
    watch = Watch()
    async with opened(monotonic=watch) as stall:
        wire = Reel()
        stall.shop.hub.register("ann", wire)
        stall.shop.history.reset()
        for _ in range(3):
            assert (await stall.client.get(ASKED)).status_code == 200
        await act(stall)
        await until(lambda: len(wire.frames) == 1)
        watch.now += 10
        stall.shop.history.note()
        watch.now += 12.5
        stall.shop.history.note()
        [first, second] = await stretches(stall)

    answering, processing = first.pop("answerTime"), first.pop("processingTime")
    assert first == {
        "until": "2025-10-09T08:53:20Z",
        "seconds": 10.0,
        "answers": 3,
        "actions": 1,
        "messages": 1,
        "connections": 1,
    }
    for times in (answering, processing):
        assert 0 < times["p50"] <= times["p99"] < 10_000
    assert second == {
        "until": "2025-10-09T08:53:20Z",
        "seconds": 12.5,
        "answers": 0,
        "answerTime": None,
        "actions": 0,
        "processingTime": None,
        "messages": 0,
        "connections": 1,
    }


async def test_times_are_told_in_milliseconds_to_an_eighth(stall):
    for _ in range(98):
        stall.shop.history.answering.add(0.001)
    for _ in range(2):
        stall.shop.history.answering.add(0.1)
    stall.shop.history.note()
    [stretch] = await stretches(stall)

    assert stretch["answers"] == 100
    assert 0.9 < stretch["answerTime"]["p50"] <= 1
    assert 90 < stretch["answerTime"]["p99"] <= 100


ASKING = {
    "a list": ("GET", ASKED, None, 1),
    "a list that was kept from a moment before": ("GET", ASKED, None, 1),
    "companions": (
        "GET", "/api/recommendations/frequently-bought-together?productId=tomatoes", None, 1,
    ),
    "a list with an action": (
        "POST", "/api/recommendations",
        {"userId": "ann", "action": "SEARCH", "entityId": "mead", "getRecommendations": True}, 1,
    ),
    "an action alone": (
        "POST", "/api/recommendations", {"userId": "ann", "action": "SEARCH", "entityId": "mead"}, 0,
    ),
    "a list that is refused": ("GET", f"{ASKED}&productId=nothing", None, 0),
    "something else": ("GET", "/api/products/basil", None, 0),
}  # fmt: skip


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_is_asked_for_counts_whichever_way_it_is_answered(stall, at_once):
    app = stall.app if at_once else stall.app.app
    async with served(app) as address, httpx.AsyncClient() as client:
        for what, (method, path, body, count) in ASKING.items():
            before = stall.shop.history.answering.count
            await client.request(method, f"http://{address}{path}", json=body)
            assert stall.shop.history.answering.count - before == count, what


async def test_what_is_asked_for_on_a_stream_counts(stall):
    async with (
        served(stall.app) as address,
        connect(f"ws://{address}/ws/recommendations?userId=ann") as client,
    ):
        await client.recv()
        for payload in ({}, {"productId": "nothing"}):
            await client.send(json.dumps({"type": "REQUEST_RECOMMENDATIONS", "payload": payload}))
            await client.recv()

    assert stall.shop.history.answering.count == 1


@pytest.mark.parametrize(("seconds", "count"), [(STRETCH_SECONDS, 60), (900, 4), (HOUR, 1)])
async def test_it_reaches_an_hour_back(seconds, count):
    async with opened(noted=seconds) as stall:
        for _ in range(count + 1):
            stall.shop.history.note()
        assert len(await stretches(stall)) == count


async def test_a_reset_of_all_begins_it_anew_and_one_of_events_does_not(stall):
    await stall.client.get(ASKED)
    stall.shop.history.note()
    lengths = []
    for kind in ("events", "all"):
        await stall.client.get(ASKED)
        key = {"X-Admin-Key": ADMIN_KEY}
        assert (await stall.client.post(STATS, json={"resetType": kind}, headers=key)).status_code == 200
        lengths.append(len(await stretches(stall)))
    stall.shop.history.note()
    [stretch] = await stretches(stall)

    assert lengths == [1, 0]
    assert (stretch["answers"], stretch["actions"]) == (0, 0)


async def test_it_takes_note_by_itself_from_its_start_to_its_end():
    async with opened(clock=lambda: NOW, noted=0.001) as stall:
        await act(stall)
        assert await stretches(stall) == []
        stall.shop.history.start()
        await until(lambda: len(stall.shop.history.stretches) >= 2)
        await stall.shop.history.stop()
        found = await stretches(stall)
        assert sum(stretch["actions"] for stretch in found) == 0
        assert all(stretch["seconds"] > 0 for stretch in found)
