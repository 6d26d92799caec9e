"""Who is erased is gone from everything that the server has written, and stays so when it starts again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.service.process import Process
from tests.waiting import until

pytestmark = pytest.mark.service

WHO = "ann-of-the-hill"
GOODS = ("kale", "leek", "beet", "dill", "mint", "plum")
VIEW = {"userId": WHO, "eventId": "view-by-ann", "action": "VIEW_PRODUCT", "entityId": "plum"}
SEARCH = {"userId": WHO, "eventId": "search-by-ann", "action": "SEARCH", "entityId": "words-of-ann"}
SETTINGS = {"SNAPSHOT_RECORDS": "5", "SMTP_URL": "smtp+plain://127.0.0.1:9", "MAIL_FROM": "shop@example.org"}
"""Where nobody takes an e-mail, it waits."""

TRACES = (b"of-the-hill", b"by-ann", b"of-ann")


def order(order_id: str, user_id: str, *products: str) -> dict[str, object]:
    lines = [{"productId": product, "quantity": 1, "unitPrice": 2} for product in products]
    return {"id": order_id, "userId": user_id, "placedAt": "2025-01-15T10:30:00Z", "lines": lines}


@asynccontextmanager
async def client_of(process: Process) -> AsyncIterator[httpx.AsyncClient]:
    await process.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", timeout=30) as client:
        yield client
    await process.stop()


async def call(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> dict[str, object]:
    response = await client.request(method, path, json=body)
    assert response.is_success, response.text
    return response.json()["data"]


async def open_market(client: httpx.AsyncClient) -> None:
    await call(client, "PUT", "/api/farms/hill", {"name": "Hill Farm"})
    for name in GOODS:
        product = {
            "name": name,
            "farmId": "hill",
            "category": "Greens",
            "price": 2,
            "createdAt": "2020-01-01T00:00:00Z",
        }
        await call(client, "PUT", f"/api/products/{name}", product)
    for number, basket in enumerate((("kale", "leek"), ("kale", "beet"), ("leek", "beet"))):
        await call(client, "POST", "/api/orders", order(f"o{number}", f"shopper-{number}", *basket))


async def shop(client: httpx.AsyncClient) -> None:
    """Let one shopper do what leaves traces everywhere."""
    for number in range(6):
        await call(
            client, "POST", "/api/orders", order(f"order-{number}-by-ann", WHO, "kale", "dill", "mint")
        )
    for body in (VIEW, SEARCH):
        await call(client, "POST", "/api/recommendations", body)
    items = {"items": order("", WHO, "plum")["lines"], "email": "ann@of-the-hill.example"}
    purchase = {"userId": WHO, "action": "COMPLETE_PURCHASE", "entityId": "last-by-ann", "metadata": items}
    await call(client, "POST", "/api/recommendations", purchase)


async def answers(client: httpx.AsyncClient) -> list[list[tuple[object, ...]]]:
    """Return what others are answered."""
    paths = [f"/api/recommendations?userId={user_id}" for user_id in ("shopper-0", "shopper-1", "nobody")]
    paths += [
        f"/api/recommendations/frequently-bought-together?productId={name}" for name in ("kale", "dill")
    ]
    return [
        [
            (one["product"]["id"], one["score"], one["confidence"], one["metadata"])
            for one in (await call(client, "GET", path))["recommendations"]
        ]
        for path in paths
    ]


async def erase_and_come_back(url: str, folder: Path) -> tuple[Process, dict[str, object]]:
    """Let someone shop, be erased, and the server start again; check all that it answers."""
    process = Process(url, folder / "server.log", **SETTINGS)
    snapshot = folder / "market.snapshot"
    async with client_of(process) as client:
        await open_market(client)
        before = await answers(client)
        await shop(client)
        assert await answers(client) != before
        told = await call(client, "GET", f"/api/users/{WHO}")
        await until(lambda: snapshot.exists() and TRACES[0] in snapshot.read_bytes())

        assert await call(client, "DELETE", f"/api/users/{WHO}") == {"userId": WHO, "erased": 10}
        assert await answers(client) == before
        assert left_in(folder) == []
    async with client_of(process) as client:
        assert await answers(client) == before
        assert (await client.get(f"/api/users/{WHO}")).status_code == 404
        for body in (VIEW, SEARCH):
            assert (await call(client, "POST", "/api/recommendations", body))["duplicate"]
        assert (await client.get(f"/api/users/{WHO}")).status_code == 404
        assert (await call(client, "GET", "/api/recommendations/stats"))["events"]["total"] == 3
        await until(snapshot.exists)
    assert left_in(folder) == []
    return process, told


def left_in(folder: Path) -> list[tuple[str, bytes]]:
    """Return what can be read of someone who was erased, and in which file."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return [(path.name, trace) for path in files for trace in TRACES if trace in path.read_bytes()]


async def test_on_sqlite_who_is_erased_is_in_no_byte_of_any_file_and_stays_away(tmp_path):
    process, told = await erase_and_come_back(f"sqlite:///{tmp_path}/market.db", tmp_path)

    assert (told["userId"], len(told["orders"]), len(told["actions"])) == (WHO, 7, 3)
    assert told["profile"]["views"] == {"plum": 1}
    assert "Traceback" not in process.log


async def test_on_postgresql_who_is_erased_is_in_no_row_and_stays_away(tmp_path, postgres_url):
    _, told = await erase_and_come_back(postgres_url, tmp_path)

    assert len(told["orders"]) == 7
    connection = await asyncpg.connect(postgres_url)
    try:
        tables = [
            row[0]
            for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        rows = [str(row) for table in tables for row in await connection.fetch(f'SELECT * FROM "{table}"')]
    finally:
        await connection.close()
    assert {"journal", "outbox"} <= set(tables)
    assert [row for row in rows for trace in TRACES if trace.decode() in row] == []
