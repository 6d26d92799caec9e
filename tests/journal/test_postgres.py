"""The journal on PostgreSQL; what it shares with the others is in test_journal.py."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import Entry, Journal, Letter, Verdict, forgotten, versions
from punnet.journal.link import Link
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import APPLICATION, PostgresJournal
from punnet.journal.rows import unreadable
from punnet.market import Action, Erased, Fact, Order, Record, UserAction
from punnet.protocol import codec
from tests.journal.test_journal import (
    FACTS,
    FARM,
    action,
    append,
    facts,
    letter,
    order,
    purchase,
    read,
    records,
)
from tests.servers.postgres import Throwaway


@pytest.fixture(scope="module")
def server() -> Iterator[Throwaway]:
    """A server to stop and to kill."""
    server = Throwaway()
    yield server
    server.close()


@asynccontextmanager
async def opened(url: str, **known: object) -> AsyncIterator[PostgresJournal]:
    journal = await PostgresJournal.open(url, **known)
    yield journal
    await journal.close()


async def run(url: str, sql: str) -> list[asyncpg.Record]:
    """Do what somebody with psql does."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def script(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_what_was_appended_is_there_the_next_time(postgres_url):
    kept = records(*FACTS)
    async with opened(postgres_url) as journal:
        identity = journal.identity
        await append(journal, kept)
    async with opened(postgres_url) as journal:
        assert journal.identity == identity != ""
        assert await read(journal) == kept
        again = [Verdict.DUPLICATE, Verdict.CONFLICT]
        assert await append(journal, records(order("o1"), order("o1", 7), at=5)) == again


async def test_markets_in_one_database_know_nothing_of_each_other(postgres_url):
    async with opened(postgres_url) as main, opened(postgres_url, market="north") as north:
        assert main.identity != north.identity
        await append(main, records(order("o1"), action("e1")))
        assert await append(north, records(order("o1", 5))) == [Verdict.ACCEPTED]
        assert (await north.append([Entry(1, (FARM,))])).last == 2
        await main.erase("ann", 9)
        assert (main.erasures, north.erasures) == (1, 0)
        assert await north.find("o:o1") == order("o1", 5)
        assert await north.records_of("ann") == records(order("o1", 5))


async def test_tables_are_not_changed_while_somebody_uses_them(postgres_url):
    refused = r"PostgreSQL \(.*\) is in use by another version of punnet; stop all that are; mend that"
    async with opened(postgres_url) as journal:
        await append(journal, records(FARM))
        await run(postgres_url, "UPDATE punnet_schema SET version = 2")
        with pytest.raises(BadSetting, match=refused):
            await PostgresJournal.open(postgres_url, patience=0.2)
        await run(postgres_url, f"UPDATE punnet_schema SET version = {versions.latest('postgres')}")
        assert await append(journal, records(FARM)) == [Verdict.ACCEPTED]


async def test_who_needs_a_market_alone_keeps_others_out(postgres_url):
    """A Punnet of an earlier version does."""
    async with opened(postgres_url) as journal:
        name = APPLICATION, journal._number
    holder = await asyncpg.connect(postgres_url)
    await holder.execute("SELECT pg_advisory_lock($1, $2)", *name)
    with pytest.raises(BadSetting, match="in use by another version of punnet; mend that, or name another"):
        await PostgresJournal.open(postgres_url, patience=0.2)
    await holder.close()
    async with opened(postgres_url):
        pass


async def test_several_write_one_journal_in_one_order_without_a_gap(postgres_url):
    async with opened(postgres_url) as one, opened(postgres_url) as two, opened(postgres_url) as three:
        writers, calls = (one, two, three), []
        for number in range(60):
            entries = [Entry(number, (action(f"e{number}-{each}"),)) for each in range(number % 3 + 1)]
            calls.append(asyncio.create_task(writers[number % 3].append(entries)))
        kept = await asyncio.gather(*calls)
        rows = await run(postgres_url, "SELECT seq, key FROM journal ORDER BY seq")
        assert [row["seq"] for row in rows] == list(range(1, 121))
        for number, each in enumerate(kept):
            keys = [f"e:e{number}-{one}" for one in range(number % 3 + 1)]
            assert [row["key"] for row in rows[each.before : each.last]] == keys
        assert await read(one) == await read(two) == await read(three)


