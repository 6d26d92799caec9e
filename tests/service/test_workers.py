"""A real server of two processes, on PostgreSQL and Valkey."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect

from punnet.hub import SERVICE_RESTART
from tests.journal.test_postgres import run
from tests.servers.postgres import Throwaway
from tests.servers.smtp import opened
from tests.service.caller import Caller, Gone
from tests.service.mailing import put
from tests.service.process import Process, resident
from tests.waiting import until

pytestmark = pytest.mark.service

NAMES = ("kale", "leek", "beet", "dill")


@pytest.fixture
async def server(postgres_url, valkey, tmp_path) -> AsyncIterator[Process]:
    async with served(postgres_url, valkey.url, tmp_path) as server:
        yield server


@asynccontextmanager
async def served(url: str, redis_url: str, folder: Path, **settings: str) -> AsyncIterator[Process]:
    """Serve a market of a few greens with two processes."""
    several = {"WORKERS": "2", "REDIS_URL": redis_url}
    server = Process(url, folder / "log", **several, **settings)
    try:
        await server.start()
        async with Caller(server.port) as caller:
            await put(caller, "/api/farms/hill", {"name": "Hill Farm"})
            for name in NAMES:
                about = {"name": name.title(), "farmId": "hill", "category": "Greens", "price": 2.5}
                await put(caller, f"/api/products/{name}", about)
        yield server
    finally:
        await server.stop()


async def both_at_work(server: Process) -> None:
    """Return once each of the processes lets callers in."""
    async with listeners(server):
        pass


@asynccontextmanager
async def listeners(server: Process, user_id: str = "ann") -> AsyncIterator[list[ClientConnection]]:
    """Yield a WebSocket of a shopper's to each of the two processes; who is let in by which is chance."""
    async with AsyncExitStack() as stack:
        found: dict[str, ClientConnection] = {}
        async with asyncio.timeout(60):
            while len(found) < 2:
                path = f"/ws/recommendations?userId={user_id}"
                socket = await connect(f"ws://127.0.0.1:{server.port}{path}")
                welcome = await heard(socket)
                if (epoch := welcome["payload"]["epoch"]) in found:
                    await socket.close()
                    # The other may still be starting.
                    await asyncio.sleep(0.01)
                else:
                    found[epoch] = await stack.enter_async_context(socket)
        yield list(found.values())


async def heard(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 20))


async def said(socket: ClientConnection, kind: str, **payload: object) -> dict[str, Any]:
    """Say something, and return the payload of the answer to it."""
    await socket.send(json.dumps({"type": kind, "payload": payload, "requestId": "r"}))
    while (message := await heard(socket)).get("requestId") != "r":
        pass
    return message["payload"]


async def test_both_answer_alike_after_what_either_took_in_and_react_to_it(server):
    async with listeners(server) as sockets:
        for number, name in enumerate(NAMES):
            look = {"type": "VIEW_PRODUCT", "entityId": name, "eventId": f"e{number}"}
            for times in range(2):
                told = await said(sockets[(number + times) % 2], "USER_ACTION", **look)
                assert told == {"eventId": f"e{number}", "duplicate": times == 1}
        answers = [await said(socket, "REQUEST_RECOMMENDATIONS", limit=4) for socket in sockets]
        here, there = [[it["product"]["id"] for it in answer["recommendations"]] for answer in answers]
        assert len(here) > 0
        assert here == there
    async with listeners(server, "bob") as sockets:
        async with Caller(server.port) as caller:
            look = {"userId": "bob", "action": "ADD_TO_CART", "entityId": "kale"}
            answer = await caller.call("POST", "/api/recommendations", msgspec.json.encode(look))
            assert answer.status == 200, answer
        assert [(await heard(socket))["type"] for socket in sockets] == ["CART_RECOMMENDATION"] * 2


async def test_while_one_cannot_start_the_other_takes_all_callers(valkey, tmp_path):
    with closing(Throwaway()) as postgres:
        async with served(postgres.dsn, valkey.url, tmp_path, RATE_LIMIT_ADDRESS="off") as server:
            await both_at_work(server)
            postgres.freeze()
            os.kill(server.children[0], signal.SIGKILL)
            # Who had just been dealt to it is turned away with it.
            await until(lambda: "a worker ended with -9" in server.log)
            async with asyncio.timeout(60):
                while "it does not answer; mend that" not in server.log:
                    async with Caller(server.port) as caller:
                        assert (await caller.call("GET", "/health/live")).status == 200
            postgres.thaw()


