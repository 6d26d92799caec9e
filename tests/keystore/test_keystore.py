"""What every store of keys does, whatever it is made of, and how those beside a journal come to a table."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import asyncpg
import pytest

from punnet.errors import BadFile, BadSetting, Conflict, JournalUnavailable
from punnet.journal import versions
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.keys import Role, StoredKey, new_key
from punnet.keystore import KeyStore
from punnet.keystore.memory import MemoryKeys
from punnet.keystore.opening import open_keys
from punnet.keystore.postgres import PostgresKeys
from punnet.keystore.sqlite import SqliteKeys


@asynccontextmanager
async def of_memory(_: pytest.FixtureRequest) -> AsyncIterator[MemoryKeys]:
    yield MemoryKeys()


@asynccontextmanager
async def of_sqlite(request: pytest.FixtureRequest) -> AsyncIterator[SqliteKeys]:
    yield await SqliteKeys.open(request.getfixturevalue("tmp_path") / "market.db")


@asynccontextmanager
async def of_postgres(request: pytest.FixtureRequest) -> AsyncIterator[PostgresKeys]:
    async with request.getfixturevalue("postgres").database() as url:
        yield await PostgresKeys.open(url)


@pytest.fixture(params=[of_memory, of_sqlite, of_postgres])
async def keys(request: pytest.FixtureRequest) -> AsyncIterator[KeyStore]:
    async with request.param(request) as keys:
        yield keys
        await keys.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "market.db"


def key(role: Role = Role.SHOP, at: float = 1e9, note: str = "") -> StoredKey:
    return new_key(role, at=at, note=note)[1]


def former(database: str, steps: int) -> str:
    folder = versions.ROOM / "migrations" / database
    ordered = sorted(folder.iterdir(), key=lambda step: step.name)
    return "".join(step.read_text("utf-8") for step in ordered[:steps])


def make_former_file(path) -> None:
    stamp = f"PRAGMA application_id = {int.from_bytes(b'Punt')}; PRAGMA user_version = 3;"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(former("sqlite", 3) + stamp)


async def run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def test_a_new_store_has_no_keys(keys):
    assert await keys.all() == []


async def test_keys_come_back_as_they_went_in_the_oldest_first(keys):
    made = [
        key(role, at, note) for at, (role, note) in enumerate(zip(Role, ("", "Høje 'x'", "b"), strict=True))
    ]
    for each in reversed(made):
        await keys.add(each)
    assert await keys.all() == made


async def test_several_keys_have_one_role_at_a_time(keys):
    first, second = key(Role.BACK_END, 1), key(Role.BACK_END, 2)
    await keys.add(first)
    await keys.add(second)
    assert await keys.remove(first.id) is True
    assert await keys.all() == [second]


async def test_a_key_is_removed_once_and_no_other_with_it(keys):
    kept, gone = key(), key()
    await keys.add(kept)
    await keys.add(gone)
    assert [await keys.remove(each) for each in (gone.id, gone.id, "", "%")] == [True, False, False, False]
    assert await keys.all() == [kept]


async def test_an_id_that_is_taken_is_a_conflict_and_changes_nothing(keys):
    first = key()
    await keys.add(first)
    other = StoredKey(id=first.id, role=Role.ADMIN, digest="ff", note="", created_at=0)
    with pytest.raises(Conflict, match=f"Another key has the id {first.id}"):
        await keys.add(other)
    assert await keys.all() == [first]


async def test_a_store_that_is_shown_shows_no_digest(keys):
    made = key()
    await keys.add(made)
    assert made.digest not in f"{keys!r}{vars(keys)!r}{await keys.all()!r}"


async def test_where_keys_are_kept_follows_from_where_the_journal_is(path, postgres_url):
    for place, kind in ((None, MemoryKeys), (path, SqliteKeys), (postgres_url, PostgresKeys)):
        keys = await open_keys(place)
        assert isinstance(keys, kind)
        await keys.close()


# ----------------------------------------------------------------------------------------------------- SQLite


async def test_a_file_is_used_beside_the_journal_that_holds_it(path):
    journal = await SqliteJournal.open(path)
    keys = await SqliteKeys.open(path)
    made = key()
    await keys.add(made)
    assert await (await SqliteKeys.open(path)).all() == [made]
    await journal.close()
    assert await keys.remove(made.id)


async def test_markets_in_one_file_have_keys_of_their_own(path):
    keys, others = await SqliteKeys.open(path), await SqliteKeys.open(path, market="other")
    await keys.add(key())
    assert await others.all() == []


async def test_a_file_that_nobody_holds_is_brought_up_to_date(path):
    make_former_file(path)
    keys = await SqliteKeys.open(path)
    await keys.add(key())
    journal = await SqliteJournal.open(path)
    await journal.close()
    assert len(await keys.all()) == 1


async def test_a_former_file_that_a_server_holds_is_left_alone_in_one_sentence(path):
    journal = await SqliteJournal.open(path)
    path.unlink()
    make_former_file(path)
    with pytest.raises(BadSetting, match=r"has no place for keys yet; start the server once on this version"):
        await SqliteKeys.open(path)
    await journal.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (3,)


async def test_files_that_cannot_have_keys_are_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE theirs (x)")
    with pytest.raises(BadFile, match="belongs to another program"):
        await SqliteKeys.open(tmp_path / "other.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as database:
        database.executescript(
            f"PRAGMA application_id = {int.from_bytes(b'Punt')}; PRAGMA user_version = 99;"
        )
    with pytest.raises(BadFile, match=r"written by a newer Punnet \(schema 99\)"):
        await SqliteKeys.open(tmp_path / "newer.db")
    (tmp_path / "text.db").write_text("no database" * 100)
    with pytest.raises(BadSetting, match="cannot be used: file is not a database"):
        await SqliteKeys.open(tmp_path / "text.db")
    with pytest.raises(BadSetting, match="cannot be used: No such file or directory"):
        await SqliteKeys.open(tmp_path / "nowhere" / "market.db")


async def test_a_file_that_went_away_or_is_locked_is_unavailable_and_then_as_before(path):
    keys = await SqliteKeys.open(path, patience=0.01)
    await keys.add(key())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="database is locked"):
            await keys.add(key())
        assert len(await keys.all()) == 1
        other.execute("ROLLBACK")
    path.rename(path.with_suffix(".aside"))
    with pytest.raises(JournalUnavailable, match="unable to open database file"):
        await keys.all()
    path.with_suffix(".aside").rename(path)
    assert len(await keys.all()) == 1


async def test_a_role_that_does_not_exist_is_a_file_that_cannot_be_read(path):
    keys = await SqliteKeys.open(path)
    made = key()
    await keys.add(made)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE api_key SET role = 'boss'")
    with pytest.raises(BadFile, match=f"The key {made.id} has the unknown role boss; revoke it"):
        await keys.all()
    assert await keys.remove(made.id)


# ------------------------------------------------------------------------------------------------- PostgreSQL


async def test_a_database_is_used_beside_the_journals_in_it(postgres_url):
    journal = await PostgresJournal.open(postgres_url)
    keys, others = await PostgresKeys.open(postgres_url), await PostgresKeys.open(postgres_url, market="x")
    made = key()
    await keys.add(made)
    assert (await keys.all(), await others.all()) == ([made], [])
    for each in (keys, others, journal):
        await each.close()


async def test_a_former_database_is_brought_up_to_date(postgres_url):
    await run(postgres_url, former("postgres", 3) + "INSERT INTO punnet_schema VALUES (3)")
    keys = await PostgresKeys.open(postgres_url)
    await keys.add(key())
    assert len(await keys.all()) == 1
    await keys.close()


async def test_a_database_that_cannot_be_had_is_refused_without_the_password(postgres_url):
    with pytest.raises(BadSetting, match=r"PostgreSQL \(127.0.0.1:1/x\) cannot be used") as refused:
        await PostgresKeys.open("postgresql://ann:hush@127.0.0.1:1/x")
    assert "hush" not in str(refused.value)
    with pytest.raises(BadSetting, match="DATABASE_URL is not understood"):
        await PostgresKeys.open("postgresql://localhost:port/x")
    await run(postgres_url, former("postgres", 1) + "INSERT INTO punnet_schema VALUES (99)")
    with pytest.raises(BadFile, match="written by a newer Punnet"):
        await PostgresKeys.open(postgres_url)
