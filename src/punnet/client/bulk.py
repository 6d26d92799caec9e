"""Many farms, products or actions, in as few calls as they need."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from msgspec import structs

from punnet.client.calls import Call, new_id, unlisted
from punnet.client.errors import Refused
from punnet.client.trying import Flow, Terms, conversation
from punnet.market import Action, Farm, Product
from punnet.protocol import codec
from punnet.protocol.actions import PostedAction
from punnet.protocol.envelope import Details, Error
from punnet.protocol.replies import BulkReport, Outcome

T = TypeVar("T")

logger = logging.getLogger("punnet.client")

LINES = 2_000
BYTES = 4 << 20
"""What one call carries at most, far less than a server takes: little is sent again where a call breaks."""

PUT_OFF = ("TOO_MANY_REQUESTS", "UNAVAILABLE")
"""Lines refused with these may be taken a little later."""


class Line(NamedTuple, Generic[T]):
    """One thing and how it is sent; things count from 1."""

    number: int
    thing: T
    text: bytes


@dataclass(frozen=True, slots=True)
class Failed(Generic[T]):
    """A thing that was refused, which one it was (counted from 1), and why."""

    line: int
    thing: T
    error: Error


@dataclass(frozen=True, slots=True)
class Report(Generic[T]):
    """What became of many things: how many were taken, known before and refused, and why those were."""

    accepted: int
    duplicate: int
    refused: int
    failed: tuple[Failed[T], ...]


def load(things: Iterable[Farm | Product], terms: Terms) -> Flow[Report[Farm | Product]]:
    """Bring farms and products in, in their order."""
    lines = (
        Line(number, thing, codec.write(unlisted(thing) if isinstance(thing, Product) else thing))
        for number, thing in enumerate(things, 1)
    )
    return _Bulk[Farm | Product]("/api/catalog", terms).run(lines)


def events(actions: Iterable[Action | PostedAction], terms: Terms) -> Flow[Report[Action | PostedAction]]:
    """Record actions, in their order."""
    named = (action if action.event_id else structs.replace(action, event_id=new_id()) for action in actions)
    lines = (Line(number, action, codec.write(action)) for number, action in enumerate(named, 1))
    return _Bulk[Action | PostedAction]("/api/events", terms).run(lines)


class _Bulk(Generic[T]):
    """What became of the lines so far."""

    def __init__(self, path: str, terms: Terms) -> None:
        self._path = path
        self._terms = terms
        self._accepted = 0
        self._duplicate = 0
        self._failed: list[Failed[T]] = []

    def run(self, lines: Iterable[Line[T]]) -> Flow[Report[T]]:
        for chunk in _chunks(lines):
            yield from self._take(chunk)
        self._failed.sort(key=lambda failed: failed.line)
        return Report(self._accepted, self._duplicate, len(self._failed), tuple(self._failed))

    def _take(self, chunk: Sequence[Line[T]]) -> Flow[None]:
        """Send lines, and those again that may be taken a little later."""
        refused = yield from self._send(chunk)
        for tried in range(1, self._terms.tries):
            put_off = sum(error.code in PUT_OFF for _, error in refused)
            if not put_off:
                break
            logger.info("%d lines were put off and are sent again", put_off)
            yield self._terms.wait(tried, "1")
            # Whatever was refused beside those that were put off may need them.
            refused = yield from self._send([line for line, _ in refused])
        self._failed += [Failed(line.number, line.thing, error) for line, error in refused]

    def _send(self, chunk: Sequence[Line[T]]) -> Flow[list[tuple[Line[T], Error]]]:
        """Send lines once, and return those that were refused; what is too large for a call goes in two."""
        body = b"\n".join(line.text for line in chunk)
        try:
            report = yield from conversation(
                Call("POST", self._path, BulkReport, body, lines=True), self._terms
            )
        except Refused as error:
            if error.code != "TOO_LARGE":
                raise
            if len(chunk) == 1:
                return [(chunk[0], _told(error))]
            half = len(chunk) // 2
            first = yield from self._send(chunk[:half])
            return first + (yield from self._send(chunk[half:]))
        self._accepted += report.accepted
        self._duplicate += report.duplicate
        return [
            (chunk[line.line - 1], line.error)
            for line in report.lines
            if line.outcome is Outcome.REFUSED and line.error
        ]


def _chunks(lines: Iterable[Line[T]]) -> Iterator[list[Line[T]]]:
    chunk: list[Line[T]] = []
    size = 0
    for line in lines:
        if chunk and (len(chunk) == LINES or size + len(line.text) > BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line.text) + 1
    if chunk:
        yield chunk


def _told(error: Refused) -> Error:
    return Error(
        code=error.code, message=error.message, details=Details(field=error.field, allowed=error.allowed)
    )
