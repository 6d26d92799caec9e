"""The journal in memory; what it shares with the others is in test_journal.py."""

from punnet.journal import Verdict
from punnet.journal.memory import MemoryJournal
from tests.journal.test_journal import FARM, action, order, read, records


def test_it_keeps_what_it_took_and_judges_what_comes_again():
    journal = MemoryJournal()
    again = [order("o1"), order("o1", quantity=9), FARM]
    assert journal.append(records(order("o1"), action("e1"))) == [Verdict.ACCEPTED] * 2
    assert journal.append(records(*again)) == [Verdict.DUPLICATE, Verdict.CONFLICT, Verdict.ACCEPTED]
    assert [record.fact for record in read(journal)] == [order("o1"), action("e1"), FARM]


def test_what_was_read_does_not_grow_with_the_journal():
    journal = MemoryJournal()
    journal.append(records(FARM))
    (batch,) = journal.read()
    journal.append(records(FARM))
    assert len(batch) == 1


def test_closing_it_twice_is_fine():
    journal = MemoryJournal()
    journal.close()
    journal.close()
