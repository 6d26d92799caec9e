"""Who may do what: every route, message and topic, for every kind of caller."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from punnet.errors import Unauthorized
from punnet.keyring import Keyring
from punnet.keys import Role, new_key
from punnet.keystore.memory import MemoryKeys
from punnet.protocol.messages import ClientType, Topic
from punnet.protocol.session import TOKEN_EXPIRED
from punnet.web.doors import Doors
from punnet.web.keys import AdminKey
from punnet.web.routes import ROUTES
from punnet.web.tokens import Tokens
from tests.web.stall import ADMIN_KEY, NOW, Stall, opened, served, until

SECRET = "a secret of at least thirty-two bytes"
KINDS = ("visitor", "ann", "bob", "shop", "back-end", "admin", "admin key", "admin at the dashboard")
EVERYBODY = set(KINDS)
ADMIN = {"admin", "admin key", "admin at the dashboard"}
BACK_END = {"back-end", *ADMIN}
ANN = {"ann", "shop", *BACK_END}
"""Who may do what is ann's own: she, and programs of the shop."""

TABLE = {
    "GET /api/recommendations": ANN,
    "POST /api/recommendations": ANN,
    "GET /api/recommendations/frequently-bought-together": EVERYBODY,
    "GET /api/recommendations/stats": BACK_END,
    "POST /api/recommendations/stats": ADMIN,
    "DELETE /api/recommendations/stats": ADMIN,
    "GET /api/farms/{id}": EVERYBODY,
    "PUT /api/farms/{id}": BACK_END,
    "PATCH /api/farms/{id}": BACK_END,
    "DELETE /api/farms/{id}": BACK_END,
    "GET /api/products/{id}": EVERYBODY,
    "PUT /api/products/{id}": BACK_END,
    "PATCH /api/products/{id}": BACK_END,
    "DELETE /api/products/{id}": BACK_END,
    "GET /api/products": EVERYBODY,
    "POST /api/catalog": BACK_END,
    "POST /api/orders": BACK_END,
    "GET /api/orders/{id}": BACK_END,
    "GET /api/users/{id}": BACK_END,
    "DELETE /api/users/{id}": BACK_END,
    "GET /api/events": ADMIN,
    "POST /api/events": BACK_END,
    "GET /health/live": EVERYBODY,
    "GET /health/ready": EVERYBODY,
    "GET /metrics": BACK_END,
    "GET /openapi.json": EVERYBODY,
    "GET /docs": EVERYBODY,
    "GET /admin": EVERYBODY,
    "GET /": EVERYBODY,
}

QUERIES = {
    "GET /api/recommendations": {"userId": "ann"},
    "GET /api/recommendations/frequently-bought-together": {"productId": "basil"},
}
BODIES = {
    "POST /api/recommendations": {"userId": "ann", "action": "SEARCH"},
    "POST /api/recommendations/stats": {"resetType": "events"},
    "PUT /api/farms/{id}": {"name": "Hill Farm"},
    "PATCH /api/farms/{id}": {"name": "Hill Farm"},
    "PUT /api/products/{id}": {"name": "Basil", "farmId": "hill", "category": "Herbs", "price": 2},
    "PATCH /api/products/{id}": {"price": 2},
    "POST /api/catalog": [{"id": "new", "name": "New Farm"}],
    "POST /api/orders": {"id": "o9", "userId": "ann", "placedAt": "2026-07-01T12:00:00Z", "lines": []},
    "POST /api/events": [{"userId": "ann", "action": "SEARCH"}],
}


def token(user_id: str = "ann", *, lasts: float = 600, secret: str = SECRET, **claims: object) -> str:
    return jwt.encode({"sub": user_id, "exp": NOW + lasts, **claims}, secret, "HS256")


class Gate:
    """A stall in token mode, and what each kind of caller shows there."""

    def __init__(self, stall: Stall, keys: dict[str, str]) -> None:
        self.stall = stall
        self.shown = {
            "visitor": {},
            **{name: bearer(token(name)) for name in ("ann", "bob")},
            **{role: bearer(key) for role, key in keys.items()},
            "admin key": {"X-Admin-Key": ADMIN_KEY},
        }
        if keys:
            self.shown["admin at the dashboard"] = {"X-Admin-Key": keys["admin"]}

    async def status(self, row: str, kind: str) -> int:
        method, _, path = row.partition(" ")
        response = await self.stall.client.request(
            method,
            path.replace("{id}", "nothing"),
            params=QUERIES.get(row),
            json=BODIES.get(row),
            headers=self.shown[kind],
        )
        return response.status_code


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


async def one_of_each() -> tuple[MemoryKeys, Keyring, dict[str, str]]:
    """Return where keys are kept, who knows them, and a key of each role by its name."""
    store, keys = MemoryKeys(), {}
    for role in Role:
        keys[role.value], kept = new_key(role, at=NOW)
        await store.add(kept)
    keyring = Keyring(store)
    await keyring.load()
    return store, keyring, keys


