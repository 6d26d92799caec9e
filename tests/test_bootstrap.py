"""A server, from its settings to its end."""

import asyncio
import json
import math
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import jwt
import msgspec
import numba
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from punnet import compiling
from punnet.bootstrap import STATISTICS, Server, build, greeting, running, serve, snap
from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.hub import SERVICE_RESTART
from punnet.keys import Role
from punnet.market import (
    Action,
    EntityType,
    Farm,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    UserAction,
)
from punnet.settings import Settings
from punnet.sockets import bind, bind_streams
from tests.servers.insights import KEY, Insights, told
from tests.servers.smtp import opened
from tests.web.stall import served, until
from tests.wires import Reel

FARM = Farm(id="hill", name="Hill Farm")
KALE = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5)
BOUGHT = (
    Order(
        id="o1",
        user_id="ann@example.org",
        placed_at=datetime(2026, 7, 1, tzinfo=UTC),
        lines=(OrderLine(product_id="kale", quantity=1, unit_price=2.5),),
    ),
    Action(
        event_id="e1",
        user_id="ann@example.org",
        action=UserAction.COMPLETE_PURCHASE,
        entity_id="o1",
        entity_type=EntityType.ORDER,
    ),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, database_url=f"sqlite:///{tmp_path}/market.db")


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Leave the signals to whom they belonged."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def answer(server: Server, listener: socket.socket, *paths: str) -> list[httpx.Response]:
    """Serve until each path has been asked for, then end it with a signal."""
    serving = asyncio.create_task(serve(server, listener))
    host, port = listener.getsockname()[:2]
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=20) as client:
        responses = [await client.get(path) for path in paths]
    signal.raise_signal(signal.SIGTERM)
    await serving
    return responses


async def test_what_a_server_took_in_is_there_the_next_time(postgres_url):
    settings = Settings(port=0, database_url=postgres_url)
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
    async with running(again := await build(settings)):
        assert again.replayed == 1
        assert again.shop.engine.catalogue.farm("hill") == FARM


async def test_with_a_relay_purchases_are_thanked_for(settings):
    async with opened() as sink:
        mailing = msgspec.structs.replace(
            settings, smtp_url=f"smtp+plain://127.0.0.1:{sink.port}", mail_from="orders@example.org"
        )
        async with running(await build(mailing)) as shop:
            await shop.pipeline.submit([(FARM,), (KALE,)])
            await shop.pipeline.submit([BOUGHT])
            await until(lambda: shop.mailer.sent == 1)
    assert sink.recipients == [["ann@example.org"]]
    assert sink.taken[0]["From"] == "the market <orders@example.org>"


async def test_with_application_insights_it_is_sent_what_is_counted(settings):
    insights = Insights()
    async with served(insights) as address:
        connection = f"InstrumentationKey={KEY};IngestionEndpoint=http://{address}"
        counting = msgspec.structs.replace(
            settings, appinsights_connection_string=connection, stats_update_interval=1_000
        )
        async with running(await build(counting)) as shop:
            await shop.pipeline.submit([(FARM,), (KALE,)])
            await until(lambda: bool(insights.sent))
    assert told(insights.sent[-1])[("punnet_products",)] == {"value": 1.0}


async def test_the_first_start_says_that_it_compiles_and_no_other_does(
    settings, monkeypatch, tmp_path, caplog
):
    async with running(await build(settings)):
        assert "compiling" not in caplog.text
    # As when the modules are loaded: numba makes folders then, and keeps nothing in them.
    (tmp_path / "compiled-now" / "inner").mkdir(parents=True)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "compiled-now"))
    # All is compiled here already. What the other process does is seen in tests/service/test_workers.py.
    monkeypatch.setattr(compiling, "REHEARSAL", "")
    (tmp_path / "compiled-before").mkdir()
    async with running(await build(settings)):
        assert "compiling, which takes a quarter of a minute the first time" in caplog.text
    assert not (tmp_path / "compiled-before").exists()


async def test_without_a_relay_no_e_mail_is_owed(settings):
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,), (KALE,)])
        await shop.pipeline.submit([BOUGHT])
        assert await shop.journal.letters(math.inf, 9) == []


async def test_a_relay_that_cannot_be_is_said_at_the_start(settings):
    mailing = msgspec.structs.replace(settings, smtp_url="smtp://host:99999", mail_from="orders@example.org")
    with pytest.raises(BadSetting, match="SMTP_URL"):
        await build(mailing)


async def test_what_was_taken_in_is_there_the_next_time(settings):
    server = await build(settings)
    assert server.replayed == 0
    async with running(server) as shop:
        await shop.pipeline.submit([(FARM,)])
    again = await build(settings)
    assert again.replayed == 1
    assert again.shop.engine.catalogue.farm("hill") == FARM
    await again.journal.close()


