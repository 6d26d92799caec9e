"""The journal in memory; what it shares with the others is in test_journal.py."""

from punnet.journal import Verdict
from punnet.journal.memory import MemoryJournal
from tests.journal.test_journal import FARM, action, append, order, read, records


async def test_it_keeps_what_it_took_and_judges_what_comes_again():
    journal = MemoryJournal()
    again = [order("o1"), order("o1", quantity=9), FARM]
    assert await append(journal, records(order("o1"), action("e1"))) == [Verdict.ACCEPTED] * 2
    assert await append(journal, records(*again)) == [Verdict.DUPLICATE, Verdict.CONFLICT, Verdict.ACCEPTED]
    assert [record.fact for record in await read(journal)] == [order("o1"), action("e1"), FARM]


async def test_what_was_read_does_not_grow_with_the_journal():
    journal = MemoryJournal()
    await append(journal, records(FARM))
    (batch,) = [batch async for batch in journal.read()]
    await append(journal, records(FARM))
    assert len(batch.records) == 1


async def test_closing_it_twice_is_fine():
    journal = MemoryJournal()
    await journal.close()
    await journal.close()
