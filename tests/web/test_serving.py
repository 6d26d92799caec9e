"""What every exchange has in common."""

import asyncio
import json
import logging

import httpx
import pytest

from punnet.errors import JournalUnavailable
from punnet.journal.memory import MemoryJournal
from punnet.web.shop import Limits
from tests.web.stall import SlowJournal, opened, served

ORDER = {
    "id": "new",
    "userId": "ann",
    "placedAt": "2025-01-15T10:30:00Z",
    "lines": [{"productId": "basil", "quantity": 1, "unitPrice": 4}],
}


class FullJournal(MemoryJournal):
    """A journal that can be told to be full."""

    full = False

    async def append(self, entries):
        if self.full:
            raise JournalUnavailable("the disk is full")
        return await super().append(entries)


async def test_an_answer_stands_in_an_envelope(stall):
    response = await stall.client.get("/api/farms/hill", headers={"X-Request-Id": "mine-1"})

    answer = response.json()
    assert set(answer) == {"success", "data", "meta"}
    assert answer["success"] is True
    assert answer["meta"]["requestId"] == response.headers["X-Request-Id"] == "mine-1"
    assert 0 <= answer["meta"]["processingTime"] < 10_000
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "given", ["", "a b", "x" * 129, "<script>", "é", "punnet_admin_abc", "eyJhbGciOiJIUzI1NiJ9.e30.e30"]
)
async def test_a_request_id_that_is_not_sane_is_replaced(stall, given):
    response = await stall.client.get("/health/live", headers={b"X-Request-Id": given.encode("latin-1")})

    assert response.json()["meta"]["requestId"].startswith("made-")


async def test_an_error_stands_in_an_envelope_too(stall):
    response = await stall.client.get("/api/recommendations?userId=ann&limit=0")

    assert response.json() == {
        "success": False,
        "error": {
            "code": "BAD_INPUT",
            "message": "limit is 0: it must be a whole number from 1 to 100.",
            "details": {"field": "limit", "value": 0, "allowed": "a whole number from 1 to 100"},
        },
        "meta": {"requestId": response.headers["X-Request-Id"]},
    }


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(stall):
    response = await stall.client.post("/api/farms/hill", json={})

    assert response.status_code == 405
    assert response.headers["Allow"] == "DELETE, GET, HEAD, PATCH, PUT"


async def test_head_is_a_get_without_its_body(stall):
    async with served(stall.app) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        response = await client.head("/api/farms/hill")

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0


