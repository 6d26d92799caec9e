"""The journal in a file; what it shares with the others is in test_journal.py."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import Verdict
from punnet.journal.sqlite import SqliteJournal
from tests.journal.test_journal import FACTS, FARM, action, order, read, records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "market.db"


def run(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(sql)


def test_what_was_appended_is_there_after_a_restart(path):
    kept = records(*FACTS)
    with closing(SqliteJournal(path)) as journal:
        journal.append(kept)
    with closing(SqliteJournal(path)) as journal:
        assert read(journal) == kept
        assert journal.append(records(order("o1"), order("o1", 7), at=5)) == [
            Verdict.DUPLICATE,
            Verdict.CONFLICT,
        ]


def test_what_was_appended_is_there_without_closing(path, tmp_path):
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(FARM, order("o1"), action("e1")))
        copy = tmp_path / "copy.db"
        for suffix in ("", "-wal"):
            Path(f"{copy}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
        with closing(SqliteJournal(copy)) as other:
            assert read(other) == read(journal) == records(FARM, order("o1"), action("e1"))


def test_markets_in_one_file_know_nothing_of_each_other(path):
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(order("o1")))
    with closing(SqliteJournal(path, market="north")) as north:
        assert read(north) == []
        assert north.append(records(order("o1", 5))) == [Verdict.ACCEPTED]
        assert read(north) == records(order("o1", 5))
    with closing(SqliteJournal(path)) as journal:
        assert read(journal) == records(order("o1"))


def test_the_kept_text_can_be_read_with_other_tools(path):
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(order("o1")))
    with closing(sqlite3.connect(path)) as database:
        row = database.execute("SELECT market, kind, key, json_extract(body, '$.userId') FROM journal")
        assert row.fetchone() == ("main", "order", "order:o1", "ann")


def test_commits_wait_for_the_disk(path):
    with closing(SqliteJournal(path)) as journal:
        assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_second_holder_is_refused_until_the_first_lets_go(path):
    with (
        closing(SqliteJournal(path)),
        pytest.raises(BadSetting, match="in use by another punnet; stop that one"),
    ):
        SqliteJournal(path)
    SqliteJournal(path).close()


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="No such file or directory; name a file in a folder of yours"):
        SqliteJournal(tmp_path / "nowhere" / "market.db")


def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(BadSetting, match="unable to open database file; name another file"):
        SqliteJournal(tmp_path)


def test_a_file_that_is_not_sqlite_is_left_alone(path):
    path.write_text("id,name\nhill,Hill Farm\n" * 100)
    before = path.read_bytes()
    with pytest.raises(BadFile, match="file is not a database; name another file"):
        SqliteJournal(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(path):
    run(path, "CREATE TABLE journal (note TEXT)")
    before = path.read_bytes()
    with pytest.raises(BadFile, match="belongs to another program"):
        SqliteJournal(path)
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_version_is_left_alone(path):
    SqliteJournal(path).close()
    run(path, "PRAGMA user_version = 9")
    with pytest.raises(BadFile, match=r"written by a newer Punnet \(schema 9\)"):
        SqliteJournal(path)


def test_a_refused_file_is_not_held(path):
    run(path, "CREATE TABLE notes (note TEXT)")
    for _ in range(2):
        with pytest.raises(BadFile, match="another program"):
            SqliteJournal(path)


def test_an_empty_file_becomes_a_journal(path):
    path.touch()
    with closing(SqliteJournal(path)) as journal:
        assert journal.append(records(FARM)) == [Verdict.ACCEPTED]


def test_while_another_program_writes_nothing_is_kept_and_afterwards_it_heals(path):
    with closing(SqliteJournal(path, patience=0.01)) as journal, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="database is locked"):
            journal.append(records(order("o1")))
        other.rollback()
        assert read(journal) == []
        assert journal.append(records(order("o1"))) == [Verdict.ACCEPTED]


def test_a_commit_that_fails_halfway_leaves_nothing_open(path):
    with closing(SqliteJournal(path)) as journal:
        run(path, "ALTER TABLE journal RENAME TO elsewhere")
        with pytest.raises(JournalUnavailable, match="no such table"):
            journal.append(records(order("o1")))
        run(path, "ALTER TABLE elsewhere RENAME TO journal")
        assert journal.append(records(order("o1"))) == [Verdict.ACCEPTED]


def test_when_the_disk_is_full_nothing_of_the_batch_is_kept_and_afterwards_it_heals(path):
    batch = records(*(action(f"e{number}", words="kale " * 50) for number in range(2_000)))
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(FARM))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        try:
            with pytest.raises(JournalUnavailable, match="cannot be written"):
                journal.append(batch)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert read(journal) == records(FARM)
        assert journal.append(batch) == [Verdict.ACCEPTED] * len(batch)
        assert read(journal) == records(FARM) + batch


def test_a_batch_that_cannot_be_written_down_leaves_the_journal_usable(path):
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(UnicodeEncodeError):
            journal.append(records(order("o1"), action("e1", text="\ud800")))
        assert journal.append(records(order("o1"))) == [Verdict.ACCEPTED]


def test_a_closed_journal_is_unavailable(path):
    journal = SqliteJournal(path)
    journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        journal.append(records(FARM))


@pytest.mark.parametrize("change", ["kind = 'rumour'", "body = '{\"id\": 7}'", "body = 'kale'"])
def test_a_row_that_is_no_record_is_named(path, change):
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(FARM, FARM))
    run(path, f"UPDATE journal SET {change} WHERE seq = 2")
    with (
        closing(SqliteJournal(path)) as journal,
        pytest.raises(BadFile, match=r"record 2 of .* cannot be read"),
    ):
        read(journal)


def test_a_damaged_file_is_said_to_be_damaged(path):
    with closing(SqliteJournal(path)) as journal:
        journal.append(records(*(action(f"e{number}") for number in range(5_000))))
    pages = bytearray(path.read_bytes())
    pages[8_192:] = b"\xff" * (len(pages) - 8_192)
    path.write_bytes(pages)
    with closing(SqliteJournal(path)) as journal, pytest.raises(BadFile, match="cannot be read"):
        read(journal)
