"""The server that the other tests use does what they count on."""

import asyncio
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.servers import postgres as servers
from tests.servers.postgres import Given, Throwaway, Unreachable
from tests.web.stall import until


@pytest.fixture(scope="module")
def server() -> Iterator[Throwaway]:
    server = Throwaway()
    yield server
    server.close()


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def tell(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_each_database_is_empty_and_gone_afterwards(server):
    async with server.database() as first, server.database() as second:
        await tell(first, "CREATE TABLE notes (note text)")
        assert await ask(second, "SELECT to_regclass('notes')") is None
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await ask(first, "SELECT 1")


async def test_it_keeps_its_data_and_port_when_it_is_stopped_and_when_it_is_killed(server):
    async with server.database() as url:
        await tell(url, "CREATE TABLE notes (note text)")
        for number, end in enumerate((server.stop, server.kill)):
            await tell(url, f"INSERT INTO notes VALUES ({number})")
            end()
            with pytest.raises(ConnectionRefusedError):
                await ask(url, "SELECT 1")
            server.start()
            assert await ask(url, "SELECT count(*) FROM notes") == number + 1


async def test_a_killed_server_had_no_time_to_close_its_files(server):
    server.kill()
    server.start()
    assert "was not properly shut down" in server.log()


async def test_a_durable_server_waits_for_the_disk(server):
    durable = Throwaway(durable=True, settings={"max_connections": "7"})
    try:
        assert (
            await ask(durable.dsn, "SHOW fsync") == await ask(durable.dsn, "SHOW synchronous_commit") == "on"
        )
        assert await ask(durable.dsn, "SHOW max_connections") == "7"
        assert await ask(server.dsn, "SHOW fsync") == "off"
    finally:
        durable.close()


async def test_it_goes_when_the_tests_are_killed():
    program = """
import sys
from tests.servers.postgres import Throwaway
server = Throwaway()
print(server._base, server._postmaster.pid, flush=True)
sys.stdin.read()
"""
    tests = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert tests.stdout is not None
    base, postmaster = (await tests.stdout.readline()).split()
    watched = os.pidfd_open(int(postmaster))
    tests.kill()
    await tests.wait()
    await until(lambda: not Path(os.fsdecode(base)).exists())
    # The descriptor of a process can be read from once the process has ended.
    assert select.select([watched], [], [], 0)[0] == [watched]
    os.close(watched)


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(servers, "_candidates", lambda: iter([Path("/nowhere")]))
    with pytest.raises(Unreachable, match=r"no PostgreSQL to test with: let \./dev test install"):
        Throwaway()


def test_a_server_that_does_not_start_says_why():
    with pytest.raises(Unreachable, match=r"does not start: .*max_connections"):
        Throwaway(settings={"max_connections": "none"})


def test_a_server_of_the_environment_comes_first(monkeypatch):
    monkeypatch.delenv(servers.VARIABLE, raising=False)
    assert servers.given() is None
    monkeypatch.setenv(servers.VARIABLE, "postgresql://me@there/mine?ssl=require")
    found = servers.given()
    assert isinstance(found, Given)
    assert found._url("fresh") == "postgresql://me@there/fresh?ssl=require"
