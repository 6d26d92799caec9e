"""A journal in a file, for those who only read it."""

from contextlib import closing
from pathlib import Path

import pytest

from punnet.errors import BadFile, BadSetting
from punnet.journal.sqlite_reader import READ, SqliteReader, connect
from tests.journal.test_journal import FARM, append, order, read, records
from tests.journal.test_sqlite import opened, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "market.db"


async def test_a_journal_can_be_read_while_another_process_holds_it(path):
    async with opened(path) as journal:
        await append(journal, records(FARM))
        reading = SqliteReader(path)
        assert (reading.identity, reading.erasures) == (journal.identity, 0)
        assert await read(reading) == records(FARM)
        await append(journal, records(order("o1"), at=7))
        assert await read(reading) == records(FARM) + records(order("o1"), at=7)
        await reading.close()
        await append(journal, records(order("o2")))


async def test_a_journal_that_nobody_holds_can_be_read(path):
    async with opened(path) as journal:
        await append(journal, records(FARM))
    reading = SqliteReader(path)
    assert await read(reading) == records(FARM)
    await reading.close()
    async with opened(path) as journal:
        assert await read(journal) == records(FARM)


async def test_who_only_reads_makes_no_file(path):
    with pytest.raises(BadSetting, match="cannot be read: unable to open"):
        SqliteReader(path)
    assert not path.exists()


async def test_who_only_reads_brings_nothing_up_to_date(path):
    run(path, "CREATE TABLE journal (seq)")
    before = path.read_bytes()
    with pytest.raises(BadFile, match="is no journal of this version"):
        SqliteReader(path)
    assert path.read_bytes() == before


async def test_who_only_reads_finds_no_market_of_another_name(path):
    async with opened(path):
        pass
    with pytest.raises(BadSetting, match="no market north"):
        SqliteReader(path, market="north")


async def test_rows_are_read_as_they_lie_in_the_file(path):
    async with opened(path):
        pass
    with closing(connect(path, "ro", patience=1.0)) as database:
        (step,) = database.execute(f"EXPLAIN QUERY PLAN {READ}", ("main", 7, 9)).fetchall()
    assert "USING INTEGER PRIMARY KEY" in step[-1]
