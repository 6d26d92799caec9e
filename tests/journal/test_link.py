"""A connection to PostgreSQL that is lost and made again, on servers that are stopped, killed and frozen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from punnet.errors import JournalUnavailable
from punnet.journal.link import Link, place
from tests.servers.postgres import Throwaway


@pytest.fixture(scope="module")
def server() -> Iterator[Throwaway]:
    server = Throwaway()
    yield server
    server.close()


@pytest.fixture
async def link(server: Throwaway) -> AsyncIterator[Link]:
    link = Link(server.dsn, 10)
    yield link
    await link.close()


async def ask(link: Link, sql: str = "SELECT 1") -> object:
    async with link.use() as connection:
        return await connection.fetchval(sql)


async def test_it_is_made_once_and_kept(link):
    assert await ask(link, "SELECT pg_backend_pid()") == await ask(link, "SELECT pg_backend_pid()")


async def test_it_is_made_anew_after_the_server_was_stopped_or_killed(link, server):
    for end in (server.stop, server.kill):
        assert await ask(link) == 1
        end()
        for _ in range(2):
            with pytest.raises(
                JournalUnavailable, match=r"PostgreSQL \(127.0.0.1:\d+/postgres\) cannot be used: "
            ):
                await ask(link)
        with pytest.raises(JournalUnavailable, match="Connection refused"):
            await ask(link)
        server.start()
        assert await ask(link) == 1


async def test_it_is_made_anew_after_the_server_was_stopped_while_it_worked(link, server):
    await ask(link)
    working = asyncio.create_task(ask(link, "SELECT pg_sleep(60)"))
    await busy(server)
    server.stop()
    with pytest.raises(JournalUnavailable, match="cannot be used"):
        await working
    server.start()
    assert await ask(link) == 1


async def test_it_is_made_anew_after_its_process_was_ended_while_nobody_used_it(link, server):
    process = await ask(link, "SELECT pg_backend_pid()")
    connection = await asyncpg.connect(server.dsn)
    assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
    await connection.close()
    await until_answered(link)
    assert await ask(link, "SELECT pg_backend_pid()") != process


async def test_a_server_that_stands_still_is_given_up_and_found_again(server):
    link = Link(server.dsn, 0.2)
    await ask(link)
    server.freeze()
    try:
        # The second has no connection any more and tries to make one, the others wait for their turn.
        for _ in range(2):
            asked = [ask(link) for _ in range(3)]
            for outcome in await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20):
                assert isinstance(outcome, JournalUnavailable)
                assert str(outcome).endswith("it does not answer")
    finally:
        server.thaw()
    await until_answered(link)
    await link.close()


@pytest.mark.parametrize("patience", [0.2, 3_600])
async def test_it_can_be_closed_soon_though_the_server_stands_still(server, patience):
    link = Link(server.dsn, patience)
    await ask(link)
    server.freeze()
    try:
        await asyncio.wait_for(link.close(), 20)
    finally:
        server.thaw()


async def test_what_goes_wrong_inside_leaves_nothing_behind(link):
    async def give_up() -> None:
        async with link.use() as connection:
            await connection.execute("BEGIN; CREATE TABLE notes (note text)")
            raise KeyError

    with pytest.raises(KeyError):
        await give_up()
    assert await ask(link, "SELECT to_regclass('notes')") is None


async def test_who_stops_waiting_leaves_nothing_behind(link, server):
    asking = asyncio.create_task(ask(link, "SELECT pg_sleep(60)"))
    await busy(server)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await ask(link) == 1


async def test_a_refused_statement_is_told_in_one_line(link):
    with pytest.raises(JournalUnavailable, match=r'cannot be used: column "nothing" does not exist$'):
        await ask(link, "SELECT nothing")


async def test_more_patience_begins_where_the_connection_is_had(server):
    link = Link(server.dsn, 0.2)
    async with link.use(60) as connection:
        assert await connection.fetchval("SELECT 1 FROM pg_sleep(0.5)") == 1
    await link.close()


async def test_who_waits_too_long_for_a_turn_gives_up(server):
    link = Link(server.dsn, 0.2)
    async with link.use(60):
        with pytest.raises(JournalUnavailable, match="it does not answer"):
            await asyncio.wait_for(ask(link), 20)
    assert await ask(link) == 1
    await link.close()


async def test_each_connection_is_greeted(server):
    greeted: list[asyncpg.Connection] = []

    async def greet(connection: asyncpg.Connection) -> None:
        greeted.append(connection)
        if len(greeted) == 2:
            raise JournalUnavailable("not yet")

    link = Link(server.dsn, 10, greet)
    assert await ask(link) == 1
    with pytest.raises(JournalUnavailable):
        await ask(link, "SELECT nothing")
    with pytest.raises(JournalUnavailable, match="not yet"):
        await ask(link)
    assert await ask(link) == 1
    assert len(set(greeted)) == 3
    await link.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql://me:secret@db.example:5432/market?sslmode=require",
            "PostgreSQL (db.example:5432/market)",
        ),
        ("postgresql://me:se/cr@et@db/market", "PostgreSQL (db/market)"),
        ("postgres://db/market?password=secret", "PostgreSQL (db/market)"),
        ("postgres://db/market?user=me&password=se@cret", "PostgreSQL (…)"),
        ("postgresql:///market?host=/run/postgresql", "PostgreSQL (/market)"),
    ],
)
def test_a_place_is_told_without_its_password(url, shown):
    assert place(url) == shown


async def test_a_host_that_is_not_there_is_told(server):
    with pytest.raises(JournalUnavailable, match=r"\(nowhere.invalid/market\) cannot be used: [A-Z]"):
        await ask(Link("postgresql://nowhere.invalid/market", 10))


async def busy(server: Throwaway) -> None:
    """Return once a statement that sleeps is running."""
    connection = await asyncpg.connect(server.dsn)
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    for _ in range(10_000):
        if await connection.fetchval(sleeping):
            break
    await connection.close()


async def until_answered(link: Link) -> None:
    """Ask until the server, which has much to catch up with, answers in time."""
    for _ in range(100):
        try:
            await ask(link)
        except JournalUnavailable:
            continue
        return
    raise AssertionError("it does not come back")


GOODBYE = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """Stand between the server at `port` and those who connect; yield where, and the way back to them."""
    clients: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65_536):
            writer.write(content)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(writer)
        theirs = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, theirs[1]), pass_on(theirs[0], writer))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1], clients


async def test_who_asks_between_a_farewell_and_the_end_of_the_connection_has_lost_it_like_any_other(server):
    async with relay(server.port) as (port, clients):
        link = Link(f"postgresql://postgres@127.0.0.1:{port}/postgres", 10)
        first = await ask(link, "SELECT pg_backend_pid()")
        clients[0].write(b"E" + (len(GOODBYE) + 4).to_bytes(4) + GOODBYE)
        # Until others have been answered the farewell has arrived.
        for _ in range(3):
            other = Link(server.dsn, 10)
            await ask(other)
            await other.close()
        with pytest.raises(JournalUnavailable, match="cannot be used"):
            await ask(link)
        assert await ask(link, "SELECT pg_backend_pid()") != first
        await link.close()
