"""Pages of other origins: who may read, who may listen, and that both ways of answering say the same."""

import json
import logging

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from punnet.web.origins import STRANGERS, Origins
from tests.web.speaking import converse, get
from tests.web.stall import ADMIN_KEY, opened, served

SHOP = "https://shop.example"
ALLOWED = (SHOP, "http://localhost:8000")
STRANGER = "https://elsewhere.example"
ANSWERS = "/api/recommendations?userId=ann"
STREAM = "/api/recommendations/stream?userId=ann"
SOCKET = "/ws/recommendations?userId=ann"

CORS = ("access-control-allow-origin", "access-control-expose-headers", "vary")

CALLS = {
    "an answer": ("GET", ANSWERS),
    "a refusal": ("GET", "/api/recommendations"),
    "what is not there": ("GET", "/api/products/nothing"),
    "a path that leads nowhere": ("GET", "/nowhere"),
    "a method that is not there": ("PATCH", "/api/orders"),
    "something that is written": ("PUT", "/api/farms/new"),
    "what needs a key": ("DELETE", "/api/recommendations/stats"),
    "a file": ("GET", "/static/dom.js"),
    "a page": ("GET", "/openapi.json"),
    "a head only": ("HEAD", ANSWERS),
}


def told(response):
    """Return what a response says of who may read it."""
    return {name: response.headers[name] for name in CORS if name in response.headers}


@pytest.mark.parametrize("origin", ALLOWED)
async def test_pages_of_a_named_origin_may_read_every_answer(origin):
    async with opened(origins=ALLOWED) as stall:
        for what, call in CALLS.items():
            assert told(await stall.client.request(*call, headers={"Origin": origin})) == {
                "access-control-allow-origin": origin,
                "access-control-expose-headers": "Retry-After, Age, ETag, X-Request-Id",
                "vary": "Origin",
            }, what


@pytest.mark.parametrize("origin", [None, STRANGER, "null", f"{SHOP}:8443", f"{SHOP}.elsewhere.example", ""])
async def test_pages_of_others_may_not_and_caches_are_told_that_answers_differ(origin):
    async with opened(origins=ALLOWED) as stall:
        headers = {} if origin is None else {"Origin": origin}
        for what, call in CALLS.items():
            response = await stall.client.request(*call, headers=headers)
            assert told(response) == {"vary": "Origin"}, what


async def test_where_no_origin_is_named_nothing_is_said(stall):
    for what, call in CALLS.items():
        assert told(await stall.client.request(*call, headers={"Origin": SHOP})) == {}, what


@pytest.mark.parametrize("path", [ANSWERS, "/nowhere", "/static/dom.js"])
async def test_a_browser_that_asks_first_is_told_what_its_page_may_send(path):
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "content-type"}
    async with opened(origins=ALLOWED) as stall:
        permitted = await stall.client.options(path, headers=asked | {"Origin": SHOP})
        refused = await stall.client.options(path, headers=asked | {"Origin": STRANGER})
        unasked = await stall.client.options(path, headers={"Origin": SHOP})

    assert (permitted.status_code, permitted.content) == (204, b"")
    assert told(permitted)["access-control-allow-origin"] == SHOP
    assert permitted.headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE"
    for name in ("Content-Type", "X-Admin-Key", "Authorization", "Last-Event-ID"):
        assert name in permitted.headers["access-control-allow-headers"].split(", ")
    assert permitted.headers["access-control-max-age"] == "7200"
    assert refused.status_code == unasked.status_code in (404, 405)
    assert told(refused) == {"vary": "Origin"}


