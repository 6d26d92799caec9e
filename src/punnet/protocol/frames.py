"""Messages as bytes, and the numbers that order them.

A `messageId` is `epoch:offset`. The epoch names a journal and one run of a server on it. The upper part of
the offset is the number of the last alert that the reader had been given when the message was sent, the
lower 32 bits tell the messages of that run apart. So any message, of whatever run, says from where its
reader goes on.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import UNSET

from punnet.protocol import codec
from punnet.protocol.messages import MESSAGE_ID, Draft, Payload, ServerType

BITS = 32
MOST = (1 << BITS) - 1

_MESSAGE_ID = re.compile(MESSAGE_ID)


def draft(kind: ServerType, payload: Payload, now: float, request_id: str | None = None) -> bytes:
    """Return a message as JSON that lacks nothing but its `messageId`; `now` is in seconds."""
    message = Draft(
        type=kind,
        payload=payload,
        timestamp=datetime.fromtimestamp(now, UTC),
        request_id=request_id or UNSET,
    )
    return codec.write(message)


class Frame:
    """One message, ready for any number of readers: it is put into each form once."""

    __slots__ = ("_chunk", "_websocket", "message_id", "text")

    def __init__(self, drafted: bytes, message_id: str) -> None:
        self.message_id = message_id.encode()
        self.text = b'%b,"messageId":"%b"}' % (drafted[:-1], self.message_id)
        self._websocket = b""
        self._chunk = b""

    @property
    def websocket(self) -> bytes:
        """The message as a WebSocket's text frame from a server: whole, not masked (RFC 6455, 5.2)."""
        if not self._websocket:
            size = len(self.text)
            if size < 126:
                length = bytes((size,))
            elif size < 1 << 16:
                length = b"\x7e" + size.to_bytes(2)
            else:
                length = b"\x7f" + size.to_bytes(8)
            self._websocket = b"\x81" + length + self.text
        return self._websocket

    @property
    def chunk(self) -> bytes:
        """The message as a server-sent event, whose id is its `messageId`, in a chunk of HTTP/1.1."""
        if not self._chunk:
            self._chunk = chunked(b"id: %b\ndata: %b\n\n" % (self.message_id, self.text))
        return self._chunk


def chunked(event: bytes) -> bytes:
    """Return a server-sent event as a chunk of a body whose length nobody knows (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(event), event)


class Numbers:
    """Gives each message of one run its number. `published` is the last alert that everybody was given."""

    def __init__(self, journal: str, run: str, published: int = 0) -> None:
        self.journal = journal
        self.epoch = f"{journal}-{run}"
        self.published = published
        self.sent = 0
        """How many messages were numbered, but for alerts."""

    def of_alert(self, number: int) -> str:
        """Return the `messageId` of an alert."""
        return f"{self.epoch}:{number << BITS}"

    def following(self, given: int) -> str:
        """Return the next `messageId` for a reader who has been given all alerts up to a number."""
        self.sent += 1
        return f"{self.epoch}:{given << BITS | self.sent & MOST}"

    def read(self, message_id: str) -> "Seen | None":
        """Return what a client says it saw last, None where that is no message of this journal."""
        match = _MESSAGE_ID.match(message_id)
        if match is None or match[1] != self.journal:
            return None
        offset = int(match[3])
        ours = f"{match[1]}-{match[2]}" == self.epoch
        return Seen(offset >> BITS, offset & MOST if ours else None)


class Seen(NamedTuple):
    """What a client saw: all alerts up to a number, and of this run the messages sent up to another one.

    `sent` is None where it was another run.
    """

    alert: int
    sent: int | None