async def test_what_another_process_kept_is_known_to_all(postgres_url):
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        assert await append(one, records(order("o1"), action("e1"))) == [Verdict.ACCEPTED] * 2
        again = records(order("o1"), action("e1", other=True), FARM)
        told = await two.append([Entry(record.at, (record.fact,)) for record in again])
        assert told == ([Verdict.DUPLICATE, Verdict.CONFLICT, Verdict.ACCEPTED], 2, 3)
        assert await two.append([Entry(5, (order("o1"),))]) == ([Verdict.DUPLICATE], 3, 3)


async def test_the_same_id_sent_to_two_processes_at_once_is_kept_once(postgres_url):
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        for number in range(20):
            entry = [Entry(number, (action(f"e{number}"),))]
            told = await asyncio.gather(one.append(entry), two.append(entry))
            assert sorted(each.verdicts for each in told) == [[Verdict.ACCEPTED], [Verdict.DUPLICATE]]


async def test_what_was_erased_by_another_process_does_not_come_back(postgres_url):
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        await append(one, records(action("e1")))
        assert await two.erase("ann", 9) == 1
        assert await append(one, records(action("e1"))) == [Verdict.DUPLICATE]
        assert one.erasures == two.erasures == 1
        assert await facts(one) == [Erased(action=UserAction.SEARCH), forgotten("ann")]


async def test_who_looked_before_an_erasure_brings_nothing_of_it_back(postgres_url):
    async with opened(postgres_url) as two, answers_held(postgres_url) as (url, way), opened(url) as one:
        await two.erase("cem", 8)
        assert await append(one, records(action("e1"))) == [Verdict.ACCEPTED]
        gate = way.hold()
        again = asyncio.create_task(append(one, records(action("e1"))))
        await way.held.wait()
        await two.erase("ann", 9)
        one._reader._drop()
        assert await facts(one) == [forgotten("cem"), Erased(action=UserAction.SEARCH), forgotten("ann")]
        gate.set()
        assert await again == [Verdict.DUPLICATE]


async def test_an_erasure_meets_what_comes_in_elsewhere_meanwhile(postgres_url):
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        calls = [append(one, records(action(f"e{number}"))) for number in range(40)]
        *_, erased = await asyncio.gather(*calls, two.erase("ann", 9))
        kept = await facts(one)
        at = kept.index(forgotten("ann"))
        assert kept == [Erased(action=UserAction.SEARCH)] * at + [forgotten("ann")] + [
            action(f"e{number}") for number in range(at, 40)
        ]
        assert erased == at


async def test_one_process_sends_letters_and_another_once_that_is_gone(postgres_url):
    async with opened(postgres_url) as two:
        async with opened(postgres_url) as one:
            await one.append([Entry(1, purchase("e1", order("o1")), letter("o1"))])
            assert await one.letters(9, 9) == [letter("o1")]
            assert await two.letters(9, 9) == []
            await cut_off(postgres_url, one._mail)
            assert await two.letters(9, 9) == [letter("o1")]
            assert await one.letters(9, 9) == []
        assert await two.letters(9, 9) == [letter("o1")]


async def test_a_closed_journal_is_unavailable(postgres_url):
    journal = await PostgresJournal.open(postgres_url)
    await journal.close()
    for work in (append(journal, records(FARM)), journal.find("o:o1")):
        with pytest.raises(JournalUnavailable, match="is closed"):
            await work


async def test_a_newer_journal_is_left_alone(postgres_url):
    async with opened(postgres_url):
        pass
    await run(postgres_url, "UPDATE punnet_schema SET version = 99")
    with pytest.raises(BadFile, match=r"was written by a newer Punnet \(schema 99\); install that one"):
        await PostgresJournal.open(postgres_url)