@pytest.mark.parametrize("origin", [None, SHOP, STRANGER])
async def test_answers_at_once_say_the_same_as_those_of_the_long_way(origin):
    headers = () if origin is None else (f"Origin: {origin}",)
    several = [get(target, *headers) for target in (ANSWERS, "/api/recommendations", f"{ANSWERS}&limit=0")]
    async with opened(cached=0, origins=ALLOWED) as stall, served(stall.app) as one:
        assert b"/api/recommendations" in stall.app.at_once
        async with served(stall.app.app) as other:
            first, second = await converse(one, several), await converse(other, several)

    assert first == second
    assert [answer.status for answer in first] == [200, 400, 400]
    for answer in first:
        assert b"\r\nvary: Origin" in answer.head
        assert (b"\r\naccess-control-allow-origin: https://shop.example" in answer.head) == (origin == SHOP)


async def test_a_key_may_come_from_a_page_of_a_named_origin():
    async with opened(origins=ALLOWED) as stall:
        headers = {"Origin": SHOP, "X-Admin-Key": ADMIN_KEY}
        response = await stall.client.delete("/api/recommendations/stats", headers=headers)

    assert (response.status_code, told(response)["access-control-allow-origin"]) == (200, SHOP)


WELCOME = {
    "no page": None,
    "the server's own": "http://{address}",
    "the server's own, behind a proxy that speaks TLS": "https://{address}",
    "a named one": SHOP,
}
FOREIGN = {
    "one that is not named": STRANGER,
    "none that a page could have": "null",
    "another port": "http://127.0.0.1:1",
    "everyone": "*",
}


@pytest.mark.parametrize("who", WELCOME)
async def test_a_stream_is_opened_for(who):
    async with opened(origins=ALLOWED) as stall, served(stall.app) as address:
        origin = WELCOME[who] and WELCOME[who].format(address=address)
        async with connect(f"ws://{address}{SOCKET}", origin=origin) as client:
            assert json.loads(await client.recv())["type"] == "CONNECTION_ACK"
        headers = {"Origin": origin} if origin else {}
        async with (
            httpx.AsyncClient() as client,
            client.stream("GET", f"http://{address}{STREAM}", headers=headers) as response,
        ):
            assert response.status_code == 200
            assert told(response).get("access-control-allow-origin") == (SHOP if origin == SHOP else None)
            assert '"CONNECTION_ACK"' in await anext(response.aiter_text())


@pytest.mark.parametrize("who", FOREIGN)
@pytest.mark.parametrize("allowed", [(), ALLOWED])
async def test_a_stream_is_refused_before_it_is_opened_to(who, allowed, caplog):
    origin = FOREIGN[who]
    async with opened(origins=allowed) as stall, served(stall.app) as address:
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://{address}{SOCKET}", origin=origin)
            [answer] = await converse(address, [get(STREAM, f"Origin: {origin}")])

        assert stall.shop.hub.total == 0
    over_socket, as_events = refused.value.response, json.loads(answer.body)
    assert (over_socket.status_code, answer.status) == (403, 403)
    error = json.loads(over_socket.body)["error"]
    assert error == as_events["error"]
    assert error["code"] == "FORBIDDEN"
    assert error["message"] == (
        f"A page of {origin} may not open a stream here: ALLOWED_ORIGINS does not name it."
    )
    assert (error["details"]["field"], error["details"]["value"]) == ("Origin", origin)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        f"a page of {origin} was refused a stream: ALLOWED_ORIGINS does not name it"
    ]


async def test_the_log_names_no_end_of_strangers(caplog):
    async with opened() as stall:
        for number in range(STRANGERS + 5):
            response = await stall.client.get(STREAM, headers={"Origin": f"http://{number}.example"})
            assert response.status_code == 403

    assert len(caplog.records) == STRANGERS


async def test_the_log_names_nothing_that_no_page_is_of(caplog):
    async with opened() as stall:
        for origin in ("open-sesame", "https://Open-Sesame", "https://shop.example/open-sesame"):
            assert (await stall.client.get(STREAM, headers={"Origin": origin})).status_code == 403

    assert not caplog.records


def test_how_many_are_named_is_known():
    assert (len(Origins()), len(Origins(ALLOWED))) == (0, 2)
