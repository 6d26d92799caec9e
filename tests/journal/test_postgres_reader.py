"""A journal on PostgreSQL, for those who only read it."""

import pytest

from punnet.errors import BadFile, BadSetting
from punnet.journal import BATCH
from punnet.journal.postgres_reader import PostgresReader
from tests.journal.test_journal import FARM, action, append, order, read, records
from tests.journal.test_postgres import opened, run


async def test_a_journal_can_be_read_while_another_process_holds_it(postgres_url):
    many = records(*(action(f"e{number}") for number in range(BATCH + 1)))
    async with opened(postgres_url) as journal:
        await append(journal, records(FARM))
        reader = await PostgresReader.open(postgres_url)
        assert (reader.identity, reader.erasures) == (journal.identity, 0)
        assert await read(reader) == records(FARM)
        await append(journal, many)
        assert await read(reader) == records(FARM) + many
        assert [batch.last async for batch in reader.read(2)] == [BATCH + 2]
        await reader.close()
        await append(journal, records(order("o1")))


async def test_it_knows_how_often_people_were_erased(postgres_url):
    async with opened(postgres_url) as journal:
        await journal.erase("ann", 9)
    reader = await PostgresReader.open(postgres_url)
    assert reader.erasures == 1
    await reader.close()


async def test_who_only_reads_makes_no_tables(postgres_url):
    with pytest.raises(BadFile, match="is no journal of this version; start the server on it once"):
        await PostgresReader.open(postgres_url)
    assert await run(postgres_url, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []


async def test_who_only_reads_finds_no_market_of_another_name(postgres_url):
    async with opened(postgres_url):
        pass
    with pytest.raises(BadSetting, match="has no market north"):
        await PostgresReader.open(postgres_url, market="north")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://127.0.0.1:1/market", "; mend that, or name another database in DATABASE_URL"),
        ("postgresql://127.0.0.1:port/market", "DATABASE_URL is not understood; write postgresql://"),
    ],
)
async def test_a_database_that_cannot_be_had_is_said(url, why):
    with pytest.raises(BadSetting, match=why):
        await PostgresReader.open(url)
