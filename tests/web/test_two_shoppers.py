"""Two shoppers never get what is the other's, whatever they try; 10,000 sequences are bench/strangers.py."""

from random import Random

import pytest

from punnet.protocol.messages import ServerType
from tests.web.strangers.judging import Leak, need, strange
from tests.web.strangers.plot import Plot
from tests.web.strangers.sequences import play
from tests.web.strangers.shoppers import pair

SEQUENCES = 500


async def test_no_shopper_sees_or_changes_what_is_anothers():
    report = await play(range(SEQUENCES))
    assert not report.seen, "\n".join(report.seen)
    # They did all that could have shown something.
    assert report.sequences == SEQUENCES
    assert {200, 400, 401, 403, 404, 409} <= set(report.calls)
    assert {101, 200, 400, 401, 403} <= set(report.streams)
    assert set(ServerType) == set(report.messages)
    assert min(report.kept, report.resumed, report.refused, report.facts) > SEQUENCES / 10


def test_a_sequence_comes_from_its_number():
    assert (Plot(7).pair, Plot(7).steps) == (Plot(7).pair, Plot(7).steps)
    assert Plot(7).steps != Plot(8).steps


def test_what_is_the_others_is_noticed_unless_its_reader_wrote_it():
    ann, bob = pair(Random(1))
    seen = f'{{"userId":"{bob.user_id}","latitude":12.{bob.number}}}'.encode()
    assert strange(seen, b"", bob) == {bob.user_id.encode(), bob.number.encode()}
    assert not strange(seen, b"", ann)
    escaped = "".join(f"%{ord(letter):02x}" for letter in bob.user_id)
    assert strange(seen, f"/?userId={escaped}".encode(), bob) == {bob.number.encode()}


def test_what_does_not_hold_is_told_with_what_was_seen():
    need(1, "fine")
    with pytest.raises(Leak, match="not fine: 'this'"):
        need(0, "not fine", "this")