async def test_a_journal_of_the_first_version_is_brought_up_to_date(postgres_url):
    first = (versions.ROOM / "migrations" / "postgres" / "0001_journal.sql").read_text("utf-8")
    body = codec.write(FARM).decode().replace("'", "''")
    fact = f"INSERT INTO journal VALUES ('main', 1, 1e9, 'farm', NULL, NULL, '{body}')"
    await script(postgres_url, f"{first} INSERT INTO punnet_schema VALUES (1); {fact}")
    for _ in range(2):
        async with opened(postgres_url) as journal:
            assert await read(journal) == records(FARM)
    assert await run(postgres_url, "SELECT name FROM farms") == [(FARM.name,)]
    assert await run(postgres_url, "SELECT version FROM punnet_schema") == [(versions.latest("postgres"),)]


async def test_a_database_of_another_program_is_left_alone(postgres_url):
    await run(postgres_url, "CREATE TABLE journal (note text)")
    refused = 'another program: relation "journal" already exists; make a database for Punnet alone'
    with pytest.raises(BadFile, match=refused):
        await PostgresJournal.open(postgres_url)
    tables = await run(postgres_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert [row["tablename"] for row in tables] == ["journal"]


async def test_a_database_that_does_not_keep_unicode_is_refused(postgres):
    name = f"punnet_{uuid.uuid4().hex}"
    await postgres.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(BadSetting, match="does not keep Unicode; make a database with ENCODING 'UTF8'"):
            await PostgresJournal.open(postgres._url(name))
    finally:
        await postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "/nowhere"}, 'database "nowhere" does not exist'),
        ({"netloc": "me:secret@127.0.0.1:1"}, "Connection refused"),
    ],
)
async def test_a_database_that_cannot_be_had_is_told_in_a_sentence(postgres_url, change, said):
    url = urlsplit(postgres_url)._replace(**change).geturl()
    with pytest.raises(BadSetting) as refused:
        await PostgresJournal.open(url)
    sentence = str(refused.value)
    assert sentence.endswith(f"cannot be used: {said}; mend that, or name another database in DATABASE_URL")
    assert "secret" not in sentence


@pytest.mark.parametrize("password", ["se/cret", "se#cret", "se@cret"])
async def test_a_url_that_is_not_understood_is_told_without_its_password(password):
    with pytest.raises(
        BadSetting, match="DATABASE_URL is not understood; write postgresql://USER"
    ) as refused:
        await PostgresJournal.open(f"postgresql://me:{password}@127.0.0.1/market")
    assert "cret" not in str(refused.value)


@pytest.mark.parametrize("change", ["kind = 'rumour'", "body = '7'", "body = '{}'"])
async def test_a_record_that_cannot_be_read_is_named(postgres_url, change):
    async with opened(postgres_url) as journal:
        await append(journal, records(FARM, FARM))
        await run(postgres_url, f"UPDATE journal SET {change} WHERE seq = 2")
        with pytest.raises(BadFile, match=r"record 2 of PostgreSQL \(.*\) cannot be read"):
            await read(journal)


async def test_of_who_is_erased_nothing_is_left_in_the_tables(postgres_url):
    async with opened(postgres_url) as journal:
        await append(journal, records(action("e-1", searchQuery="nettles"), FARM))
        await journal.append([Entry(1, purchase("e-2", order("o-1")), letter("o-1"))])
        await journal.erase("ann", 9)
    rows = await run(postgres_url, "SELECT key, user_id, body::text FROM journal ORDER BY seq")
    keys = unreadable("e:e-1"), None, unreadable("o:o-1"), unreadable("e:e-2"), None
    assert [(row["key"], row["user_id"]) for row in rows] == [(key, None) for key in keys]
    assert not any("ann" in row["body"] for row in rows)
    assert await run(postgres_url, "SELECT * FROM outbox") == []


async def test_of_who_is_erased_no_dead_row_is_left_and_no_key(server):
    async with server.database() as url:
        async with opened(url) as journal:
            await append(journal, records(action("e-of-ann", searchQuery="nettles")))
            assert b"nettles" in await stored(url, "journal")
            assert b"e-of-ann" in await stored(url, "journal_market_key_key")
            await journal.erase("ann", 9)
            await journal.scrub()
        assert b"nettles" not in await stored(url, "journal")
        assert b"e-of-ann" not in await stored(url, "journal_market_key_key")


