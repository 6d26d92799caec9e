"""The lines of two shoppers, down to what each of them hears and said."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from punnet.market import Query
from punnet.protocol.messages import SubscribePayload, Topic
from punnet.watching import AREA_DECIMALS
from tests.service.streaming import HOST, EventsLine, SocketLine

LENGTH = re.compile(rb"content-length: (\d+)\r\n", re.IGNORECASE)
LAST_ID = re.compile(rb'"messageId":"([^"]+)"}$')


class Told(NamedTuple):
    """An answer, all of it."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, empty without it."""
        found = re.search(rb"\r\n%b: ([^\r]*)" % name, self.head, re.IGNORECASE)
        return found[1] if found else b""


class KeptLine:
    """A connection that is kept, on which requests follow one another without waiting."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, requests: Sequence[bytes]) -> list[Told]:
        """Send requests in one piece, and return what each of them was answered."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        writer.write(b"".join(requests))
        return [await self._read(reader, has_body=not each.startswith(b"HEAD")) for each in requests]

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _read(self, reader: asyncio.StreamReader, *, has_body: bool) -> Told:
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length and has_body else b""
        if b"\r\nconnection: close" in head.lower():
            self.close()
        return Told(int(head.split(maxsplit=2)[1]), head, body)


class Ear:
    """A stream of the shopper `who`: what they wrote to have it and on it, and what came and is not judged.

    `places` and `mine` say of each topic where they want it, and whether only for products of theirs.
    """

    def __init__(self, who: int, request: bytes, *, socket: bool) -> None:
        self.who = who
        self.wrote = request
        self.inbox: list[bytes] = []
        self.heard = 0
        self.last = ""
        """The id of the last message."""
        self.places: dict[Topic, tuple[float, float] | None] = {}
        self.mine: dict[Topic, bool] = {}
        self.asked: dict[str, Query] = {}
        """What was asked for, by the ids of the messages."""
        self.due: dict[str, frozenset[str]] = {}
        """The types of what may answer the messages, by their ids."""
        self.line = (_Socket if socket else _Events)(request, self._hear)

    @property
    def is_refused(self) -> bool:
        """Whether there is no stream."""
        return self.line.status not in (0, 101, 200) or self.line.ended.is_set()

    def want(self, wanted: SubscribePayload) -> None:
        """Note a subscription."""
        place = None
        if wanted.latitude is not None and wanted.longitude is not None:
            place = (round(wanted.latitude, AREA_DECIMALS), round(wanted.longitude, AREA_DECIMALS))
        for topic in wanted.topics:
            self.places[topic] = place
            self.mine[topic] = wanted.filter is not None and wanted.filter.relevance is not None

    def say(self, request_id: str, text: str, allowed: Iterable[str]) -> None:
        """Say something on a WebSocket."""
        self.due[request_id] = frozenset(allowed)
        said = text.encode()
        self.wrote += said
        self.line.say(said)

    def _hear(self, message: bytes) -> None:
        self.inbox.append(message)
        self.heard += 1
        self.last = LAST_ID.search(message)[1].decode()


class _Raw:
    """Keeps what comes before a stream begins: a refusal."""

    raw = b""

    def data_received(self, data: bytes) -> None:
        if self.status not in (101, 200):
            self.raw += data
        super().data_received(data)


class _Socket(_Raw, SocketLine):
    """A WebSocket."""


class _Events(_Raw, EventsLine):
    """A stream of server-sent events."""