async def test_a_start_needs_only_what_came_after_the_snapshot(settings):
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
    made = await snap(settings)
    assert (made.last, made.size) == (1, settings.snapshot.stat().st_size)
    for replayed in (0, 1):
        server = await build(settings)
        assert (server.records, server.replayed) == (1, replayed)
        assert server.shop.engine.catalogue.farm("hill") == FARM
        async with running(server) as shop:
            await shop.pipeline.submit([(Farm(id=f"dale-{replayed}", name="Dale Farm"),)])
    assert (await snap(settings)).last == 3
    server = await build(settings)
    assert (server.records, server.replayed) == (3, 0)
    assert server.shop.engine.catalogue.farm("dale-1") is not None
    await server.journal.close()


async def test_a_journal_on_postgresql_has_a_snapshot_where_it_is_said(postgres_url, tmp_path):
    settings = Settings(port=0, database_url=postgres_url, snapshot_file=f"{tmp_path}/market.snapshot")
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
        assert (await snap(settings)).last == 1
        await shop.pipeline.submit([(Farm(id="dale", name="Dale Farm"),)])
    server = await build(settings)
    assert (server.records, server.replayed) == (1, 1)
    await server.journal.close()


async def test_the_snapshot_is_made_while_the_server_runs(settings):
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
        assert (await snap(settings)).last == 1
        await shop.pipeline.submit([(Farm(id="dale", name="Dale Farm"),)])
        assert (await snap(settings)).last == 2


async def test_who_is_erased_while_a_snapshot_is_made_is_not_in_it(settings):
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
        making = asyncio.create_task(snap(settings))
        await asyncio.sleep(0)
        with closing(sqlite3.connect(settings.database)) as database, database:
            database.execute("UPDATE market SET erasures = erasures + 1")
        with pytest.raises(BadFile, match="somebody was erased meanwhile"):
            await making
        assert not settings.snapshot.exists()
        assert (await snap(settings)).last == 1


async def test_a_journal_in_memory_has_no_snapshot():
    with pytest.raises(BadSetting, match="a journal in memory has no snapshot"):
        await snap(Settings(database_url="memory:"))


async def test_memory_forgets():
    settings = Settings(database_url="memory:")
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(FARM,)])
    assert (await build(settings)).replayed == 0


async def test_at_the_end_connections_are_told_and_nothing_more_is_taken_in(settings):
    async with running(await build(settings)) as shop:
        ann = shop.hub.register("ann", Reel())
        assert shop.pipeline.taking_in
    assert ann.close_code == 1012
    assert not shop.pipeline.taking_in


async def test_a_journal_that_cannot_be_replayed_is_let_go_of(settings):
    server = await build(settings)
    server.journal._database.execute("INSERT INTO journal (at, kind, body) VALUES (0, 'rumour', '')")
    await server.journal.close()
    for _ in range(2):
        with pytest.raises(BadFile, match="record 1"):
            await build(settings)


async def test_the_settings_reach_their_parts(tmp_path):
    settings = Settings(
        database_url="memory:",
        max_body_bytes=2_000,
        max_bulk_bytes=3_000,
        max_concurrent_connections=0,
        weight_content=0.5,
        alerts_kept=2,
        stats_update_interval=900_000,
    )
    shop = (await build(settings)).shop
    assert (shop.limits.body_bytes, shop.limits.bulk_bytes) == (2_000, 3_000)
    assert shop.hub.full
    assert shop.engine._tuning.weight_content == 0.5
    assert shop.engine._tuning.alerts_kept == 2
    assert shop.history._seconds == 900


async def test_ids_are_new_and_later_ones_sort_later():
    ticks = iter(range(10**9, 10**9 + 2_000))
    shop = (await build(Settings(database_url="memory:"), lambda: float(next(ticks)))).shop
    ids = [shop.new_id() for _ in range(1_000)]
    assert ids == sorted(set(ids))


def test_a_port_in_use_is_said_in_a_sentence():
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(BadSetting, match=f"127.0.0.1 port {port}: Address already in use"):
            bind(Settings(port=port))


def test_without_a_port_of_its_own_the_websocket_needs_no_second_address():
    for settings in (Settings(), Settings(port=3_001, ws_port=3_001)):
        with bind_streams(settings) as streams:
            assert streams is None


def test_a_port_of_the_websocket_that_is_in_use_is_said_in_a_sentence():
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        busy = f"127.0.0.1 port {port}: Address already in use; set WS_HOST and WS_PORT to others"
        with pytest.raises(BadSetting, match=busy):
            bind_streams(Settings(port=0, ws_port=port))
        with pytest.raises(BadSetting, match=busy):
            bind_streams(Settings(host="::1", port=0, ws_host="127.0.0.1", ws_port=port))


