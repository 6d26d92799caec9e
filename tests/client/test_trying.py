"""What is tried again, and when."""

import pytest

from punnet.client.calls import delete_farm, get_farm, put_farm
from punnet.client.errors import Refused, Unreachable
from punnet.client.trying import LONGEST_WAIT, Broken, Received, Sending, Terms, conversation
from punnet.market import Farm

FARM = b'{"success": true, "data": {"id": "hill", "name": "Hill Farm"}, "meta": {}}'
BUSY = b'{"error": {"code": "TOO_MANY_REQUESTS", "message": "Later."}, "meta": {"requestId": "r1"}}'


def terms(tries: int = 3, chance: float = 1.0, **keys: str | None) -> Terms:
    known = {"key": None, "admin_key": None} | keys
    return Terms("http://stall/below/", tries=tries, chance=lambda: chance, **known)


def asked(call, *answers, tries: int = 3, chance: float = 1.0):
    """Return what a call comes to, and the waits on the way."""
    flow = conversation(call, terms(tries, chance))
    waits: list[float] = []
    step = next(flow)
    for answer in answers:
        assert isinstance(step, Sending)
        try:
            step = flow.send(answer)
        except StopIteration as end:
            return end.value, waits
        assert isinstance(step, float)
        waits.append(step)
        step = flow.send(None)
    raise AssertionError("it goes on")


def test_waits_grow_by_chance_and_have_an_end():
    sure = terms()
    assert [sure.wait(tried) for tried in (1, 2, 3)] == [0.25, 0.5, 1]
    assert sure.wait(1_000) == LONGEST_WAIT
    assert terms(chance=0).wait(9) == 0


def test_what_the_server_asks_for_is_waited_at_least():
    assert terms(chance=0.5).wait(1, "2") == 2.125
    assert terms(chance=0).wait(1, "3600") == LONGEST_WAIT
    assert terms(chance=0).wait(1, "Wed, 21 Oct 2026 07:28:00 GMT") == 0


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_it_is_tried_again_until_it_is_answered(status):
    hill = Farm(id="hill", name="Hill Farm")
    answers = Broken("gone"), Received(status, "1", BUSY), Received(200, "", FARM)
    assert asked(get_farm("hill"), *answers) == (hill, [0.25, 1.5])


def test_after_the_last_try_it_raises_what_came_last():
    with pytest.raises(Unreachable, match=r"^http://stall/below/ cannot be reached: gone$"):
        asked(get_farm("hill"), *[Broken("gone")] * 3)
    with pytest.raises(Refused, match="Later") as refused:
        asked(get_farm("hill"), Broken("gone"), Received(429, "", BUSY), tries=2)
    assert (refused.value.status, refused.value.request_id) == (429, "r1")


def test_what_is_refused_is_not_tried_again():
    missing = BUSY.replace(b"TOO_MANY_REQUESTS", b"UNKNOWN_ID")
    with pytest.raises(Refused) as refused:
        asked(put_farm(Farm(id="hill", name="")), Received(404, "", missing))
    assert refused.value.code == "UNKNOWN_ID"


def test_only_a_second_try_finds_gone_what_the_first_removed():
    missing = Received(404, "", BUSY)
    assert asked(delete_farm("hill"), Broken("gone"), missing)[0].id == "hill"
    with pytest.raises(Refused):
        asked(delete_farm("hill"), missing)
    with pytest.raises(Refused):
        asked(get_farm("hill"), Broken("gone"), missing)


def test_keys_are_sent_where_they_belong_and_never_shown():
    keys = terms(key="shop-key", admin_key="admin-key")
    assert keys.headers["Authorization"] == "Bearer shop-key"
    assert "Authorization" not in terms().headers
    assert "admin-key" not in str(keys.sending(get_farm("hill")))
    assert "-key" not in repr(keys)
    hidden = Terms("http://me:secret@stall:1", None, None, 1, float)
    assert hidden.address == "http://stall:1"
    assert "secret" not in repr(hidden)
