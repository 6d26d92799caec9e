"""Both clients, against a real server."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from punnet.client import (
    Action,
    BackInStock,
    ConnectionAck,
    Context,
    Farm,
    FarmPatch,
    Filter,
    Message,
    OrderLine,
    Page,
    PostedAction,
    PriceDrop,
    Product,
    ProductPatch,
    Refused,
    Relevance,
    ServerType,
    Topic,
    Unreachable,
    UserAction,
)
from punnet.market import EntityType, Order
from punnet.protocol.replies import Removed
from punnet.protocol.statistics import Health
from punnet.web.shop import Limits
from tests.client.relay import Relay, listening, relayed
from tests.client.shells import SHELLS, Awaited, Shell, Threaded, hang_up, messages
from tests.service.process import Process
from tests.waiting import until
from tests.web.stall import ADMIN_KEY, SlowJournal, Stall, opened, served

LINE = OrderLine(product_id="tomatoes", quantity=2, unit_price=4.99)
TRIED_AGAIN = "is tried again in"


@pytest.fixture(params=SHELLS, ids=["sync", "async"])
def shell(request: pytest.FixtureRequest) -> Shell:
    return request.param


@asynccontextmanager
async def market(shell: Shell, **options) -> AsyncIterator[tuple[Threaded | Awaited, Stall, str]]:
    """Yield a client of a stall, the stall and its address."""
    asked = {"admin_key": ADMIN_KEY} | {
        name: options.pop(name) for name in ("tries", "admin_key") if name in options
    }
    async with (
        opened(ticking=True, **options) as stall,
        served(stall.app) as address,
        shell(f"http://{address}", **asked) as punnet,
    ):
        yield punnet, stall, address


@pytest.fixture
async def opened_market(shell: Shell) -> AsyncIterator[tuple[Threaded | Awaited, Stall, str]]:
    async with market(shell) as all_of_it:
        yield all_of_it


@pytest.fixture
def punnet(opened_market: tuple[Threaded | Awaited, Stall, str]) -> Threaded | Awaited:
    return opened_market[0]


@pytest.fixture
def stall(opened_market: tuple[Threaded | Awaited, Stall, str]) -> Stall:
    return opened_market[1]


# ------------------------------------------------------------------------------------------------ each method


async def test_a_farm_is_put_changed_had_and_deleted(punnet):
    farm = Farm(id="a/b c?", name="Ü & Sons")
    assert await punnet.put_farm(farm) == farm
    changed = await punnet.patch_farm("a/b c?", FarmPatch(region="North"))
    assert changed == replace(farm, region="North") == await punnet.get_farm("a/b c?")
    removed = Removed(id="a/b c?", entity_type=EntityType.FARM)
    assert await punnet.delete_farm("a/b c?") == removed


async def test_a_product_is_put_changed_had_and_deleted(punnet):
    kale = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5)
    listed = await punnet.put_product(kale)
    assert (listed.farm.name, listed.price) == ("Hill Farm", 2.5)
    assert (await punnet.patch_product("kale", ProductPatch(stock=3))).stock == 3
    again = await punnet.put_product(replace(await punnet.get_product("kale"), price=3.0))
    assert (again.price, again.stock, again.farm.id) == (3, 3, "hill")
    assert (await punnet.delete_product("kale")).id == "kale"
    with pytest.raises(Refused, match="is not a product of the catalogue"):
        await punnet.get_product("kale")


async def test_products_come_page_by_page_as_if_there_were_none(punnet):
    assert [product.id for product in await punnet.products()] == ["tomatoes", "basil", "honey"]
    assert [product.id for product in await punnet.products(page=1)] == ["tomatoes", "basil", "honey"]
    assert [product.id for product in await punnet.products("Herbs")] == ["basil"]


async def test_an_id_of_dots_or_slashes_is_an_id(punnet):
    for name in (".", "..", "../farms/hill"):
        await punnet.put_farm(Farm(id=name, name="Odd Farm"))
        assert (await punnet.get_farm(name)).id == name
    with pytest.raises(ValueError, match="an id has at least one character"):
        await punnet.erase("")


async def test_an_order_is_recorded_once_and_can_be_had(punnet):
    placed_at = datetime(2026, 7, 4, 9, 30, tzinfo=UTC)
    options = {"order_id": "o9", "placed_at": placed_at, "latitude": 39.0, "longitude": -84.0}
    posted = await punnet.order("cem", [LINE], **options)
    assert (posted.id, posted.lines, posted.duplicate) == ("o9", (LINE,), False)
    assert (await punnet.order("cem", [LINE], **options)).duplicate
    order = await punnet.get_order("o9")
    assert isinstance(order, Order)
    assert (order.placed_at, order.latitude) == (placed_at, 39)


async def test_an_order_without_an_id_gets_one_and_is_placed_now(punnet):
    before = datetime.now(UTC)
    one, two = await punnet.order("cem", [LINE]), await punnet.order("cem", [LINE])
    assert one.id != two.id
    assert before <= one.placed_at <= datetime.now(UTC)


async def test_an_action_is_recorded_once(punnet):
    ack = await punnet.track("cem", UserAction.RATE_FARM, "hill", metadata={"rating": 5}, event_id="e1")
    assert (ack.event_id, ack.duplicate) == ("e1", False)
    assert (await punnet.track("cem", "RATE_FARM", "hill", metadata={"rating": 5}, event_id="e1")).duplicate
    named = await punnet.track("cem", "VIEW_PRODUCT", "basil", timestamp=datetime(2026, 7, 4, tzinfo=UTC))
    assert len(named.event_id) == 32
    assert [action.event_id for action in (await punnet.user("cem")).actions] == ["e1", named.event_id]
    with pytest.raises(ValueError, match="'STARE' is not a valid UserAction"):
        await punnet.track("cem", "STARE", "basil")


async def test_what_to_show_after_an_action_reflects_it(punnet):
    answer = await punnet.act("cem", "ADD_TO_CART", "tomatoes", limit=2)
    assert answer.user_id == "cem"
    assert [each.product.id for each in answer.recommendations] == ["basil", "honey"]
    paged = await punnet.act("cem", "VIEW_PRODUCT", "basil", context=Page(page_type=Context.HOME), limit=1)
    assert len(paged.recommendations) == 1


async def test_recommendations_are_asked_for_in_every_way(punnet):
    answer = await punnet.recommend("cem", product_id="tomatoes", limit=1)
    (best,) = answer.recommendations
    assert (best.product.id, best.product.farm.name) == ("basil", "Hill Farm")
    there = await punnet.recommend("cem", context=Context.HOME, latitude=39.0, longitude=-84.5)
    assert len(there.recommendations) == 3
    asked = {"context": Context.SEARCH, "category": "Herbs", "search_query": "young basil & co"}
    assert [each.product.id for each in (await punnet.recommend("cem", **asked)).recommendations] == ["basil"]
    without = await punnet.recommend("cem", exclude_ids=["tomatoes", "basil"])
    assert [each.product.id for each in without.recommendations] == ["honey"]


async def test_what_is_bought_together_is_told(punnet):
    together = await punnet.together("tomatoes", 3)
    assert (together.count, together.recommendations[0].product.id) == (1, "basil")


async def test_a_person_is_told_and_erased(punnet):
    await punnet.track("ann", "VIEW_PRODUCT", "honey")
    person = await punnet.user("ann")
    assert (len(person.orders), len(person.actions)) == (1, 1)
    assert (await punnet.erase("ann")).erased == 2
    with pytest.raises(Refused) as refused:
        await punnet.user("ann")
    assert (refused.value.status, refused.value.code) == (404, "UNKNOWN_ID")


async def test_statistics_are_told_and_begin_anew(punnet):
    await punnet.track("cem", "VIEW_PRODUCT", "basil")
    counted = await punnet.statistics(detailed=True)
    assert counted.events.by_type == {UserAction.VIEW_PRODUCT: 1}
    assert counted.health.status is Health.HEALTHY
    assert (await punnet.reset("events")).reset_type == "events"
    assert (await punnet.statistics()).events.total == 0
    assert (await punnet.clear()).dropped == 0


async def test_it_is_ready_while_the_server_takes_requests(punnet, stall):
    assert await punnet.ready() is True
    await stall.shop.pipeline.stop()
    assert await punnet.ready() is False


# ------------------------------------------------------------------------------------------------------- bulk


def product(number: int, farm_id: str = "hill") -> Product:
    return Product(id=f"p{number}", name=f"Leek {number}", farm_id=farm_id, category="Leeks", price=1)


async def test_a_catalogue_of_several_calls_comes_in_and_what_failed_is_told(punnet, stall):
    things = [Farm(id="new", name="New Farm"), *(product(number, "new") for number in range(2, 2_500))]
    things[2_300] = nobodys = product(2_301, "nobody")
    report = await punnet.load(iter(things))
    assert (report.accepted, report.duplicate, report.refused) == (2_498, 0, 1)
    (failed,) = report.failed
    assert (failed.line, failed.thing) == (2_301, nobodys)
    assert failed.error.message == 'farmId "nobody" is not a farm of the catalogue.'
    assert len(stall.shop.engine.catalogue.listed()) == 3 + 2_497


async def test_products_that_were_had_are_brought_in_again(punnet):
    listed = await punnet.products()
    assert (await punnet.load(replace(each, price=1.0) for each in listed)).accepted == 3
    assert {each.price for each in await punnet.products()} == {1}


async def test_nothing_is_brought_in_without_a_call(punnet):
    assert (await punnet.load([])).accepted == 0


async def test_actions_come_in_once(punnet):
    view = {"user_id": "cem", "action": UserAction.VIEW_PRODUCT, "entity_id": "basil"}
    actions = [Action(event_id="e1", **view), PostedAction(**view), Action(event_id="e1", **view)]
    report = await punnet.events(actions)
    assert (report.accepted, report.duplicate, report.refused) == (2, 1, 0)
    assert len((await punnet.user("cem")).actions) == 2


async def test_calls_become_smaller_where_a_server_takes_less(shell):
    async with market(shell, limits=Limits(bulk_lines=10, bulk_bytes=1_024)) as (punnet, _, _):
        wide = replace(product(7), image_url="https://example.org/" + "x" * 1_200)
        report = await punnet.load([*map(product, range(1, 7)), wide, *map(product, range(8, 26))])
        assert (report.accepted, [failed.line for failed in report.failed]) == (24, [7])
        assert report.failed[0].error.code == "TOO_LARGE"


async def test_lines_that_are_put_off_are_sent_again(shell, caplog, monkeypatch):
    monkeypatch.setattr("punnet.web.bulk.GROUP", 10)
    journal = SlowJournal()
    limits = Limits(journal_seconds=0.3)
    async with market(shell, journal=journal, limits=limits) as (punnet, stall, _):
        journal.quick = 1
        caplog.set_level(logging.INFO, logger="punnet.client")
        loading = asyncio.create_task(punnet.load([product(number) for number in range(25)]))
        await until(lambda: "put off" in caplog.text)
        journal.let.set()
        report = await loading
        assert (report.accepted, report.failed) == (25, ())
        assert len(stall.shop.engine.catalogue.listed()) == 28


# ----------------------------------------------------------------------------------------------------- errors


async def test_what_is_refused_says_what_is_wrong(punnet):
    with pytest.raises(Refused) as refused:
        await punnet.put_product(Product(id="x", name="X", farm_id="hill", category="Y", price=-1))
    error = refused.value
    assert (error.status, error.code, error.field, error.value) == (400, "BAD_INPUT", "price", -1)
    assert error.allowed == "a number from 0 to 1000000000"
    assert str(error) == error.message == "price is -1: it must be a number from 0 to 1000000000."
    assert error.request_id


async def test_an_id_that_is_taken_is_a_conflict(punnet):
    with pytest.raises(Refused, match="was used before, for something else") as refused:
        await punnet.order("cem", [LINE], order_id="o1")
    assert (refused.value.status, refused.value.code) == (409, "CONFLICT")


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 403)])
async def test_only_the_admin_key_resets_and_clears(shell, key, status):
    async with market(shell, admin_key=key) as (punnet, _, _):
        for refused_call in (punnet.reset, punnet.clear):
            with pytest.raises(Refused) as refused:
                await refused_call()
            assert refused.value.status == status
            assert "wrong" not in str(refused.value)


async def test_a_journal_that_is_slow_is_waited_for(shell, caplog):
    journal = SlowJournal()
    async with market(shell, journal=journal, limits=Limits(journal_seconds=0.1)) as (punnet, stall, _):
        journal.quick = 0
        caplog.set_level(logging.INFO, logger="punnet.client")
        ordering = asyncio.create_task(punnet.order("cem", [LINE]))
        await until(lambda: TRIED_AGAIN in caplog.text)
        journal.let.set()
        assert (await ordering).user_id == "cem"
        assert stall.shop.engine.order_count == 3
        assert "the journal has not answered within 0.1 s" in caplog.text


async def test_a_busy_server_is_asked_again_later(shell, caplog, monkeypatch):
    monkeypatch.setattr("punnet.web.exchange.RETRY_SECONDS", 0)
    journal = SlowJournal()
    async with market(shell, journal=journal, capacity=10) as (punnet, stall, _):
        journal.quick = 0
        farms = [[(Farm(id=f"f{number}", name="Farm"),)] for number in range(10)]
        filling = [asyncio.create_task(stall.shop.pipeline.submit(entry)) for entry in farms]
        await until(lambda: stall.shop.pipeline.full)
        caplog.set_level(logging.INFO, logger="punnet.client")
        tracking = asyncio.create_task(punnet.track("cem", "VIEW_PRODUCT", "basil"))
        await until(lambda: TRIED_AGAIN in caplog.text)
        journal.let.set()
        assert not (await tracking).duplicate
        await asyncio.gather(*filling)


async def test_a_server_that_stays_busy_is_given_up(shell):
    journal = SlowJournal()
    limits = Limits(journal_seconds=0.1)
    async with market(shell, journal=journal, limits=limits, tries=1) as (punnet, _, _):
        journal.quick = 0
        with pytest.raises(Refused) as refused:
            await punnet.order("cem", [LINE])
        assert (refused.value.status, refused.value.code) == (503, "UNAVAILABLE")
        journal.let.set()


@asynccontextmanager
async def behind_a_relay(shell: Shell, **options) -> AsyncIterator[tuple[Threaded | Awaited, Stall, Relay]]:
    async with (
        market(shell) as (_, stall, address),
        relayed(int(address.rpartition(":")[2])) as relay,
        shell(f"http://127.0.0.1:{relay.port}", **options) as punnet,
    ):
        yield punnet, stall, relay


async def test_an_answer_that_is_lost_costs_nothing(shell):
    async with behind_a_relay(shell) as (punnet, stall, relay):
        relay.swallowed = 1
        assert (await punnet.order("cem", [LINE])).duplicate
        assert stall.shop.engine.order_count == 3
        relay.swallowed = 1
        assert (await punnet.track("cem", "VIEW_PRODUCT", "basil")).duplicate
        assert stall.shop.engine.tally.total == 1


async def test_a_removal_whose_answer_is_lost_is_one(shell):
    async with behind_a_relay(shell) as (punnet, _, relay):
        relay.swallowed = 1
        assert (await punnet.delete_product("honey")).id == "honey"
        with pytest.raises(Refused, match="is not a product of the catalogue"):
            await punnet.delete_product("honey")


async def test_a_line_that_stays_broken_is_given_up(shell):
    async with behind_a_relay(shell, tries=2) as (punnet, stall, relay):
        relay.swallowed = 2
        with pytest.raises(Unreachable):
            await punnet.order("cem", [LINE])
        assert stall.shop.engine.order_count == 3
        relay.swallowed = 1
        assert await punnet.ready() is False


async def test_where_nobody_listens_is_said_with_the_address(shell):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
    async with shell(f"http://me:secret@127.0.0.1:{port}", tries=1) as punnet:
        with pytest.raises(Unreachable) as unreachable:
            await punnet.statistics()
        assert str(unreachable.value) == f"http://127.0.0.1:{port} cannot be reached: Connection refused"
        with pytest.raises(Unreachable, match="Connection refused"):
            await anext(messages(punnet.stream("cem", ["trending"])))
        assert "secret" not in repr(punnet.inner)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "answered what this client cannot read"),
        (b"HTTP/1.1 418 Odd\r\nContent-Length: 5\r\n\r\nhello", "answered 418, and not as Punnet does"),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", "answered 502, and not as Punnet does"),
        (b"SSH-2.0-OpenSSH\r\n", "cannot be reached: "),
    ],
)
async def test_a_server_that_is_no_punnet_is_said_to_be_none(shell, answer, said):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with listening(serve) as port, shell(f"http://127.0.0.1:{port}", tries=2) as punnet:
        with pytest.raises(Unreachable, match=said):
            await punnet.get_farm("hill")


async def test_a_silent_server_is_not_waited_for(shell):
    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(listen) as port, shell(f"http://127.0.0.1:{port}", tries=1, timeout=0.1) as punnet:
        with pytest.raises(Unreachable, match="cannot be reached: it took too long"):
            await punnet.get_farm("hill")


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://localhost", "http://", "http://x/?a=b", ""])
def test_an_address_that_is_none_is_refused_at_once(shell, url):
    with pytest.raises(ValueError, match="it must be an address such as http://localhost:3000"):
        shell(url)


def test_at_least_one_try_is_made(shell):
    with pytest.raises(ValueError, match="tries is 0: it must be at least 1"):
        shell("http://localhost", tries=0)


# ---------------------------------------------------------------------------------------------------- streams


async def first(count: int, stream) -> Sequence[Message]:
    """Return so many messages of a stream, and leave it."""
    came: list[Message] = []
    async for message in messages(stream):
        came.append(message)
        if len(came) == count:
            break
    return came


async def test_a_stream_tells_what_happens_and_goes_on_where_it_was_left(punnet, stall):
    stream = punnet.stream("cem", [Topic.PRICE_DROPS, "stock_alerts"])
    following = asyncio.create_task(first(2, stream))
    await until(lambda: stall.shop.hub.open == 1)
    await punnet.patch_product("basil", ProductPatch(price=3.0))
    welcome, drop = await following
    assert isinstance(welcome.payload, ConnectionAck)
    assert welcome.payload.topics == (Topic.PRICE_DROPS, Topic.STOCK_ALERTS)
    assert welcome.payload.resumed is msgspec.UNSET
    assert isinstance(drop.payload, PriceDrop)
    assert (drop.type, drop.payload.new_price) == (ServerType.PRICE_DROP_ALERT, 3)
    await until(lambda: stall.shop.hub.open == 0)
    await punnet.patch_product("tomatoes", ProductPatch(stock=0))
    await punnet.patch_product("tomatoes", ProductPatch(stock=7))
    # The price drop was not asked past: who leaves in the middle is told of it again.
    welcome, drop, stock = await first(3, stream)
    assert welcome.payload.resumed is True
    assert isinstance(drop.payload, PriceDrop)
    assert isinstance(stock.payload, BackInStock)
    other = punnet.stream("cem", ["stock_alerts"], last_message_id=drop.message_id)
    assert (await first(2, other))[1].message_id == stock.message_id


async def test_a_stream_can_be_narrowed_and_have_a_place(punnet, stall):
    narrowed = Filter(farm_ids=("hill",), categories=("Herbs", "Vegetables"), product_ids=("basil",))
    here = punnet.stream("cem", ["price_drops"], filter=narrowed, latitude=39.0, longitude=-84.0)
    following = asyncio.create_task(first(2, here))
    await until(lambda: stall.shop.hub.open == 1)
    (connection,) = stall.shop.hub.of_user("cem")
    (subscription,) = connection.subscriptions.values()
    assert subscription.place == (39, -84)
    await punnet.patch_product("tomatoes", ProductPatch(price=1.0))
    await punnet.patch_product("basil", ProductPatch(price=1.0))
    assert (await following)[1].payload.product_id == "basil"
    mine = punnet.stream("ann", ["price_drops"], filter=Filter(relevance=Relevance.MINE))
    following = asyncio.create_task(first(2, mine))
    await until(lambda: stall.shop.hub.listens("ann"))
    await punnet.patch_product("honey", ProductPatch(price=1.0))
    await punnet.patch_product("basil", ProductPatch(price=0.5))
    assert (await following)[1].payload.product_id == "basil"


async def test_who_comes_back_to_another_journal_is_told_so(punnet):
    (welcome,) = await first(1, punnet.stream("cem", ["trending"], last_message_id="other-run:12"))
    assert welcome.payload.resumed is False


async def test_a_stream_that_is_refused_says_why(shell):
    async with market(shell, connections=0, tries=1) as (punnet, _, _):
        with pytest.raises(Refused) as refused:
            await first(1, punnet.stream("", ["trending"]))
        assert (refused.value.status, refused.value.field) == (400, "userId")
        with pytest.raises(Refused) as refused:
            await first(1, punnet.stream("cem", ["trending"]))
        assert refused.value.status == 503
        with pytest.raises(Unreachable, match="answered 403, and not as Punnet does"):
            await first(1, punnet.stream("cem", ["trending"], ws_path="/elsewhere"))
        with pytest.raises(ValueError, match="'gossip' is not a valid Topic"):
            punnet.stream("cem", ["gossip"])


async def test_a_stream_ends_where_it_is_closed_meanwhile(punnet, stall):
    stream = punnet.stream("cem", ["price_drops"])
    following = asyncio.create_task(first(2, stream))
    await until(lambda: stall.shop.hub.open == 1)
    await hang_up(stream)
    assert [message.type for message in await following] in ([], [ServerType.CONNECTION_ACK])
    await until(lambda: stall.shop.hub.open == 0)


@pytest.mark.service
async def test_streams_outlive_a_server_that_is_killed(tmp_path):
    process = Process(f"sqlite:///{tmp_path}/market.db", tmp_path / "log")
    await process.start()
    seen: dict[str, list[float]] = {"ann": [], "bob": []}
    welcomed: list[str] = []

    async def follow(user_id: str, punnet: Threaded | Awaited) -> None:
        async for message in messages(punnet.stream(user_id, ["price_drops"])):
            if isinstance(message.payload, PriceDrop):
                seen[user_id].append(message.payload.new_price)
            elif isinstance(message.payload, ConnectionAck):
                welcomed.append(f"{user_id} {message.payload.resumed}")
            if len(seen[user_id]) == 4:
                return

    async def fall(punnet: Threaded | Awaited, *prices: int) -> None:
        for price in prices:
            await punnet.patch_product("basil", ProductPatch(price=price))

    try:
        async with relayed(process.port) as relay:
            url = f"http://127.0.0.1:{relay.port}"
            async with Threaded(url) as one, Awaited(url) as two, asyncio.timeout(60):
                await one.put_farm(Farm(id="hill", name="Hill Farm"))
                await one.put_product(
                    Product(id="basil", name="Basil", farm_id="hill", category="Herbs", price=9)
                )
                following = [asyncio.create_task(follow(*who)) for who in (("ann", one), ("bob", two))]
                await until(lambda: len(welcomed) == 2)
                await fall(two, 8)
                await until(lambda: seen == {"ann": [8], "bob": [8]})
                # Those who listen are cut off before the next two are said.
                relay.target = 0
                await relay.cut()
                async with Awaited(f"http://127.0.0.1:{process.port}") as direct:
                    await fall(direct, 7, 6)
                await process.kill()
                await process.start()
                relay.target = process.port
                await until(lambda: len(welcomed) == 4)
                await fall(one, 5)
                await asyncio.gather(*following)
    finally:
        await process.stop()
    assert seen == {"ann": [8, 7, 6, 5], "bob": [8, 7, 6, 5]}
    assert sorted(welcomed[2:]) == ["ann True", "bob True"]


# ----------------------------------------------------------------------------------------------------- import


def test_importing_it_loads_nothing_of_the_server():
    heavy = ["asyncpg", "litestar", "numba", "numpy", "punnet.engine", "punnet.web", "uvicorn"]
    program = f"import sys, punnet.client; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
