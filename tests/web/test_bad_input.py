"""Bad input over HTTP: it is refused by name, and nothing has changed."""

import json

import httpx
import pytest

from tests.web.stall import opened, served

BASIL = {"name": "Basil", "farmId": "hill", "category": "Herbs", "price": 3.99}
JSON = {"Content-Type": "application/json"}


def posted(body):
    return {"content": json.dumps(body).encode(), "headers": JSON}


def raw(text):
    return {"content": text, "headers": JSON}


def action(**known):
    return posted({"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "basil"} | known)


def order(*lines, **known):
    basket = {"id": "new", "userId": "ann", "placedAt": "2025-01-15T10:30:00Z", "lines": list(lines)}
    return posted(basket | known)


LINE = {"productId": "basil", "quantity": 1, "unitPrice": 3.99}

ANSWERS = "/api/recommendations"

CASES = {
    "an unknown farm": ("GET", "/api/farms/nowhere", {}, 404, "id"),
    "an unknown product": ("GET", "/api/products/nothing", {}, 404, "id"),
    "an unknown order": ("GET", "/api/orders/none", {}, 404, "id"),
    "an unknown product to change": ("PATCH", "/api/products/nothing", posted({"price": 1}), 404, "id"),
    "an unknown farm to change": ("PATCH", "/api/farms/nowhere", posted({"name": "x"}), 404, "id"),
    "an unknown product to remove": ("DELETE", "/api/products/nothing", {}, 404, "id"),
    "an unknown product to compare": (
        "GET", f"{ANSWERS}?userId=ann&productId=nothing", {}, 404, "productId",
    ),
    "an unknown product to go with": (
        "GET", "/api/recommendations/frequently-bought-together?productId=nothing", {}, 404, "productId",
    ),
    "an unknown product to list after": ("GET", "/api/products?after=nothing", {}, 404, "after"),
    "a limit of 0": ("GET", f"{ANSWERS}?userId=ann&limit=0", {}, 400, "limit"),
    "a limit of 101": ("GET", f"{ANSWERS}?userId=ann&limit=101", {}, 400, "limit"),
    "a limit of ten": ("GET", f"{ANSWERS}?userId=ann&limit=ten", {}, 400, "limit"),
    "no user": ("GET", f"{ANSWERS}?limit=3", {}, 400, "userId"),
    "a latitude of 91": ("GET", f"{ANSWERS}?userId=ann&latitude=91&longitude=0", {}, 400, "latitude"),
    "a latitude of NaN": ("GET", f"{ANSWERS}?userId=ann&latitude=NaN&longitude=0", {}, 400, "latitude"),
    "a user that is not UTF-8": ("GET", f"{ANSWERS}?userId=%ff", {}, 400, "userId"),
    "an id that is not UTF-8": ("GET", "/api/farms/%ff", {}, 400, "id"),
    "an id of 129 characters": ("GET", f"/api/farms/{'x' * 129}", {}, 400, "id"),
    "an id with a control character": ("PUT", "/api/farms/%00", posted({"name": "x"}), 400, "id"),
    "another id": ("PUT", "/api/farms/hill", posted({"id": "dale", "name": "x"}), 400, "id"),
    "a price of -1": ("PUT", "/api/products/basil", posted(BASIL | {"price": -1}), 400, "price"),
    "a new price of -1": ("PATCH", "/api/products/basil", posted({"price": -1}), 400, "price"),
    "a price of NaN": ("PUT", "/api/products/basil", raw('{"name": "B", "price": NaN}'), 400, "price"),
    "a price of 1e400": ("PUT", "/api/products/basil", raw('{"name": "B", "price": 1e400}'), 400, "price"),
    "a price of '1e400'": ("PUT", "/api/products/basil", posted(BASIL | {"price": "1e400"}), 400, "price"),
    "a farm at a latitude of 91": (
        "PUT", "/api/farms/hill", posted({"name": "H", "latitude": 91, "longitude": 0}), 400, "latitude",
    ),
    "an unknown farm named": ("PUT", "/api/products/new", posted(BASIL | {"farmId": "none"}), 404, "farmId"),
    "a move to an unknown farm": ("PATCH", "/api/products/basil", posted({"farmId": "none"}), 404, "farmId"),
    "a farm that still sells": ("DELETE", "/api/farms/hill", {}, 409, "id"),
    "a 2 MB body": ("POST", "/api/orders", raw(b'{"id": "' + b"x" * (2 << 20) + b'"}'), 413, "body"),
    "broken JSON": ("POST", "/api/orders", raw('{"id": "new", '), 400, "body"),
    "no body": ("POST", "/api/orders", {}, 400, "body"),
    "deep JSON": ("POST", "/api/orders", raw("[" * 100_000), 400, "body"),
    "bytes that are not UTF-8": ("POST", "/api/orders", raw(b'{"id": "\xff"}'), 400, "body"),
    "a form": ("POST", "/api/orders", {"data": {"id": "new"}}, 415, "Content-Type"),
    "a body of no type": ("POST", "/api/orders", {"content": b"{}"}, 415, "Content-Type"),
    "NDJSON where one body is meant": (
        "POST", "/api/orders", {"content": b"{}", "headers": {"Content-Type": "application/x-ndjson"}},
        415, "Content-Type",
    ),
    "an order of nothing": ("POST", "/api/orders", order(), 400, "lines"),
    "an order of an unknown product": (
        "POST", "/api/orders", order(LINE, LINE | {"productId": "nothing"}), 404, "lines[1].productId",
    ),
    "an order with the id of another": ("POST", "/api/orders", order(LINE, id="o1"), 409, "id"),
    "an unknown action": ("POST", ANSWERS, action(action="EAT"), 400, "action"),
    "an action without a user": ("POST", ANSWERS, posted({"action": "SEARCH"}), 400, "userId"),
    "an action on an unknown product": ("POST", ANSWERS, action(entityId="nothing"), 404, "entityId"),
    "an action on an unknown farm": (
        "POST", ANSWERS, action(action="VIEW_FARM", entityId="nowhere"), 404, "entityId",
    ),
    "an unknown order completed": (
        "POST", ANSWERS, action(action="COMPLETE_PURCHASE", entityId="none"), 404, "entityId",
    ),
    "an unknown product purchased": (
        "POST", ANSWERS,
        action(action="COMPLETE_PURCHASE", metadata={"items": [LINE | {"productId": "nothing"}]}),
        404, "metadata.items[0].productId",
    ),
    "a purchase with the id of another order": (
        "POST", ANSWERS, action(action="COMPLETE_PURCHASE", entityId="o1", metadata={"items": [LINE]}),
        409, "entityId",
    ),
    "an answer for an unknown page": (
        "POST", ANSWERS, action(getRecommendations=True, context={"productId": "nothing"}),
        404, "context.productId",
    ),
    "bulk without lines": ("POST", "/api/events", raw(" \n"), 400, "body"),
    "a bulk array cut short": ("POST", "/api/events", raw('[{"userId": "ann"}, '), 400, "body"),
    "more than 10,000 lines": ("POST", "/api/events", raw("{}\n" * 10_001), 413, "body"),
    "an unknown path": ("GET", "/api/nothing", {}, 404, "path"),
    "a path that only starts like one": ("GET", "/api/farmsteads", {}, 404, "path"),
    "a farm without an id": ("GET", "/api/farms/", {}, 404, "path"),
    "a method that is not there": ("POST", "/api/farms/hill", posted({}), 405, "method"),
    "a page that is written to": ("POST", "/", posted({}), 405, "method"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_bad_input_is_refused_by_name_and_changes_nothing(stall, case):
    method, path, sent, status, field = CASES[case]
    before = await stall.state()

    response = await stall.client.request(method, path, **sent)

    answer = response.json()
    assert response.status_code == status, answer
    assert answer["success"] is False
    error = answer["error"]
    assert error["details"]["field"] == field
    assert error["details"].get("allowed") or error["code"] == "UNKNOWN_PATH"
    assert answer["meta"]["requestId"] == response.headers["X-Request-Id"]
    assert response.headers["Cache-Control"] == "no-store"
    assert await stall.state() == before


async def test_a_body_that_is_too_large_is_refused_over_a_real_connection_which_lives_on(stall):
    async with served(stall.app) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        before = await stall.state()
        body = b'{"id": "' + b"x" * (2 << 20) + b'"}'

        declared = await client.post("/api/orders", content=body, headers=JSON)
        undeclared = await client.post("/api/orders", content=_pieces(body), headers=JSON)

        assert (declared.status_code, undeclared.status_code) == (413, 413)
        assert declared.json()["error"]["code"] == "TOO_LARGE"
        assert await stall.state() == before
        assert (await client.get("/api/farms/hill")).status_code == 200


async def test_bulk_calls_may_be_larger_than_others_but_not_endless():
    async with opened() as stall:
        event = {
            "userId": "ann",
            "action": "VIEW_PRODUCT",
            "entityId": "basil",
            "metadata": {"note": "x" * 500},
        }
        line = json.dumps(event)
        large = await stall.client.post("/api/events", content=f"{line}\n" * 2_500, headers=JSON)
        endless = await stall.client.post("/api/events", content=b"x" * ((16 << 20) + 1), headers=JSON)

        assert large.json()["data"]["accepted"] == 2_500
        assert endless.status_code == 413


async def _pieces(body):
    for start in range(0, len(body), 1 << 16):
        yield body[start : start + (1 << 16)]
