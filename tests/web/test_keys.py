"""The key of the administrator: who shows it comes in, and it is never repeated."""

import json

import pytest

from punnet.errors import Forbidden, Unauthorized
from punnet.web.keys import AdminKey
from tests.web.stall import ADMIN_KEY, opened

STATS = "/api/recommendations/stats"
HEADER = "X-Admin-Key"
ALL = {"resetType": "all"}
JSON = {"Content-Type": "application/json"}

ADMITTED = {
    "in the header": {"headers": {HEADER: ADMIN_KEY}},
    "in the query": {"params": {"adminKey": ADMIN_KEY}},
    "in the body": {"json": ALL | {"adminKey": ADMIN_KEY}},
    "in the header, which goes before the others": {
        "headers": {HEADER: ADMIN_KEY}, "params": {"adminKey": "old"}, "json": ALL | {"adminKey": "older"},
    },
}  # fmt: skip
REFUSED = {
    "none": ({}, 401),
    "an empty one": ({"headers": {HEADER: ""}, "params": {"adminKey": ""}}, 401),
    "null": ({"json": ALL | {"adminKey": None}}, 401),
    "none, and no JSON": ({"content": b"{", "headers": JSON}, 401),
    "none, and no object": ({"json": ["adminKey"]}, 401),
    "a wrong one": ({"headers": {HEADER: "guess"}}, 403),
    "a wrong one in the query": ({"params": {"adminKey": "guess"}}, 403),
    "a wrong one in the body": ({"json": ALL | {"adminKey": "guess"}}, 403),
    "half of it": ({"headers": {HEADER: ADMIN_KEY[:-1]}}, 403),
    "more than it": ({"headers": {HEADER: ADMIN_KEY + "x"}}, 403),
    "a number": ({"json": ALL | {"adminKey": 5}}, 403),
    "one that is not ASCII": ({"params": {"adminKey": "clé"}}, 403),
    "a wrong one before the right one": (
        {"headers": {HEADER: "guess"}, "params": {"adminKey": ADMIN_KEY}}, 403,
    ),
}  # fmt: skip

MISPUT = {
    "in a field of another name": {"json": ALL | {"adminkey": ADMIN_KEY}},
    "as the type": {"json": {"resetType": ADMIN_KEY}},
    "in a list": {"json": ALL | {"adminKey": [ADMIN_KEY]}},
    "as the whole body": {"content": json.dumps(ADMIN_KEY), "headers": JSON},
    "in JSON cut short": {"content": f'{{"resetType": "all", "adminKey": "{ADMIN_KEY}', "headers": JSON},
    "beside a lone surrogate": {"content": f'{{"adminKey": "{ADMIN_KEY}\\ud800"}}', "headers": JSON},
    "twice": {"json": ALL, "params": [("adminKey", ADMIN_KEY), ("adminKey", ADMIN_KEY)]},
    "in a query that is not UTF-8": {"json": ALL, "url": f"{STATS}?adminKey={ADMIN_KEY}%ff"},
}


@pytest.mark.parametrize("where", ADMITTED)
async def test_who_shows_the_key_comes_in(stall, where):
    response = await stall.client.post(STATS, **({"json": ALL} | ADMITTED[where]))

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("where", ["in the header", "in the query"])
async def test_who_shows_the_key_without_a_body_comes_in(stall, where):
    assert (await stall.client.delete(STATS, **ADMITTED[where])).status_code == 200


@pytest.mark.parametrize("shown", REFUSED)
async def test_who_does_not_show_the_key_is_refused_and_changes_nothing(stall, shown):
    sent, status = REFUSED[shown]
    before = await stall.state()
    response = await stall.client.post(STATS, **({} if "content" in sent else {"json": ALL}) | sent)

    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == {401: "UNAUTHORIZED", 403: "FORBIDDEN"}[status]
    assert error["details"] == {"field": HEADER, "allowed": "the admin key"}
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    assert "guess" not in response.text
    assert await stall.state() == before


async def test_nothing_is_dropped_without_the_key(stall):
    assert (await stall.client.delete(STATS)).status_code == 401
    assert (await stall.client.delete(STATS, params={"adminKey": "guess"})).status_code == 403


async def test_without_a_key_in_the_server_nobody_comes_in():
    async with opened(admin_key="") as stall:
        for sent in ({}, {"headers": {HEADER: "guess"}}, {"params": {"adminKey": ""}}):
            response = await stall.client.post(STATS, json=ALL, **sent)
            assert response.status_code == 403
            assert response.json()["error"]["message"] == (
                "This server has no admin key: set ADMIN_SECRET_KEY and start it again."
            )


@pytest.mark.parametrize("headers", [{}, {HEADER: ADMIN_KEY}], ids=["without", "with it in the header"])
@pytest.mark.parametrize("where", MISPUT)
async def test_the_key_is_not_repeated_where_it_was_put_by_mistake(stall, caplog, where, headers):
    sent = MISPUT[where]
    before = await stall.state()
    sent = {"url": STATS} | sent | {"headers": sent.get("headers", {}) | headers}
    response = await stall.client.post(**sent)

    assert response.status_code in (400, 401, 403)
    assert ADMIN_KEY not in response.text
    assert ADMIN_KEY not in caplog.text
    assert await stall.state() == before


async def test_a_key_may_have_any_letters():
    async with opened(admin_key="clé") as stall:
        assert (await stall.client.delete(STATS, params={"adminKey": "clé"})).status_code == 200
        assert (await stall.client.delete(STATS, headers={HEADER: "clé".encode()})).status_code == 200


def test_a_key_says_who_may_come_in():
    AdminKey("right").check(b"right")
    with pytest.raises(Unauthorized):
        AdminKey("right").check(b"")
    with pytest.raises(Forbidden, match="not the one"):
        AdminKey("right").check(b"wrong")
    with pytest.raises(Forbidden, match="set ADMIN_SECRET_KEY"):
        AdminKey("").check(b"")
    assert "right" not in repr(AdminKey("right"))
