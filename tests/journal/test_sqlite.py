"""The journal in a file; what it shares with the others is in test_journal.py."""

import asyncio
import ctypes
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from msgspec import structs

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import Entry, Letter, Verdict, versions
from punnet.journal.rows import row_of
from punnet.journal.sqlite import SqliteJournal
from tests.journal.test_journal import FACTS, FARM, action, append, order, read, records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "market.db"


@asynccontextmanager
async def opened(path: Path, **known: object) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path, **known)
    yield journal
    await journal.close()


def run(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(sql)


async def test_what_was_appended_is_there_after_a_restart(path):
    kept = records(*FACTS)
    async with opened(path) as journal:
        await append(journal, kept)
    async with opened(path) as journal:
        assert await read(journal) == kept
        assert await append(journal, records(order("o1"), order("o1", 7), at=5)) == [
            Verdict.DUPLICATE,
            Verdict.CONFLICT,
        ]


async def test_what_was_appended_is_there_without_closing(path, tmp_path):
    async with opened(path) as journal:
        await append(journal, records(FARM, order("o1"), action("e1")))
        copy = tmp_path / "copy.db"
        for suffix in ("", "-wal"):
            Path(f"{copy}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
        async with opened(copy) as other:
            assert await read(other) == await read(journal) == records(FARM, order("o1"), action("e1"))


async def test_markets_in_one_file_know_nothing_of_each_other(path):
    async with opened(path) as journal:
        await append(journal, records(order("o1")))
    async with opened(path, market="north") as north:
        assert await read(north) == []
        assert await append(north, records(order("o1", 5))) == [Verdict.ACCEPTED]
        assert await read(north) == records(order("o1", 5))
    async with opened(path) as journal:
        assert await read(journal) == records(order("o1"))


async def test_the_kept_text_can_be_read_with_other_tools(path):
    async with opened(path) as journal:
        await append(journal, records(order("o1")))
    with closing(sqlite3.connect(path)) as database:
        row = database.execute("SELECT market, kind, key, json_extract(body, '$.userId') FROM journal")
        assert row.fetchone() == ("main", "order", "o:o1", "ann")


async def test_commits_wait_for_the_disk(path):
    async with opened(path) as journal:
        assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_a_second_holder_is_refused_until_the_first_lets_go(path):
    async with opened(path):
        with pytest.raises(BadSetting, match="in use by another punnet; stop that one"):
            await SqliteJournal.open(path)
    await (await SqliteJournal.open(path)).close()


async def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="No such file or directory; name a file in a folder of yours"):
        await SqliteJournal.open(tmp_path / "nowhere" / "market.db")


async def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(BadSetting, match="unable to open database file; name another file"):
        await SqliteJournal.open(tmp_path)


async def test_a_file_that_is_not_sqlite_is_left_alone(path):
    path.write_text("id,name\nhill,Hill Farm\n" * 100)
    before = path.read_bytes()
    with pytest.raises(BadFile, match="file is not a database; name another file"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


async def test_a_database_of_another_program_is_left_alone(path):
    run(path, "CREATE TABLE journal (note TEXT)")
    before = path.read_bytes()
    with pytest.raises(BadFile, match="belongs to another program"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


async def test_a_journal_of_a_newer_version_is_left_alone(path):
    await (await SqliteJournal.open(path)).close()
    run(path, "PRAGMA user_version = 9")
    with pytest.raises(BadFile, match=r"written by a newer Punnet \(schema 9\)"):
        await SqliteJournal.open(path)


async def test_a_refused_file_is_not_held(path):
    run(path, "CREATE TABLE notes (note TEXT)")
    for _ in range(2):
        with pytest.raises(BadFile, match="another program"):
            await SqliteJournal.open(path)


async def test_an_empty_file_becomes_a_journal(path):
    path.touch()
    async with opened(path) as journal:
        assert await append(journal, records(FARM)) == [Verdict.ACCEPTED]


async def test_while_another_program_writes_nothing_is_kept_and_afterwards_it_heals(path):
    async with opened(path, patience=0.01) as journal:
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="database is locked"):
            await append(journal, records(order("o1")))
        other.close()
        assert await read(journal) == []
        assert await append(journal, records(order("o1"))) == [Verdict.ACCEPTED]


async def test_a_commit_that_fails_halfway_leaves_nothing_open(path):
    async with opened(path) as journal:
        run(path, "ALTER TABLE journal RENAME TO elsewhere")
        with pytest.raises(JournalUnavailable, match="no such table"):
            await append(journal, records(order("o1")))
        run(path, "ALTER TABLE elsewhere RENAME TO journal")
        assert await append(journal, records(order("o1"))) == [Verdict.ACCEPTED]


async def test_when_the_disk_is_full_nothing_of_the_batch_is_kept_and_afterwards_it_heals(path):
    batch = records(*(action(f"e{number}", words="kale " * 50) for number in range(2_000)))
    async with opened(path) as journal:
        await append(journal, records(FARM))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        try:
            with pytest.raises(JournalUnavailable, match="cannot be used"):
                await append(journal, batch)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert await read(journal) == records(FARM)
        assert await append(journal, batch) == [Verdict.ACCEPTED] * len(batch)
        assert await read(journal) == records(FARM) + batch


CAPABILITIES = 0x20080522
"""The version of the two calls below."""

OVERRIDING_MODES = 0b110
"""What lets root read and write a file whatever its mode."""


@pytest.fixture
def _bound_by_modes() -> Iterator[None]:
    """Have the modes of files apply to this thread, and to those it starts, even if it is root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, held = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    effective = held[0]
    held[0] = effective & ~OVERRIDING_MODES
    assert libc.capset(header, held) == 0
    yield
    held[0] = effective
    assert libc.capset(header, held) == 0


@pytest.mark.usefixtures("_bound_by_modes")
async def test_a_file_that_may_only_be_read_serves_for_reading_and_heals_once_it_may_be_written(path):
    async with opened(path) as journal:
        await append(journal, records(order("o1")))
    path.chmod(0o444)
    async with opened(path) as journal:
        for _ in range(2):
            with pytest.raises(JournalUnavailable, match="readonly"):
                await append(journal, records(order("o2")))
            assert await journal.find("o:o1") == order("o1")
            assert await read(journal) == records(order("o1"))
        path.chmod(0o644)
        assert await append(journal, records(order("o2"))) == [Verdict.ACCEPTED]
        assert [record.fact for record in await read(journal)] == [order("o1"), order("o2")]


@pytest.mark.usefixtures("_bound_by_modes")
async def test_a_journal_that_was_exchanged_under_a_worn_connection_is_not_written(path, tmp_path):
    other = tmp_path / "other.db"
    for made in (path, other):
        async with opened(made) as journal:
            await append(journal, records(order("o1")))
    path.chmod(0o444)
    async with opened(path) as journal:
        with pytest.raises(JournalUnavailable, match="readonly"):
            await append(journal, records(order("o2")))
        other.rename(path)
        for _ in range(2):
            with pytest.raises(BadFile, match="another journal than it was"):
                await append(journal, records(order("o2")))
    async with opened(path) as journal:
        assert await read(journal) == records(order("o1"))


async def test_a_batch_that_cannot_be_written_down_leaves_the_journal_usable(path):
    async with opened(path) as journal:
        with pytest.raises(UnicodeEncodeError):
            await append(journal, records(order("o1"), action("e1", text="\ud800")))
        assert await append(journal, records(order("o1"))) == [Verdict.ACCEPTED]


async def test_a_closed_journal_is_unavailable(path):
    journal = await SqliteJournal.open(path)
    await journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        await append(journal, records(FARM))


@pytest.mark.parametrize("change", ["kind = 'rumour'", "body = '{\"id\": 7}'", "body = 'kale'"])
async def test_a_row_that_is_no_record_is_named(path, change):
    async with opened(path) as journal:
        await append(journal, records(FARM, FARM))
    run(path, f"UPDATE journal SET {change} WHERE seq = 2")
    async with opened(path) as journal:
        with pytest.raises(BadFile, match=r"record 2 of .* cannot be read"):
            await read(journal)


async def test_a_damaged_file_is_said_to_be_damaged(path):
    async with opened(path) as journal:
        await append(journal, records(*(action(f"e{number}") for number in range(5_000))))
    pages = bytearray(path.read_bytes())
    pages[65_536:] = b"\xff" * (len(pages) - 65_536)
    path.write_bytes(pages)
    async with opened(path) as journal:
        with pytest.raises(JournalUnavailable, match="malformed"):
            await read(journal)


async def test_a_journal_keeps_its_name_and_counts_its_erasures(path):
    async with opened(path) as journal:
        name = journal.identity
        await append(journal, records(order("o1")))
        await journal.erase("ann", 9)
    async with opened(path) as journal:
        assert (journal.identity, journal.erasures) == (name, 1)
        assert await append(journal, records(order("o1"))) == [Verdict.DUPLICATE]


async def test_who_is_erased_is_in_no_byte_of_the_files(path):
    async with opened(path) as journal:
        told = structs.replace(action("e-of-ann", words="for ann-of-the-hill"), user_id="ann-of-the-hill")
        bought = structs.replace(order("o-of-ann"), user_id="ann-of-the-hill")
        letter = Letter(id="o-of-ann", user_id="ann-of-the-hill", address="ann-of-the-hill@example.org")
        await journal.append([Entry(1, (bought,), letter), Entry(1, (told,))])
        await append(journal, records(*(action(f"e{number}", words="kale " * 50) for number in range(500))))
        await journal.erase("ann-of-the-hill", 9)
        await journal.scrub()
        left = b"".join(Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal", "-shm"))
    assert b"kale" in left
    assert b"of-the-hill" not in left
    assert b"of-ann" not in left


async def test_while_another_program_reads_what_was_erased_it_is_not_claimed_to_be_gone(path):
    async with opened(path, patience=0.01) as journal:
        await append(journal, records(action("e1", words="of ann")))
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM journal").fetchall()
            assert await journal.erase("ann", 9) == 1
            with pytest.raises(JournalUnavailable, match="is being read, and what was erased"):
                await journal.scrub()
        await journal.scrub()
        assert b"of ann" not in b"".join(each.read_bytes() for each in path.parent.iterdir())


async def test_a_long_look_at_all_records_delays_no_writer(path):
    async with opened(path, patience=30) as journal:
        await append(journal, records(order("o1")))
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(append(journal, records(order("o2"))))
            await asyncio.sleep(0)
            assert len(await journal.records_of("ann")) == 1
            assert not writing.done()
            other.rollback()
        assert await writing == [Verdict.ACCEPTED]


FIRST_VERSION = f"""
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    market TEXT NOT NULL DEFAULT 'main',
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    body TEXT NOT NULL,
    UNIQUE (market, key)
);
PRAGMA application_id = {int.from_bytes(b"Punt")};
PRAGMA user_version = 1;
"""


async def test_a_journal_of_the_first_version_is_brought_up_to_date(path):
    run(path, FIRST_VERSION)
    with closing(sqlite3.connect(path)) as database:
        rows = [
            (record.at, row.kind, {"o": "order:", "e": "event:"}[row.key[0]] + row.key[2:], row.body.decode())
            for record in records(order("o1"), action("e1"))
            for row in [row_of(record.at, record.fact)]
        ]
        database.executemany("INSERT INTO journal (at, kind, key, body) VALUES (?, ?, ?, ?)", rows)
        database.commit()
    async with opened(path) as journal:
        assert await read(journal) == records(order("o1"), action("e1"))
        assert await append(journal, records(order("o1"), action("e1"))) == [Verdict.DUPLICATE] * 2
    async with opened(path) as journal:
        assert await read(journal) == records(order("o1"), action("e1"))


async def test_a_journal_from_before_the_views_gets_them_and_the_latest_version(path):
    steps = sorted((versions.ROOM / "migrations" / "sqlite").iterdir(), key=lambda step: step.name)[:2]
    stamp = f"PRAGMA application_id = {int.from_bytes(b'Punt')}; PRAGMA user_version = 2;"
    run(path, "".join(step.read_text() for step in steps) + stamp)
    for _ in range(2):
        await (await SqliteJournal.open(path)).close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (versions.latest("sqlite"),)
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (0,)


async def test_a_new_journal_is_of_the_latest_version(path):
    await (await SqliteJournal.open(path)).close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (versions.latest("sqlite"),)
