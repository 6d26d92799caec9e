"""The page on own handlers: its example does what it says, in a server of its own."""

import asyncio
import json
import re
import signal
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.test_cli import punnet, started, until

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "handlers.md"
PRODUCTS = ("kale", "leek", "beet", "dill", "mint")


async def open_stall(client):
    (await client.put("/api/farms/hill", json={"name": "Hill Farm"})).raise_for_status()
    for name in PRODUCTS:
        product = {"name": name, "farmId": "hill", "category": "Greens", "price": 2}
        (await client.put(f"/api/products/{name}", json=product)).raise_for_status()


async def act(client, action, **details):
    posted = {"userId": "ann", "action": action, "entityId": "kale"} | details
    (await client.post("/api/recommendations", json=posted)).raise_for_status()


async def handlers_of(client):
    return (await client.get("/api/recommendations/stats")).json()["data"]["events"]["handlers"]


@pytest.mark.service
async def test_the_example_of_the_page_does_what_the_page_says(tmp_path):
    (example,) = re.findall(
        r"^```python file=handlers.py\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    (tmp_path / "handlers.py").write_text(example)
    arguments = ("serve", "--database", "market.db", "--handlers", "handlers.py")
    async with started(tmp_path, *arguments) as program:
        client = program.client
        await open_stall(client)
        stream = f"ws://{client.base_url.host}:{client.base_url.port}/ws/recommendations?userId=ann"
        async with connect(stream) as ann, asyncio.timeout(20):
            assert json.loads(await ann.recv())["type"] == "CONNECTION_ACK"
            await act(client, "SHARE_PRODUCT")
            message = json.loads(await ann.recv())
        assert message["type"] == "PERSONALIZED_SUGGESTION"
        assert len(message["payload"]["recommendations"]) == 3
        await act(client, "RATE_PRODUCT", metadata={"rating": 5})
        await act(client, "RATE_FARM", entityId="hill", metadata={"rating": 2}, eventId="e1")
        await act(client, "RATE_FARM", entityId="hill", metadata={"rating": 2}, eventId="e1")
        await act(client, "VIEW_PRODUCT")

        async def written():
            return (await handlers_of(client))["called"] == 3

        await until(written)
        assert await program.end(signal.SIGTERM) == 0
    assert (tmp_path / "ratings.txt").read_text() == "ann gave kale 5\nann gave hill 2\n"


@pytest.mark.service
async def test_handlers_that_fail_or_hang_keep_neither_the_server_nor_its_end(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import threading, punnet\n"
        "@punnet.on('VIEW_PRODUCT')\n"
        "def hang(event): threading.Event().wait()\n"
        "@punnet.on('VIEW_PRODUCT')\n"
        "async def fail(event): raise ValueError(event.action.user_id)\n"
    )
    monkeypatch.setenv("HANDLERS", "mine")
    monkeypatch.setenv("RECOMMENDATION_TIMEOUT", "100")
    async with started(tmp_path, "serve", "--database", "memory:") as program:
        await open_stall(program.client)
        for product in PRODUCTS:
            await act(program.client, "VIEW_PRODUCT", entityId=product)

        async def counted():
            return await handlers_of(program.client) == {"called": 10, "failed": 10}

        await until(counted)
        assert (await program.client.get("/api/recommendations", params={"userId": "ann"})).is_success
        assert await program.end(signal.SIGTERM) == 0
        said = (await program.process.stderr.read()).decode()
    assert "the handler mine.hang took longer than 0.1 s" in said
    assert said.count("the handler mine.fail failed") == 5


def test_a_file_that_cannot_be_imported_stops_the_start_with_a_sentence(tmp_path):
    path = tmp_path / "handlers.py"
    path.write_text("import nothing_like_it")
    result = punnet("serve", "--port", 0, "--database", tmp_path / "market.db", "--handlers", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f'Error: HANDLERS is "{path}", which cannot be imported '
        "(ModuleNotFoundError: No module named 'nothing_like_it').\n"
    )
    assert not (tmp_path / "market.db").exists()