async def test_a_bad_host_is_refused(stall):
    response = await stall.client.get("/health/live", headers={"Host": "a b"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BAD_INPUT"


async def test_what_nobody_expected_is_logged_and_told_without_its_trace(stall, caplog):
    stall.shop.engine.catalogue.listed_after = None
    with caplog.at_level(logging.ERROR, "punnet.web.serving"):
        response = await stall.client.get("/api/products")

    assert response.status_code == 500
    assert response.json()["error"] == {
        "code": "INTERNAL_ERROR",
        "message": "Something went wrong in the server; its log says what.",
    }
    assert "GET /api/products failed" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_server_with_too_much_waiting_says_when_to_come_back():
    async with opened() as stall:
        await stall.shop.pipeline.stop()
        write = await stall.client.put("/api/farms/new", json={"name": "New"})
        ready = await stall.client.get("/health/ready")
        live = await stall.client.get("/health/live")
        stats = (await stall.client.get("/api/recommendations/stats")).json()["data"]
        read = await stall.client.get("/api/recommendations?userId=ann")

    assert (write.status_code, write.headers["Retry-After"]) == (429, "1")
    assert write.json()["error"]["code"] == "TOO_MANY_REQUESTS"
    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "1")
    assert ready.json()["error"]["code"] == "UNAVAILABLE"
    assert live.json()["data"] == {"status": "LIVE"}
    assert (stats["health"]["status"], stats["health"]["isProcessing"]) == ("DEGRADED", False)
    assert read.status_code == 200


async def _health(stall):
    statistics = await stall.client.get("/api/recommendations/stats")
    return statistics.json()["data"]["health"]["status"]


async def test_a_journal_that_cannot_be_written_is_a_503_and_nothing_has_changed():
    journal = FullJournal()
    async with opened(journal=journal) as stall:
        before = await stall.state()
        journal.full = True
        refused = [
            await stall.client.post("/api/orders", json=ORDER),
            await stall.client.put("/api/farms/new", json={"name": "New"}),
            await stall.client.post("/api/catalog", json=[{"id": "new", "name": "New"}]),
            await stall.client.post(
                "/api/recommendations", json={"userId": "ann", "action": "VIEW_RECOMMENDATIONS"}
            ),
        ]
        assert await stall.state() == before
        assert await _health(stall) == "DEGRADED"
        journal.full = False
        assert (await stall.client.post("/api/orders", json=ORDER)).status_code == 201
        assert await _health(stall) == "HEALTHY"

    for response in refused:
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "1"
        assert response.json()["error"] == {"code": "UNAVAILABLE", "message": "the disk is full"}


async def test_ids_may_have_slashes_spaces_and_any_letters(stall):
    for name in ("a/b", "a b", "crème brûlée", "100%", "a?b#c", "..", "日本", "x/"):
        path = "/api/farms/" + "".join(f"%{byte:02X}" for byte in name.encode())
        put = await stall.client.put(path, json={"name": "Odd"})
        assert (put.status_code, put.json()["data"]["id"]) == (201, name)
        assert (await stall.client.get(path)).json()["data"]["id"] == name


async def test_bodies_may_be_any_kind_of_json(stall):
    for kind in ("application/json", "application/json; charset=utf-8", "application/merge-patch+json"):
        content = json.dumps({"price": 5}).encode()
        response = await stall.client.patch(
            "/api/products/basil", content=content, headers={"Content-Type": kind}
        )
        assert response.status_code == 200


async def test_a_body_that_ends_early_changes_nothing(stall):
    before = await stall.state()
    events = iter(
        [
            {"type": "http.request", "body": b'{"name": ', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    said = []

    async def receive():
        return next(events)

    async def send(event):
        said.append(event)

    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/api/farms/new",
        "raw_path": b"/api/farms/new",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await stall.app(scope, receive, send)

    assert said[0]["status"] == 400
    assert await stall.state() == before


ODD = [
    "//",
    "/api//farms/hill",
    "/api/farms//hill",
    "/api/farms/%",
    "/api/farms/%2",
    "/api/farms/hill/",
    "/%00",
    "/%ff",
]
ODDER = [
    "/api",
    "/api/",
    "/static",
    "/docs/",
    "/api/orders/",
    "/ws/recommendations/",
    "/API/farms/hill",
    "/.",
    "/{id}",
]


@pytest.mark.parametrize("path", [*ODD, *ODDER])
async def test_an_odd_path_is_answered_with_an_envelope(stall, path):
    """Over a connection of its own: a client would tidy the path up."""
    async with served(stall.app) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()

    status = int(head.split()[1])
    assert status in (200, 400, 404, 405)
    assert json.loads(body)["success"] is (status == 200)


async def test_a_journal_that_takes_too_long_is_a_503_and_what_was_sent_is_kept_once_all_the_same():
    journal = SlowJournal()
    async with opened(journal=journal, limits=Limits(journal_seconds=0.5)) as stall:
        journal.quick = 0
        refused = await stall.client.post("/api/orders", json=ORDER)
        unread = await stall.client.get("/api/orders/o1")
        answered = await stall.client.get("/api/recommendations?userId=ann")
        journal.let.set()
        again = await stall.client.post("/api/orders", json=ORDER)

    assert (refused.status_code, unread.status_code, answered.status_code) == (503, 503, 200)
    assert refused.headers["Retry-After"] == unread.headers["Retry-After"] == "1"
    assert refused.json()["error"]["message"] == (
        "the journal has not answered within 0.5 s; "
        "it is not known yet whether this was kept: send it again as it was"
    )
    assert unread.json()["error"]["message"] == "the journal has not answered within 0.5 s; ask again later"
    assert (again.status_code, again.json()["data"]["duplicate"]) == (200, True)