async def test_an_erasure_is_not_done_while_somebody_reads_from_before_it(server):
    async with server.database() as url, opened(url, patience=0.5) as journal:
        await append(journal, records(action("e1", searchQuery="nettles")))
        reader = await asyncpg.connect(url)
        async with reader.transaction(isolation="repeatable_read"):
            assert await reader.fetchval("SELECT count(*) FROM journal") == 1
            await journal.erase("ann", 9)
            with pytest.raises(JournalUnavailable, match="what was erased still stands there"):
                await journal.scrub()
        await journal.scrub()
        await reader.close()
        assert b"nettles" not in await stored(url, "journal")


async def test_a_sent_letter_leaves_no_address(postgres_url):
    async with opened(postgres_url) as journal:
        await journal.append([Entry(1, purchase("e1", order("o1")), letter("o1"))])
        await journal.sent("o1")
    (row,) = await run(postgres_url, "SELECT id, address, due FROM outbox")
    assert tuple(row) == ("o1", "", None)


async def test_a_statement_that_fails_keeps_nothing_and_the_next_one_works(postgres_url):
    async with opened(postgres_url) as journal:
        await run(postgres_url, "ALTER TABLE journal RENAME TO elsewhere")
        with pytest.raises(JournalUnavailable, match='relation "journal" does not exist'):
            await append(journal, records(order("o1")))
        await run(postgres_url, "ALTER TABLE elsewhere RENAME TO journal")
        entry = Entry(1, purchase("e1", order("o1")), letter("o1"))
        await run(postgres_url, "ALTER TABLE journal ADD CONSTRAINT calm CHECK (key <> 'e:e1')")
        with pytest.raises(JournalUnavailable, match="violates check constraint"):
            await journal.append([entry])
        assert (await read(journal), await journal.letters(9, 9)) == ([], [])
        await run(postgres_url, "ALTER TABLE journal DROP CONSTRAINT calm")
        assert await journal.append([entry]) == ([Verdict.ACCEPTED], 0, 2)


async def test_it_heals_when_the_server_comes_back(server):
    async with server.database() as url, opened(url) as journal:
        kept = records(order("o1"), action("e1"), FARM)
        assert await append(journal, kept) == [Verdict.ACCEPTED] * 3
        for number, end in enumerate((server.stop, server.kill)):
            end()
            for work in (
                append(journal, records(FARM)),
                journal.find("o:o1"),
                read(journal),
                journal.erase("bob", 9),
                journal.scrub(),
            ):
                with pytest.raises(JournalUnavailable):
                    await work
            server.start()
            assert await read(journal) == kept
            assert await append(journal, records(order("o1"))) == [Verdict.DUPLICATE]
            kept += (more := records(order(f"next {number}"), at=7))
            assert await append(journal, more) == [Verdict.ACCEPTED]
        assert await read(journal) == kept
        assert journal.erasures == 0


async def test_the_market_is_held_again_after_the_connection_was_lost(postgres_url):
    async with opened(postgres_url) as journal:
        await cut_off(postgres_url, journal._writer)
        await append(journal, records(FARM))
        locks = "SELECT mode, count(*) FROM pg_locks WHERE locktype = 'advisory' GROUP BY mode"
        assert [row["mode"] for row in await run(postgres_url, locks)] == ["ShareLock"]


async def test_who_lost_the_market_to_another_version_does_not_write(postgres_url):
    journal = await PostgresJournal.open(postgres_url, patience=0.5)
    holder = await asyncpg.connect(postgres_url)
    alone = "SELECT pg_advisory_lock($1, $2)"
    taking = asyncio.create_task(holder.execute(alone, APPLICATION, journal._number))
    await cut_off(postgres_url, journal._writer)
    await taking
    with pytest.raises(JournalUnavailable, match="in use by another version of punnet"):
        await append(journal, records(FARM))
    await holder.close()
    assert await append(journal, records(FARM)) == [Verdict.ACCEPTED]
    await journal.close()


async def test_who_lost_the_market_while_tables_were_changed_does_not_write(postgres_url):
    async with opened(postgres_url) as journal:
        await append(journal, records(FARM))
        await cut_off(postgres_url, journal._writer)
        await run(postgres_url, "UPDATE punnet_schema SET version = version + 1")
        with pytest.raises(
            JournalUnavailable, match="was brought up to date by another Punnet; start that one"
        ):
            await append(journal, records(FARM))
        await run(postgres_url, "UPDATE punnet_schema SET version = version - 1")
        assert await append(journal, records(FARM)) == [Verdict.ACCEPTED]


