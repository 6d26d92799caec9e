"""Frames: a message in each form that it is sent in, and the numbers that say from where a reader goes on."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as ByLibrary
from websockets.frames import Opcode

from punnet.protocol.frames import MOST, Frame, Numbers, Seen, draft
from punnet.protocol.messages import ErrorPayload, Heartbeat, ServerMessage, ServerType

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LIFE = Heartbeat(server_time=NOON)
EDGES = (125, 126, 127, 65_535, 65_536, 65_537)


def of_size(size):
    """Return a frame whose message has so many bytes."""
    bare = len(Frame(b'{"a":""}', "j-r:1").text)
    frame = Frame(b'{"a":"%b"}' % (b"x" * (size - bare)), "j-r:1")
    assert len(frame.text) == size
    return frame


def number(message_id):
    """Return by what the messages of one run are ordered."""
    return int(message_id.partition(":")[2])


@given(st.sampled_from(EDGES) | st.integers(31, 70_000))
def test_a_websocket_frame_is_the_one_that_a_library_makes(size):
    frame = of_size(size)
    assert frame.websocket == ByLibrary(Opcode.TEXT, frame.text).serialize(mask=False)


calm = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(st.text(max_size=200), st.none() | calm, st.floats(0, 4e9))
def test_a_message_says_in_every_form_what_was_drafted_and_its_number(text, request_id, now):
    payload = ErrorPayload(error=text, code="INVALID_VALUE")
    frame = Frame(draft(ServerType.ERROR, payload, now, request_id), "journal-run:17")
    message = msgspec.json.decode(frame.text, type=ServerMessage)
    assert msgspec.convert(message.payload, ErrorPayload) == payload
    assert (message.type, message.message_id) == (ServerType.ERROR, "journal-run:17")
    assert message.timestamp == datetime.fromtimestamp(now, UTC)
    assert message.request_id == (request_id or msgspec.UNSET)
    assert frame.websocket.endswith(frame.text)
    event = b"id: journal-run:17\ndata: " + frame.text + b"\n\n"
    assert frame.chunk == b"%x\r\n" % len(event) + event + b"\r\n"


def test_a_message_as_it_is_written():
    frame = Frame(draft(ServerType.HEARTBEAT, LIFE, NOON.timestamp()), "j-r:3")
    assert frame.message_id == b"j-r:3"
    assert msgspec.json.decode(frame.text) == {
        "type": "HEARTBEAT",
        "payload": {"serverTime": "2026-06-15T12:00:00Z"},
        "timestamp": "2026-06-15T12:00:00Z",
        "messageId": "j-r:3",
    }


def test_what_answers_a_request_names_it():
    asked, unasked = (draft(ServerType.HEARTBEAT, LIFE, 0.0, name) for name in ("r-1", None))
    assert msgspec.json.decode(asked)["requestId"] == "r-1"
    assert "requestId" not in msgspec.json.decode(unasked)


@given(st.text(max_size=50))
def test_an_event_is_one_line_of_data_whatever_a_message_says(text):
    frame = Frame(draft(ServerType.ERROR, ErrorPayload(error=text, code="X"), 0.0), "j-r:1")
    size, event, rest = frame.chunk.split(b"\r\n")
    assert (int(size, 16), rest) == (len(event), b"")
    lines = event.split(b"\n")
    assert len(lines) == 4
    assert lines[1] == b"data: " + frame.text


@pytest.mark.parametrize("form", ["websocket", "chunk"])
def test_each_form_is_made_once(form):
    frame = of_size(200)
    assert getattr(frame, form) is getattr(frame, form)


deeds = st.lists(st.one_of(st.just("alert"), st.just("behind"), st.just("private")), max_size=40)


@given(deeds, st.integers(0, 5))
def test_the_numbers_of_one_connection_rise_and_say_what_it_was_given(deeds, begun):
    numbers = Numbers("journal", "run", begun)
    published = given = begun
    told = []
    for deed in deeds:
        if deed == "private":
            told.append((numbers.following(given), given))
            continue
        published += 1
        if deed == "alert":
            given = published
            told.append((numbers.of_alert(given), given))
    offsets = [number(message_id) for message_id, _ in told]
    assert offsets == sorted(set(offsets))
    assert [numbers.read(message_id).alert for message_id, _ in told] == [given for _, given in told]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=20))
def test_no_two_messages_of_a_run_have_the_same_number_but_for_one_alert(messages):
    numbers = Numbers("journal", "run")
    private = [numbers.following(given) for is_alert, given in messages if not is_alert]
    alerts = {numbers.of_alert(given) for is_alert, given in messages if is_alert}
    assert len({*private, *alerts}) == len(private) + len({given for is_alert, given in messages if is_alert})
    assert numbers.sent == len(private)


@given(st.integers(0, 10**9), st.integers(0, MOST - 1))
def test_what_a_client_saw_is_read_back_in_the_same_run_and_in_another(given, sent):
    first, second = Numbers("journal", "one"), Numbers("journal", "two")
    first.sent = sent
    private, alert = first.following(given), first.of_alert(given)
    assert first.read(private) == Seen(given, sent + 1)
    assert first.read(alert) == Seen(given, 0)
    # Another run numbers its messages anew, and its alerts alike.
    assert second.read(private) == second.read(alert) == Seen(given, None)


def test_the_epoch_names_the_journal_and_the_run():
    numbers = Numbers("0af3", "9c", 4)
    assert (numbers.epoch, numbers.journal, numbers.published, numbers.sent) == ("0af3-9c", "0af3", 4, 0)
    assert numbers.of_alert(1) == "0af3-9c:4294967296"
    assert numbers.following(1) == "0af3-9c:4294967297"


def test_a_run_that_sends_more_messages_than_there_are_numbers_goes_on():
    numbers = Numbers("journal", "run")
    numbers.sent = MOST
    assert numbers.read(numbers.following(7)) == Seen(7, 0)
    assert numbers.read(numbers.following(7)) == Seen(7, 1)


@pytest.mark.parametrize(
    "message_id",
    [
        "other-run:4294967296",
        "journa-run:1",
        "journal2-run:1",
        "Journal-run:1",
        "",
        ":",
        "journal",
        "journal:1",
        "journal-run",
        "journal-run:",
        "journal-run:-1",
        "journal-run:+1",
        "journal-run: 1",
        "journal-run:1.5",
        "journal-run:1e3",
        "journal-run:0x10",
        "journal-run:1\n",
        " journal-run:1",
        "journal-run:1:2",
        "journal-:1",
        "journal-run-again:1",
        "journal-run:١٢",
        "jöurnal-run:1",
        "journal-run:" + "9" * 31,
        "null",
        "\x00",
    ],
)
def test_what_is_no_message_of_this_journal_is_not_read(message_id):
    assert Numbers("journal", "run").read(message_id) is None


@given(st.text(max_size=40))
def test_any_text_can_be_asked_for(text):
    assert Numbers("journal", "run").read(text) is None


def test_a_number_that_nobody_was_given_yet_is_read_too():
    assert Numbers("journal", "run").read("journal-run:" + "9" * 30).alert > 10**20