def test_an_address_of_another_machine_is_said_in_a_sentence():
    with pytest.raises(BadSetting, match=r"192\.0\.2\.1 port 0: .*; set HOST and PORT to others"):
        bind(Settings(host="192.0.2.1", port=0))


@pytest.mark.parametrize(
    ("host", "shown", "advice"),
    [
        ("127.0.0.1", "http://127.0.0.1:", "keep it to this machine"),
        ("0.0.0.0", "http://0.0.0.0:", "everyone who reaches this address can act as anyone"),
    ],
)
async def test_it_says_where_it_listens_and_that_it_trusts(host, shown, advice):
    settings = Settings(host=host, port=0, database_url="memory:")
    with bind(settings) as listener:
        said = greeting(await build(settings), listener)
    assert shown in said
    assert re.search(r"· 0 records replayed in \d+\.\d s ·", said)
    assert "AUTH_MODE=open, userId is trusted" in said
    assert advice in said


async def test_it_says_how_much_came_from_the_snapshot(settings):
    async with running(await build(settings)) as shop:
        await shop.pipeline.submit([(Farm(id=f"hill-{number}", name="Hill"),) for number in range(1_200)])
        await snap(settings)
        await shop.pipeline.submit([(FARM,)])
    with bind(settings) as listener:
        async with running(server := await build(settings)):
            assert " · 1,200 records from the snapshot, 1 replayed in " in greeting(server, listener)


async def test_an_ipv6_address_is_shown_in_brackets():
    with bind(Settings(host="::1", port=0)) as listener:
        assert "http://[::1]:" in greeting(await build(Settings(database_url="memory:")), listener)


@pytest.mark.usefixtures("_handlers")
async def test_it_answers_until_a_signal(settings):
    with bind(settings) as listener:
        server = await build(settings)
        async with running(server):
            ready, statistics = await answer(server, listener, "/health/ready", STATISTICS)
    assert (ready.status_code, statistics.status_code) == (200, 200)


@pytest.mark.usefixtures("_handlers")
async def test_before_it_ends_who_listens_gets_what_waits_for_them(settings):
    settings = msgspec.structs.replace(settings, recommendation_processing_interval=3_600_000)
    with bind(settings) as listener:
        server = await build(settings)
        async with running(server):
            serving = asyncio.create_task(serve(server, listener))
            host, port = listener.getsockname()[:2]
            async with connect(f"ws://{host}:{port}/ws/recommendations?userId=ann") as ann:
                search = {"type": "SEARCH", "metadata": {"searchQuery": "kale"}}
                await ann.send(json.dumps({"type": "USER_ACTION", "payload": search}))
                assert [json.loads(await ann.recv())["type"] for _ in range(2)] == [
                    "CONNECTION_ACK",
                    "ACTION_ACK",
                ]
                await until(lambda: server.shop.pipeline.waiting == 1)
                signal.raise_signal(signal.SIGTERM)
                assert json.loads(await ann.recv())["type"] == "PERSONALIZED_SUGGESTION"
                await ann.wait_closed()
            await serving
    assert ann.close_code == SERVICE_RESTART
    assert server.shop.delivery.delivered == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def welcomed(address: str, path: str = "/ws/recommendations") -> str:
    """Return the type of the first message of a stream, or the status of a refusal."""
    try:
        async with connect(f"ws://{address}{path}?userId=ann") as ann:
            return json.loads(await ann.recv())["type"]
    except InvalidStatus as refused:
        return str(refused.response.status_code)


@pytest.mark.usefixtures("_handlers")
async def test_a_port_of_the_websocket_answers_it_and_nothing_else(settings):
    settings = msgspec.structs.replace(settings, ws_port=free_port())
    with bind(settings) as listener, bind_streams(settings) as streams:
        server = await build(settings)
        async with running(server):
            serving = asyncio.create_task(serve(server, listener, streams))
            first, second = (f"127.0.0.1:{each.getsockname()[1]}" for each in (listener, streams))
            assert second.endswith(f":{settings.ws_port}")
            for address in (first, second):
                assert await welcomed(address) == "CONNECTION_ACK"
                assert await welcomed(address, "/elsewhere") == "403"
            async with httpx.AsyncClient(timeout=20) as client:
                for path in ("/health/ready", "/", "/ws/recommendations?userId=ann", STATISTICS):
                    here, there = [await client.get(f"http://{each}{path}") for each in (first, second)]
                    assert (here.status_code == 404, there.status_code) == (False, 404)
                    assert there.json()["error"]["code"] == "UNKNOWN_PATH"
                stream = "/api/recommendations/stream?userId=ann"
                assert (await client.get(f"http://{second}{stream}")).status_code == 404
            signal.raise_signal(signal.SIGTERM)
            await serving