async def test_a_statement_that_nobody_waits_for_any_more_ends_by_itself(postgres_url):
    """The server is held up within an insert that its client gave up."""
    hold = """
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
    'BEGIN PERFORM pg_advisory_lock_shared(7); RETURN NEW; END';
    CREATE TRIGGER hold BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION hold()
    """
    async with opened(postgres_url, patience=1.0) as journal:
        await script(postgres_url, hold)
        holder = await asyncpg.connect(postgres_url)
        await holder.execute("SELECT pg_advisory_lock(7)")
        with pytest.raises(JournalUnavailable, match="it does not answer"):
            await append(journal, records(order("o1")))
        assert await read(journal) == []
        held = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        for _ in range(2_000):
            if not await run(postgres_url, held):
                break
            await asyncio.sleep(0.01)
        await holder.close()
        assert await read(journal) == []
        assert await append(journal, records(order("o1"))) == [Verdict.ACCEPTED]


async def test_a_commit_whose_answer_was_lost_is_found_again(postgres_url):
    async with answers_lost(postgres_url) as (url, cut), opened(url) as journal:
        before = await journal.append([Entry(1, (FARM,))])
        cut.set()
        with pytest.raises(JournalUnavailable):
            await journal.append([Entry(2, purchase("e1", order("o1")))])
        cut.clear()
        (batch,) = [batch async for batch in journal.read(before.last)]
        assert [record.fact for record in batch.records] == list(purchase("e1", order("o1")))
        again = [Entry(3, purchase("e1", order("o1"))), Entry(3, (FARM,))]
        told = [Verdict.DUPLICATE, Verdict.ACCEPTED]
        assert await journal.append(again) == (told, batch.last, batch.last + 1)


async def test_what_fails_when_it_is_committed_was_not_kept_and_the_next_is(postgres_url):
    refuse = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not today''; END';
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse()
    """
    async with opened(postgres_url) as journal:
        await append(journal, records(order("o1")))
        await script(postgres_url, refuse)
        with pytest.raises(JournalUnavailable, match="not today"):
            await append(journal, records(order("o1"), order("o2")))
        with pytest.raises(JournalUnavailable, match="not today"):
            await journal.erase("ann", 9)
        await run(postgres_url, "DROP TRIGGER refuse ON journal")
        assert await read(journal) == records(order("o1"))
        told = [Verdict.DUPLICATE, Verdict.ACCEPTED]
        assert await append(journal, records(order("o1"), order("o2"))) == told


@pytest.mark.parametrize(
    "damage",
    ["UPDATE market SET last = 1", "UPDATE market SET identity = 'x'", "DELETE FROM market"],
)
async def test_a_journal_that_was_put_back_to_an_earlier_day_is_not_written_to(postgres_url, damage):
    async with opened(postgres_url) as journal:
        await append(journal, records(FARM, order("o1")))
        await run(postgres_url, damage)
        await cut_off(postgres_url, journal._writer)
        for _ in range(2):
            with pytest.raises(
                JournalUnavailable, match="holds another journal than before; start punnet again"
            ):
                await append(journal, records(FARM))


async def test_who_gives_up_does_not_disturb_the_next(postgres_url):
    async with opened(postgres_url) as journal:
        appending = asyncio.create_task(append(journal, records(order("o1"))))
        await asyncio.sleep(0)
        appending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await appending
        assert await append(journal, records(order("o1"))) in ([Verdict.ACCEPTED], [Verdict.DUPLICATE])


def facts_of(user: str, number: int, quantity: int) -> tuple[Order, Action]:
    bought = structs.replace(order(f"o{number}", quantity), user_id=user)
    return bought, structs.replace(action(f"e{number}", n=quantity), user_id=user)


@st.composite
def drawn_entries(draw: st.DrawFn) -> Entry:
    """Draw an entry of few ids, so that many meet again: in one call, in two, and erased in between."""
    small = st.integers(1, 3)
    user = draw(st.sampled_from(["ann", "bob"]))
    bought, _ = facts_of(user, draw(small), draw(st.integers(1, 2)))
    did = facts_of(user, draw(small), draw(st.integers(1, 2)))[1]
    drawn: tuple[Fact, ...] = draw(st.sampled_from([(bought,), (did,), (bought, did), (FARM,)]))
    owed = Letter(id=bought.id, user_id=user, address=f"{user}@example.org")
    return Entry(draw(st.integers(1, 9)), drawn, owed if draw(st.booleans()) else None)


async def state(journal: Journal) -> tuple[list[Record], list[Letter], list[Fact | None], int]:
    keys = [f"{kind}:{kind}{number}" for kind in "oe" for number in (1, 2, 3)]
    owed = sorted(await journal.letters(99, 99), key=lambda letter: letter.id)
    return await read(journal), owed, [await journal.find(key) for key in keys], journal.erasures


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(drawn_entries(), max_size=5) | st.sampled_from(["ann", "bob"]), max_size=5))
async def test_any_entries_are_judged_and_kept_as_in_memory(lasting_url, steps):
    memory = MemoryJournal()
    async with opened(lasting_url, market=uuid.uuid4().hex) as journal:
        for step in steps:
            if isinstance(step, str):
                assert await journal.erase(step, 9) == await memory.erase(step, 9)
            else:
                assert await journal.append(step) == await memory.append(step)
        assert await state(journal) == await state(memory)


async def stored(url: str, relation: str) -> bytes:
    """Return the bytes of a table or an index on the disk."""
    await run(url, "CHECKPOINT")
    (row,) = await run(url, f"SELECT pg_read_binary_file(pg_relation_filepath('{relation}')) AS bytes")
    return row["bytes"]


async def cut_off(url: str, link: Link) -> None:
    """End the server's process behind a link, and return once both sides know."""
    connection = link._connection
    assert connection is not None
    await run(url, f"SELECT pg_terminate_backend({connection.get_server_pid()}, 5000)")
    for _ in range(10_000):
        if connection.is_closed():
            return
        await asyncio.sleep(0)
    raise AssertionError("the connection is still there")