@asynccontextmanager
async def gated(**known: object) -> AsyncIterator[Gate]:
    store, keyring, keys = await one_of_each()
    clock = known.get("clock", lambda: NOW)
    doors = Doors(AdminKey(ADMIN_KEY), clock, keyring, Tokens(secret=SECRET, leeway=0), store)
    async with opened(doors=doors, **known) as stall:
        yield Gate(stall, keys)


def test_no_route_is_missing_from_the_table():
    routes = {f"{route.method} {route.path}" for route in ROUTES}
    beside = {"GET /metrics", "GET /openapi.json", "GET /docs", "GET /admin", "GET /"}
    assert set(TABLE) == routes | beside


@pytest.mark.parametrize("row", TABLE)
async def test_who_may_make_a_call(row):
    async with gated() as gate:
        for kind in KINDS:
            status = await gate.status(row, kind)
            if kind in TABLE[row]:
                assert status not in (401, 403), kind
            else:
                # Whoever is not the administrator is told that the admin key is missing.
                assert status == (401 if kind == "visitor" or TABLE[row] == ADMIN else 403), kind


async def test_where_everybody_is_trusted_only_the_admin_is_asked_for():
    async with opened() as stall:
        gate = Gate(stall, {})
        for row, who in TABLE.items():
            assert (await gate.status(row, "visitor") in (401, 403)) == (who == ADMIN), row


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (bearer("punnet_admin_" + "a" * 43), "not known, or was revoked"),
        (bearer(token(lasts=-1)), "expired"),
        (bearer(token(secret="b" * 32)), ""),
        (bearer("x.y.z"), ""),
        ({"Authorization": "Basic YW5uOnNlY3JldA=="}, "kind that is not known"),
    ],
)
async def test_what_is_not_valid_is_refused_and_not_repeated(shown, why, caplog):
    async with gated() as gate:
        for path in ("/api/products", "/api/recommendations?userId=ann"):
            response = await gate.stall.client.get(path, headers=shown)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert why in response.json()["error"]["message"]
            assert shown["Authorization"].split()[1] not in response.text + caplog.text


async def test_a_shopper_is_answered_under_no_other_name():
    async with gated() as gate:
        client, shown = gate.stall.client, gate.shown["ann"]
        for path in (
            "/api/recommendations?userId=bob",
            "/api/recommendations?userId=b%6fb",
            "/api/recommendations?limit=3&userId=bob",
            "/api/recommendations?userId=bob&limit=3",
        ):
            assert (await client.get(path, headers=shown)).status_code == 403
        for user_id in ("ann", "%61nn"):
            response = await client.get(f"/api/recommendations?userId={user_id}", headers=shown)
            assert response.json()["data"]["userId"] == "ann"
        action = {"userId": "bob", "action": "SEARCH", "getRecommendations": True}
        assert (await client.post("/api/recommendations", json=action, headers=shown)).status_code == 403
        assert gate.stall.shop.engine.tally.total == 0


async def heard(stream) -> dict[str, object]:
    return json.loads(await stream.recv())


@asynccontextmanager
async def streamed(gate: Gate, user_id: str, **shown: str) -> AsyncIterator[object]:
    async with served(gate.stall.app) as address:
        query = "&".join([f"userId={user_id}", *(f"{name}={value}" for name, value in shown.items())])
        async with connect(f"ws://{address}/ws/recommendations?{query}") as stream:
            yield stream


