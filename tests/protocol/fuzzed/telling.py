"""What must hold of everything that is told, whatever it answers."""

import json
import re

from punnet.errors import PunnetError, Refused
from punnet.protocol import codec
from punnet.protocol.frames import Frame, Numbers
from punnet.protocol.messages import PAYLOADS, ErrorPayload, ServerMessage, ServerType
from punnet.protocol.refusal import LONGEST_SHOWN
from punnet.protocol.session import Send
from punnet.web.exchange import STATUS, failed

LONGEST_SENTENCE = 1_000
"""Characters of a sentence that says what is wrong, and of what is allowed."""

NUMBERS = Numbers("7c1d", "01", published=50)

_LINE_ENDS = re.compile(rb"[\r\n]")
_UNRULY = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""What no terminal should be shown, and what UTF-8 cannot carry."""


def check_refusal(error: PunnetError) -> None:
    """Assert that an error can be told over HTTP: in JSON, in few words, and by the name of a field."""
    sent = failed(error, "request")
    told = json.loads(sent.body.decode())["error"]
    assert sent.status == STATUS[told["code"]], told
    _check_words(told["message"], LONGEST_SENTENCE)
    if isinstance(error, Refused):
        _check_details(told["details"])


def check_sent(command: Send) -> ServerMessage:
    """Assert that a message can be numbered and sent, and reads as what it says it is; return it."""
    frame = Frame(command.draft, NUMBERS.following(50))
    message = codec.read(frame.text, ServerMessage)
    assert json.loads(frame.text)["messageId"] == message.message_id
    assert not _LINE_ENDS.search(frame.text), "an event of a stream ends where its line does"
    assert frame.websocket.endswith(frame.text)
    assert frame.chunk.endswith(b"\ndata: %b\n\n\r\n" % frame.text)
    assert isinstance(message.payload, dict)
    kind = PAYLOADS[message.type][0]
    codec.convert(message.payload, kind, place="payload.")
    if message.type is ServerType.ERROR:
        told = codec.convert(message.payload, ErrorPayload)
        assert told.code in STATUS
        _check_words(told.error, LONGEST_SENTENCE)
        _check_details(message.payload)
    return message


def _check_details(details: dict[str, object]) -> None:
    value = details.get("value")
    if isinstance(value, str):
        _check_words(value, LONGEST_SHOWN, empty=True)
    if "field" in details:
        _check_words(details["field"], LONGEST_SHOWN + len("payload."))
    if "allowed" in details:
        _check_words(details["allowed"], LONGEST_SENTENCE)


def _check_words(words: object, most: int, *, empty: bool = False) -> None:
    assert isinstance(words, str)
    assert empty or words
    assert len(words) <= most, f"{len(words)} characters: {words}"
    unruly = _UNRULY.search(words)
    assert unruly is None, f"{unruly} in {words!r}"