@pytest.mark.usefixtures("_handlers")
async def test_who_comes_back_to_a_server_that_was_started_anew_is_given_what_was_missed(settings):
    prices, came, seen = iter((2.0, 1.5, 1.0)), [], ""

    async def reprice(server: Server) -> None:
        patch = ProductPatch(price=next(prices))
        await server.shop.pipeline.submit([(ProductChange(id="kale", patch=patch),)])

    for missed in (0, 1):
        with bind(settings) as listener:
            server = await build(settings)
            async with running(server) as shop:
                if not missed:
                    await shop.pipeline.submit([(FARM,), (KALE,)])
                for _ in range(missed):
                    await reprice(server)
                serving = asyncio.create_task(serve(server, listener))
                host, port = listener.getsockname()[:2]
                query = f"userId=ann&topics=price_drops&lastMessageId={seen}"
                async with connect(f"ws://{host}:{port}/ws/recommendations?{query}") as ann:
                    came.append(json.loads(await ann.recv())["payload"].get("resumed"))
                    await reprice(server)
                    for _ in range(missed + 1):
                        message = json.loads(await ann.recv())
                        came.append(message["payload"]["newPrice"])
                        seen = message["messageId"]
                signal.raise_signal(signal.SIGTERM)
                await serving
    assert came == [None, 2.0, True, 1.5, 1.0]


@pytest.mark.usefixtures("_handlers")
async def test_statistics_can_be_switched_off(tmp_path):
    settings = Settings(port=0, database_url="memory:", enable_stats_endpoint=False)
    with bind(settings) as listener:
        server = await build(settings)
        async with running(server):
            statistics, metrics, document = await answer(
                server, listener, "/api/recommendations/stats", "/metrics", "/openapi.json"
            )
    assert statistics.status_code == metrics.status_code == 404
    assert "/api/recommendations/stats" not in document.json()["paths"]


STANDSTILL = 1_800_000_000.0
"""A time at which no window ends."""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rate_limit_address": "2/hour", "trusted_proxies": "none"}, [200, 200, 429]),
        ({"rate_limit_address": "2/hour"}, [200, 200, 200]),
        ({"trusted_proxies": "none"}, [200, 200, 200]),
        ({"rate_limit_address": "off", "trusted_proxies": "none"}, [200, 200, 200]),
    ],
)
async def test_an_address_may_call_so_often(settings, changes, expected):
    settings = msgspec.structs.replace(settings, **changes)
    with bind(settings) as listener:
        server = await build(settings, lambda: STANDSTILL)
        async with running(server):
            answers = await answer(server, listener, *["/api/products"] * 3)
    assert [each.status_code for each in answers] == expected


async def test_several_processes_count_calls_together(settings, valkey):
    settings = msgspec.structs.replace(
        settings, redis_url=valkey.url, rate_limit_address="2/hour", trusted_proxies="none"
    )
    statuses = []
    for _ in range(2):
        with bind(settings) as listener:
            server = await build(settings, lambda: STANDSTILL)
            async with running(server):
                statuses += [
                    one.status_code for one in await answer(server, listener, *["/api/products"] * 2)
                ]
    assert statuses == [200, 200, 429, 429]


async def test_an_address_has_so_many_connections(settings):
    settings = msgspec.structs.replace(settings, connections_per_address=3, trusted_proxies="none")
    with bind(settings):
        server = await build(settings)
        async with running(server):
            doors = server.shop.doors
            left = [doors.enter(("203.0.113.7", port)) for port in range(4)]
            assert [each is not None for each in left] == [True, True, True, False]


async def test_in_token_mode_keys_and_tokens_open_what_is_theirs(settings):
    secret = "a secret of at least thirty-two bytes"
    settings = msgspec.structs.replace(settings, auth_mode="token", jwt_secret=secret)
    with bind(settings) as listener:
        server = await build(settings)
        async with running(server) as shop:
            assert "AUTH_MODE=token, shoppers show a token and programs a key" in greeting(server, listener)
            key = await shop.doors.first_key()
            assert key is not None
            assert (await shop.doors.holder(key)).role is Role.ADMIN
            token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, secret, "HS256")
            assert (await shop.doors.holder(token)).user_id == "ann"
        again = await build(settings)
        assert await again.shop.doors.first_key() is None
        await again.shop.doors.stop()
        await again.journal.close()


async def test_a_start_that_fails_lets_go_of_what_was_opened(settings, monkeypatch, postgres_url):
    built = []

    def fail(_settings, journal, _bell, doors, *_rest):
        built.extend((journal, doors))
        raise BadSetting("not like this")

    monkeypatch.setattr("punnet.bootstrap._shop", fail)
    settings = msgspec.structs.replace(
        settings, database_url=postgres_url, auth_mode="token", jwt_secret="s" * 40
    )
    with pytest.raises(BadSetting):
        await build(settings)
    journal, doors = built
    with pytest.raises(JournalUnavailable):
        await journal.find("x")
    with pytest.raises(JournalUnavailable):
        await doors.first_key()