@asynccontextmanager
async def answers_lost(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Yield the URL of a way to the server, and what makes it cut whoever has written a commit.

    A connection is cut when the first answer to a data-carrying statement comes back: the server has done it.
    """
    there = urlsplit(url)
    cut = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: bool) -> None:
        while data := await reader.read(65_536):
            if back and cut.is_set() and b"SELECT 1" in data:
                break
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        ways = carry(reader, far_writer, back=False), carry(far_reader, writer, back=True)
        await asyncio.gather(*ways, return_exceptions=True)

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as way:
        yield through(url, way), cut


class Way:
    """A way to a server on which answers can be held; `held` is set when one is."""

    def __init__(self, there: str) -> None:
        self.held = asyncio.Event()
        self._there = urlsplit(there)
        self._gate = _open_gate()

    def hold(self) -> asyncio.Event:
        """Hold all answers on the connections that are there, until what is returned is set."""
        gate, self._gate = self._gate, _open_gate()
        gate.clear()
        return gate

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate = self._gate
        far_reader, far_writer = await asyncio.open_connection(self._there.hostname, self._there.port)
        ways = self._carry(reader, far_writer, _open_gate()), self._carry(far_reader, writer, gate)
        await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        while data := await reader.read(65_536):
            if not gate.is_set():
                self.held.set()
                await gate.wait()
            writer.write(data)
        writer.close()


def _open_gate() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


@asynccontextmanager
async def answers_held(url: str) -> AsyncIterator[tuple[str, Way]]:
    """Yield the URL of a way to the server, and what holds answers on it."""
    way = Way(url)
    async with await asyncio.start_server(way.connected, "127.0.0.1", 0) as listener:
        yield through(url, listener), way


def through(url: str, listener: asyncio.Server) -> str:
    """Return the URL of the same database at another address."""
    there, port = urlsplit(url), listener.sockets[0].getsockname()[1]
    user = f"{there.username}@" if there.username else ""
    return there._replace(netloc=f"{user}127.0.0.1:{port}").geturl()