async def listened(address: str, path: str, shown: dict[str, str]) -> int:
    """Return the status of an answer to who wants to listen to ann; 101 and 200 are streams."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    headers = {"Host": "stall", **(upgrade if path.startswith("/ws") else {}), **shown}
    lines = [f"GET {path}?userId=ann HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


@pytest.mark.parametrize("path", ["/ws/recommendations", "/api/recommendations/stream"])
async def test_who_may_listen_to_ann(path):
    async with gated() as gate, served(gate.stall.app) as address:
        for kind in KINDS:
            status = await listened(address, path, gate.shown[kind])
            expected = (101, 200) if kind in ANN else (401,) if kind == "visitor" else (403,)
            assert status in expected, kind


async def test_a_page_shows_its_token_in_the_address_and_speaks_for_its_shopper():
    async with gated() as gate, streamed(gate, "ann", token=token()) as stream:
        assert (await heard(stream))["payload"]["userId"] == "ann"
        for topic in Topic:
            await stream.send(json.dumps({"type": "SUBSCRIBE", "payload": {"topics": [topic]}}))
        for _ in Topic:
            assert (await heard(stream))["type"] in (
                "SUBSCRIBED",
                "TRENDING_UPDATE",
                "PERSONALIZED_SUGGESTION",
            )
        viewed = {"type": "VIEW_PRODUCT", "entityId": "basil", "entityType": "PRODUCT"}
        await stream.send(json.dumps({"type": "USER_ACTION", "payload": viewed, "requestId": "r"}))
        types = []
        while "ACTION_ACK" not in types:
            types.append((await heard(stream))["type"])
            assert "ERROR" not in types


@pytest.mark.parametrize("shown", [token("bob"), token(lasts=-1), "", "x", token() + "x"])
async def test_a_stream_of_ann_is_opened_with_no_other_token(shown):
    async with gated() as gate:
        with pytest.raises(InvalidStatus) as refused:
            async with streamed(gate, "ann", token=shown):
                pass
        assert refused.value.response.status_code in (401, 403)
        assert not shown or shown not in refused.value.response.body.decode()
        assert gate.stall.shop.hub.total == 0


class Time:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> float:
        return self.now


async def test_a_stream_ends_with_its_token():
    async with gated(clock=Time()) as gate, streamed(gate, "ann", token=token(lasts=0.3)) as stream:
        await heard(stream)
        gate.stall.shop.clock.now = NOW + 0.3
        with pytest.raises(ConnectionClosed) as closed:
            await stream.recv()
    assert closed.value.rcvd.code == TOKEN_EXPIRED


@pytest.mark.parametrize("began_with", ["shop", "admin", "ann"])
async def test_a_stream_ends_with_the_key_that_was_shown_last(began_with):
    async with gated() as gate:
        doors = gate.stall.shop.doors
        first, key, admins = (
            gate.shown[kind]["Authorization"].partition(" ")[2] for kind in (began_with, "shop", "admin")
        )
        async with streamed(gate, "ann", token=first) as stream, streamed(gate, "bob", token=admins) as other:
            for each in (stream, other):
                await heard(each)
            said = {"type": ClientType.AUTHENTICATE, "payload": {"token": key}, "requestId": "r"}
            await stream.send(json.dumps(said))
            assert (await heard(stream))["type"] == "HEARTBEAT"
            [revoked] = [kept.id for kept in await doors._keys.all() if kept.role is Role.SHOP]
            await doors._keys.remove(revoked)
            await doors._keyring.load()
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(stream.recv(), 20)
            assert closed.value.rcvd.code == TOKEN_EXPIRED
            await other.send('{"type": "HEARTBEAT"}')
            assert (await heard(other))["type"] == "HEARTBEAT"
        await until(lambda: not doors._keyring._held)


async def test_a_stream_of_events_ends_with_its_key():
    async with gated() as gate, served(gate.stall.app) as address:
        doors = gate.stall.shop.doors
        async with httpx.AsyncClient(headers=gate.shown["shop"], timeout=20) as client:
            path = "/api/recommendations/stream?userId=ann"
            async with client.stream("GET", f"http://{address}{path}") as answer:
                lines = answer.aiter_lines()
                await anext(lines)
                for key in await doors._keys.all():
                    await doors._keys.remove(key.id)
                await doors._keyring.load()
                assert [line async for line in lines][-1] == ""


async def test_a_stream_goes_on_with_a_token_that_lasts_longer_and_with_no_other():
    async with gated(clock=Time()) as gate, streamed(gate, "ann", token=token(lasts=0.5)) as stream:
        await heard(stream)

        async def show(shown: str) -> dict[str, object]:
            said = {"type": ClientType.AUTHENTICATE, "payload": {"token": shown}, "requestId": "r"}
            await stream.send(json.dumps(said))
            return await heard(stream)

        for other in (token("bob"), token(lasts=-1), "x.y.z", "x" * 9_000):
            refused = await show(other)
            assert (refused["type"], refused["requestId"]) == ("ERROR", "r")
            assert other not in json.dumps(refused)
        assert (await show(token(lasts=600)))["type"] == "HEARTBEAT"
        gate.stall.shop.clock.now = NOW + 1
        await stream.send('{"type": "HEARTBEAT"}')
        assert (await heard(stream))["type"] == "HEARTBEAT"


async def test_a_first_key_is_made_where_there_is_none_and_no_second_one():
    store = MemoryKeys()
    keyring = Keyring(store)
    await keyring.load()
    doors = Doors(AdminKey(""), lambda: NOW, keyring, None, store)
    key = await doors.first_key()
    assert key is not None
    assert (await doors.holder(key)).role is Role.ADMIN
    assert await doors.first_key() is None
    assert await Doors(AdminKey(""), lambda: NOW).first_key() is None


async def test_without_a_way_to_check_tokens_none_is_taken():
    keyring = Keyring(MemoryKeys())
    doors = Doors(AdminKey(""), lambda: NOW, keyring, None)
    with pytest.raises(Unauthorized, match="takes no tokens"):
        await doors.holder(token())