async def test_one_compiles_for_both_and_neither_keeps_what_the_compiler_needed(
    postgres_url, valkey, tmp_path
):
    (tmp_path / "machine").mkdir()
    own = {"NUMBA_CACHE_DIR": str(tmp_path / "machine" / "code")}
    megabytes = []
    for _ in range(2):
        async with served(postgres_url, valkey.url, tmp_path, **own) as server:
            await both_at_work(server)
            megabytes.append([resident(process) >> 10 for process in server.children])
    assert server.log.count("compiling, which takes") == 1
    first, later = megabytes
    assert len(first) == len(later) == 2
    assert max(first) < 1.25 * min(later)


async def test_one_that_is_killed_loses_nothing_that_was_accepted_and_another_takes_its_place(
    server, postgres_url
):
    accepted: list[str] = []
    stopped = False

    async def shop(shopper: int) -> None:
        number = 0
        async with Caller(server.port) as caller:
            while not stopped:
                number += 1
                event_id = f"{shopper}-{number}"
                look = {
                    "userId": f"shopper-{shopper}",
                    "action": "VIEW_PRODUCT",
                    "entityId": NAMES[number % 4],
                }
                body = msgspec.json.encode(look | {"eventId": event_id})
                try:
                    if (await caller.call("POST", "/api/recommendations", body)).status == 200:
                        accepted.append(event_id)
                except Gone:
                    # Whoever takes in the next is another one.
                    continue
                await asyncio.sleep(0.01)

    await both_at_work(server)
    async with asyncio.TaskGroup() as shoppers:
        for shopper in range(6):
            shoppers.create_task(shop(shopper))
        for _ in range(2):
            enough = len(accepted) + 50
            await until(lambda: len(accepted) > enough)  # noqa: B023 (it is asked at once)
            before = set(server.children)
            os.kill(min(before), signal.SIGKILL)
            await until(lambda: len(server.children) == 2 and set(server.children) != before)  # noqa: B023
            enough = len(accepted) + 50
            await until(lambda: len(accepted) > enough)  # noqa: B023
            await both_at_work(server)
        stopped = True
    rows = await run(postgres_url, "SELECT key FROM journal WHERE kind = 'action'")
    kept = [row["key"].removeprefix("e:") for row in rows]
    assert len(kept) == len(set(kept))
    assert set(accepted) <= set(kept)
    assert server.log.count("a worker ended with -9, and another one takes its place") == 2
    assert "Traceback" not in server.log


async def test_an_e_mail_is_sent_once_although_two_could(postgres_url, valkey, tmp_path):
    async with opened() as sink:
        mail = {"SMTP_URL": f"smtp+plain://127.0.0.1:{sink.port}", "MAIL_FROM": "orders@example.org"}
        shoppers = [f"shopper-{number}@example.org" for number in range(12)]
        async with served(postgres_url, valkey.url, tmp_path, **mail) as server:
            await both_at_work(server)
            for shopper in shoppers:
                items = [{"productId": "kale", "quantity": 1, "unitPrice": 2.5}]
                bought = {"userId": shopper, "action": "COMPLETE_PURCHASE", "metadata": {"items": items}}
                # Each with a connection of its own: either process takes some in.
                async with Caller(server.port) as caller:
                    answer = await caller.call("POST", "/api/recommendations", msgspec.json.encode(bought))
                assert answer.status == 200, answer
            await until(lambda: len(sink.recipients) >= len(shoppers))
    assert sorted(sink.recipients) == sorted([shopper] for shopper in shoppers)


async def test_all_end_when_they_are_told_to_and_say_goodbye(server):
    assert " · 2 processes" in server.greeting
    async with listeners(server) as sockets:
        processes = server.children
        assert len(processes) == 2
        await server.stop()
        for socket in sockets:
            await socket.wait_closed()
    assert [socket.close_code for socket in sockets] == [SERVICE_RESTART] * 2
    assert not any(map(is_at_work, processes))
    assert not any(bad in server.log for bad in ("Traceback", " ERROR "))


async def test_none_is_left_when_the_one_that_looks_after_them_is_killed(server):
    await until(lambda: len(server.children) == 2)
    processes = server.children
    await server.kill(children=False)
    await until(lambda: not any(map(is_at_work, processes)))


def is_at_work(process: int) -> bool:
    """Return whether a process is there, and not only waits for somebody to take note of its end."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


async def test_callers_are_dealt_out_to_both_processes(server):
    await both_at_work(server)
    epochs: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(40):
            address = f"ws://127.0.0.1:{server.port}/ws/recommendations?userId=ann"
            welcome = await heard(await stack.enter_async_context(connect(address)))
            epochs.append(welcome["payload"]["epoch"])
    counts = Counter(epochs)
    assert len(counts) == 2
    assert min(counts.values()) >= 4
