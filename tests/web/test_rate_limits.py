"""Rate limits: how often callers may call, whom a call counts against, and how processes count together."""

import asyncio
import ipaddress
from contextlib import asynccontextmanager, closing

import httpx
import pytest
from redis import Redis
from websockets.asyncio.client import connect

from punnet.errors import RateLimited
from punnet.keys import Role
from punnet.web import rate_limits
from punnet.web.addresses import Addresses
from punnet.web.app import streams_only
from punnet.web.callers import Caller
from punnet.web.doors import Doors
from punnet.web.keys import AdminKey
from punnet.web.rate_limits import SHARES, RateLimit, RateLimits, SharedCount
from punnet.web.tokens import Tokens
from tests.servers.valkey import Throwaway
from tests.web.stall import NOW, opened, served, until
from tests.web.test_doors import SECRET, bearer, one_of_each, token
from tests.web.test_streams import PATH, ask, receive

ELSEWHERE = "203.0.113.7"
EVENTS = "/api/recommendations/stream?userId=ann"
ANSWERS = "/api/recommendations?userId=ann"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Hold no refusal back for longer than a moment."""
    monkeypatch.setattr(rate_limits, "REFUSED_SECONDS", 0.01)


class Clock:
    now = NOW - NOW % 60

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


async def spent(limit, who="ann", most=1_000):
    """Return how often `who` may call until it is refused."""
    for count in range(most):
        try:
            await limit.spend(who)
        except RateLimited:
            return count
    raise AssertionError("nobody was refused")


# ------------------------------------------------------------------------------------------------ one process


@pytest.mark.parametrize(
    ("written", "seconds"), [("7/second", 1), ("7/minute", 60), ("7/hour", 3_600), ("1/minute", 60)]
)
async def test_in_a_window_there_are_so_many_calls_and_in_the_next_one_again(written, seconds, clock):
    clock.now = NOW - NOW % 3_600
    limit, amount = RateLimit("LIMIT", written, clock), int(written.partition("/")[0])
    for _ in range(3):
        assert await spent(limit) == amount
        clock.now += seconds - 0.001
        assert await spent(limit) == 0
        clock.now += 0.001


async def test_each_caller_is_counted_alone(clock):
    limit = RateLimit("LIMIT", "5/minute", clock)
    assert [await spent(limit, who) for who in ("ann", "bob", "ann", "")] == [5, 5, 0, 5]


async def test_a_refusal_says_what_is_allowed_and_when_it_begins_anew(clock):
    limit = RateLimit("RATE_LIMIT_USER", "1/minute", clock)
    await limit.spend("ann")
    for waited, left in ((0, 60), (19.5, 41), (59.999, 1)):
        clock.now = NOW - NOW % 60 + waited
        with pytest.raises(RateLimited, match="RATE_LIMIT_USER allows: 1 per 1 minute") as refused:
            await limit.spend("ann")
        assert (refused.value.retry_after, refused.value.code) == (left, "TOO_MANY_REQUESTS")


async def test_a_refusal_is_held_back(clock, monkeypatch):
    monkeypatch.setattr(rate_limits, "REFUSED_SECONDS", 30)
    limit = RateLimit("LIMIT", "1/minute", clock)
    await limit.spend("ann")
    refused = asyncio.create_task(limit.spend("ann"))
    await asyncio.sleep(0.05)
    assert not refused.done()
    await limit.spend("bob")
    refused.cancel()


async def test_only_so_many_callers_are_kept_in_mind(clock, monkeypatch):
    monkeypatch.setattr(rate_limits, "CALLERS", 3)
    limit = RateLimit("LIMIT", "2/minute", clock)
    for who in "abcabc":
        await limit.spend(who)
    assert await spent(limit, "c") == 0
    assert await spent(limit, "d") == 2
    assert await spent(limit, "c") == 0
    assert await spent(limit, "a") == 2


async def test_a_call_counts_against_the_address_and_the_shopper(clock):
    limits = RateLimits(RateLimit("A", "3/minute", clock), RateLimit("U", "2/minute", clock))
    ann, bob, visitor = (
        Caller(None, "ann", address="x"),
        Caller(None, "bob", address="x"),
        Caller(address="x"),
    )
    for caller in (ann, ann):
        await limits.count(caller)
    with pytest.raises(RateLimited, match="U allows"):
        await limits.count(ann)
    for caller in (bob, visitor):
        with pytest.raises(RateLimited, match="A allows"):
            await limits.count(caller)
    for _ in range(10):
        await limits.count(Caller(Role.SHOP))
        await RateLimits().count(visitor)


# -------------------------------------------------------------------------------------------- several of them


@asynccontextmanager
async def counting(server, *markets):
    """Yield the counts of processes of these markets."""
    shared = [SharedCount(server.url, market) for market in markets]
    try:
        yield shared
    finally:
        for each in shared:
            await each.close()


async def test_processes_count_together(valkey, clock):
    async with counting(valkey, "m1", "m1", "m2") as shared:
        one, other, stranger = (RateLimit("LIMIT", "100/minute", clock, each) for each in shared)
        for _ in range(40):
            await one.spend("ann")
            await other.spend("ann")
        rest = await spent(one) + await spent(other)
        # Whoever is refused may have left a part of what the other one has taken.
        assert 20 - 2 * 100 // SHARES <= rest <= 20
        assert await spent(one) == await spent(other) == 0
        assert await spent(other, "bob") == await spent(stranger) == 100
        clock.now += 60
        assert await spent(other) == 100


async def test_who_calls_several_times_at_once_takes_no_more_than_they_spend(valkey, clock):
    async with counting(valkey, "crowd") as [shared]:
        limit = RateLimit("LIMIT", "100/minute", clock, shared)
        await asyncio.gather(*(limit.spend("ann") for _ in range(2 * SHARES)))
        assert await spent(limit) == 100 - 2 * SHARES


async def test_a_small_limit_is_shared_to_the_last_call(valkey, clock):
    async with counting(valkey, "small", "small") as shared:
        one, other = (RateLimit("LIMIT", "3/minute", clock, each) for each in shared)
        await one.spend("ann")
        await other.spend("ann")
        assert await spent(one) + await spent(other) == 1


async def test_a_window_is_forgotten_after_its_time(valkey, clock):
    async with counting(valkey, "short") as [shared]:
        await RateLimit("LIMIT", "3/second", clock, shared).spend("ann")
        with Redis(port=valkey.port) as asking:
            [key] = asking.keys("punnet:short*")
            assert 0 < asking.ttl(key) <= 1


async def test_while_redis_is_away_each_process_counts_its_own(clock, monkeypatch, caplog):
    monkeypatch.setattr(rate_limits, "AGAIN_SECONDS", 0.05)
    with closing(Throwaway()) as server:
        async with counting(server, "m", "m") as shared:
            one, other = (RateLimit("LIMIT", "20/minute", clock, each) for each in shared)
            await one.spend("ann")
            server.kill()
            assert await spent(one) == 20
            assert await spent(one) == 0
            assert await spent(other, "bob") == await spent(one, "bob") == 20
            server.start()
            await asyncio.sleep(0.1)
            assert await spent(one, "carl") + await spent(other, "carl") == 20
    said = [record.getMessage() for record in caplog.records]
    assert sum("each process counts its own" in line for line in said) == 2
    assert said.count("Redis counts calls again") == 2


async def test_a_redis_that_stands_still_is_not_waited_for(clock, monkeypatch):
    monkeypatch.setattr(rate_limits, "PATIENCE", 0.1)
    with closing(Throwaway()) as server:
        async with counting(server, "m") as [shared]:
            limit = RateLimit("LIMIT", "20/minute", clock, shared)
            server.freeze()
            async with asyncio.timeout(5):
                assert await spent(limit) == 20
            server.thaw()


# ------------------------------------------------------------------------------------------------ over a wire


@asynccontextmanager
async def limited(by_address=None, by_user=None, *, locked=False, clock=lambda: NOW, proxies=(), **most):
    """Open a stall that trusts everybody, or is `locked`; yield it, its address and the keys of programs.

    An address may have `connections`, and all together so many `streams`.
    """
    rates = RateLimits(
        by_address and RateLimit("BY_ADDRESS", by_address, clock),
        by_user and RateLimit("BY_USER", by_user, clock),
    )
    store, keyring, keys = await one_of_each()
    known = (keyring, Tokens(secret=SECRET, leeway=0), store) if locked else (None, None, None)
    addresses = Addresses(map(ipaddress.ip_network, proxies))
    doors = Doors(AdminKey(""), lambda: NOW, *known, rates, addresses, most.get("connections", 0))
    room = most.get("streams", 100)
    async with (
        opened(doors=doors, connections=room) as stall,
        served(stall.app, proxy_headers=False) as where,
    ):
        yield stall, where, keys


async def asked(address, headers=None, target=ANSWERS):
    """Return the answer to a GET on a connection of its own."""
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://{address}{target}", headers=headers)


def listening(address, query="userId=ann", **headers):
    return connect(f"ws://{address}{PATH}?{query}", additional_headers=headers)


async def statuses(address, *calls):
    return [(await asked(address, *call)).status_code for call in calls]


def forwarded(*hops):
    return {"X-Forwarded-For": ", ".join(hops)}


@pytest.mark.parametrize("header", [{}, {"Upgrade": "h2c"}])
async def test_answers_at_once_and_others_count_alike(header):
    async with limited("3/minute") as (_, address, _keys):
        assert await statuses(address, *5 * [[header]]) == [200, 200, 200, 429, 429]


async def test_too_many_calls_are_told_when_to_come_back():
    async with limited("1/hour", clock=lambda: 3_600.0 * 7 + 100) as (_, address, _keys):
        await asked(address)
        answer = await asked(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3500")
    error = answer.json()["error"]
    assert error["code"] == "TOO_MANY_REQUESTS"
    assert "BY_ADDRESS" in error["message"]
    assert error["details"]["allowed"] == "1 per 1 hour"


async def test_what_is_refused_counts_too():
    forged = bearer("x.y.z")
    async with limited("4/minute", locked=True) as (_, address, _keys):
        calls = [forged], [None], [None, "/api/orders/o1"], [None, EVENTS], [forged]
        assert await statuses(address, *calls) == [401, 401, 401, 401, 429]


async def test_a_shopper_is_counted_by_the_token_wherever_it_is_shown():
    async with limited(by_user="3/minute", locked=True) as (_, address, _keys):
        ann = [bearer(token("ann"))]
        assert await statuses(address, ann, ann) == [200, 200]
        async with listening(address, f"userId=ann&token={token('ann')}"):
            bob = bearer(token("bob")), "/api/recommendations?userId=bob"
            assert await statuses(address, ann, bob) == [429, 200]


async def test_programs_with_a_key_are_not_counted():
    async with limited("1/minute", "1/minute", locked=True) as (_, address, keys):
        for key in keys.values():
            assert await statuses(address, *3 * [[bearer(key)]]) == [200] * 3


async def test_behind_a_proxy_shoppers_have_addresses_of_their_own():
    async with limited("2/minute", proxies=["127.0.0.1"]) as (_, address, _keys):
        one, other = [forwarded(ELSEWHERE)], [forwarded(ELSEWHERE, "198.51.100.1")]
        assert await statuses(address, one, one, one) == [200, 200, 429]
        assert await statuses(address, other, other, other) == [200, 200, 429]
        assert await statuses(address, [None], [None], [None]) == [200] * 3


async def test_what_is_said_on_a_stream_counts_and_is_refused_by_its_name():
    view = {"type": "SHARE_PRODUCT", "entityId": "basil"}
    wishes = {"USER_ACTION": view, "REQUEST_RECOMMENDATIONS": {}, "AUTHENTICATE": {"token": "x"}}
    async with limited("5/minute") as (stall, address, _keys):
        async with listening(address) as client:
            await receive(client, "CONNECTION_ACK")
            for _ in range(4):
                done = await ask(client, type="USER_ACTION", payload=view)
                assert done["type"] == "ACTION_ACK"
            for kind, payload in wishes.items():
                error = await ask(client, type=kind, payload=payload, requestId=kind)
                assert (error["type"], error["requestId"]) == ("ERROR", kind)
                assert error["payload"]["code"] == "TOO_MANY_REQUESTS"
            alive = await ask(client, type="HEARTBEAT", requestId="alive")
            assert (alive["type"], alive["requestId"]) == ("HEARTBEAT", "alive")
        assert stall.shop.engine.tally.total == 4


async def test_who_says_too_much_on_a_stream_is_read_no_faster_than_they_are_refused(monkeypatch):
    monkeypatch.setattr(rate_limits, "REFUSED_SECONDS", 0.2)
    async with limited("1/minute") as (_, address, _keys), listening(address) as client:
        await receive(client, "CONNECTION_ACK")
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            await client.send('{"type": "HEARTBEAT"}')
        await receive(client, "HEARTBEAT", "HEARTBEAT", "HEARTBEAT")
        assert asyncio.get_running_loop().time() - began >= 0.6


async def test_an_address_has_so_many_streams_also_behind_a_proxy():
    async with limited(connections=2, proxies=["127.0.0.1"]) as (stall, address, _keys):
        streams, one, other = stall.shop.doors.streams, forwarded(ELSEWHERE), forwarded("203.0.113.8")
        async with listening(address, **one), listening(address, **one):
            answer = await asked(address, one, EVENTS)
            assert answer.status_code == 429
            assert "CONNECTIONS_PER_ADDRESS" in answer.json()["error"]["message"]
            async with listening(address, **other):
                assert streams.addresses == 2
        await until(lambda: not streams.addresses)


async def test_an_address_has_so_many_connections_of_whatever_kind():
    async with limited(connections=2) as (stall, address, _keys):
        connections = stall.shop.doors.connections
        async with httpx.AsyncClient() as idle, listening(address):
            await idle.get(f"http://{address}{ANSWERS}")
            answer = await asked(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        await until(lambda: not connections.addresses)
        assert (await asked(address)).status_code == 200


async def test_a_stream_for_which_there_is_no_room_is_counted_no_more():
    async with limited(connections=5, streams=0) as (stall, address, _keys):
        assert (await asked(address, None, EVENTS)).status_code == 503
        assert stall.shop.doors.streams.addresses == 0


async def test_pages_of_other_origins_and_a_port_for_streams_open_no_way_past_the_limits():
    doors = Doors(AdminKey(""), lambda: NOW, connections=1)
    async with opened(doors=doors, origins=["https://shop.example"]) as stall:
        app = streams_only(stall.app, 1, stall.shop.new_id)
        async with served(app) as address, listening(address):
            assert (await asked(address)).status_code == 429
