"""Any dialogue of a client, the clock and the server with a session: what it commands can be carried out.

An input is a text. Its first line is the query that opens the stream, each line after it one event:

    +12.5   seconds pass, and the clock is looked at whenever the session asks for it
    >90     seconds pass while the server is busy, and the clock is looked at after them
    ~       the client gives a sign of life
    !3      alerts are raised
    =20     what waits longest is done; a token lasts so many seconds
    -2      what waits longest is refused, with one error or another
    #…      the client sends the rest as a binary frame
    …       the client sends the line as a text frame
"""

import math
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from punnet.errors import (
    Conflict,
    JournalUnavailable,
    PunnetError,
    Refused,
    TooBusy,
    Unauthorized,
    not_in_catalogue,
)
from punnet.market import Answer, Id, Noun
from punnet.protocol import codec
from punnet.protocol.frames import Numbers, Seen
from punnet.protocol.messages import LARGEST_FRAME, ServerType, Topic
from punnet.protocol.session import (
    GONE_QUIET,
    SILENCE_SECONDS,
    TOKEN_EXPIRED,
    TOO_BIG,
    Ask,
    Authenticate,
    Beat,
    Close,
    Command,
    Listen,
    Resume,
    Send,
    Session,
    Track,
)
from punnet.protocol.subscription import Held, Subscription
from punnet.web.streams import StreamQuery, read_query
from tests.protocol.fuzzed.reading import check_tracked, lasting
from tests.protocol.fuzzed.swelling import swollen
from tests.protocol.fuzzed.telling import check_refusal, check_sent

NOW = 1_736_937_000.0
KEPT = 100
"""Alerts that can be had again."""

MOST_EVENTS = 200
MOST_SECONDS = 3_600.0
HEAVIEST = 16 * LARGEST_FRAME
"""Bytes that a topic may take in a session: what a frame can say of it, with what Python needs beside."""

N = TypeVar("N", bound=Noun)

_NUMBER = re.compile(rb"\d{1,6}(\.\d)?", re.ASCII)


class Setting(Noun, frozen=True, kw_only=True):
    """What is not the client's to say: whether it can only listen, and how long its token lasts."""

    events: bool = False
    lasts: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] | None = None


def throw(data: bytes) -> None:
    """Hold a dialogue; raise where a session asks for something that it should not."""
    opening, *events = swollen(data).split(b"\n")[: MOST_EVENTS + 1]
    query = _told(lambda: read_query(opening)) or StreamQuery(user_id="ann")
    dialogue = Dialogue(query, _told(lambda: codec.read_query(opening, Setting)))
    dialogue.open()
    for event in events:
        if dialogue.ended:
            break
        dialogue.happen(event)
    dialogue.weigh()


def _told(read: Callable[[], N]) -> N | None:
    """Return what is read, None where it is refused in a way that can be told."""
    try:
        return read()
    except PunnetError as error:
        check_refusal(error)
        return None


class Dialogue:
    """A session, what happens to it, and what must hold after each of its commands."""

    def __init__(
        self, query: StreamQuery, setting: Setting | None = None, kind: type[Session] = Session
    ) -> None:
        setting = setting or Setting()
        self.ended = False
        self._now = NOW
        self._held = Held(0, 50)
        self._waiting: deque[Track | Ask | Authenticate] = deque()
        numbers = Numbers("7c1d", "01", published=self._held.last)
        self._seen: Seen | Literal[False] | None = None
        if query.last_message_id:
            self._seen = numbers.read(query.last_message_id) or False
        self._session = kind(
            query.user_id,
            numbers.epoch,
            wanted=query.wanted(),
            seen=self._seen,
            silence=math.inf if setting.events else SILENCE_SECONDS,
            expires_at=math.inf if setting.lasts is None else NOW + setting.lasts,
        )

    def open(self) -> None:
        """Open it, and look at the welcome."""
        commands = self._session.open(self._now, self._held)
        told = [check_sent(command) for command in commands if isinstance(command, Send)]
        assert [message.type for message in told] == [ServerType.CONNECTION_ACK]
        resumed = [command.after for command in commands if isinstance(command, Resume)]
        assert resumed == ([self._seen.alert] if self._seen and self._seen.alert in self._held else [])
        self._follow(commands, (Send, Resume, Listen))

    def happen(self, event: bytes) -> None:
        """Let one event happen."""
        kind, rest = event[:1], event[1:]
        match kind:
            case b"+" | b">":
                self._pass(min(_number(rest), MOST_SECONDS), steadily=kind == b"+")
            case b"~":
                self._session.heard(self._now)
            case b"!":
                last = self._held.last + int(_number(rest))
                self._held = Held(max(self._held.before, last - KEPT), last)
            case b"=" | b"-":
                self._settle(_number(rest), done=kind == b"=")
            case b"#":
                self._receive(rest)
            case _:
                self._receive(event.decode(errors="surrogateescape"))

    def weigh(self) -> None:
        """Assert that nothing of all that was said is kept but the subscriptions, each within bounds."""
        assert set(self._session.subscriptions) <= set(Topic)
        assert len(vars(self._session)) == len(vars(Session("ann", "7c1d-01")))
        weight = sum(_weight(each) for each in self._session.subscriptions.values())
        assert weight <= len(Topic) * HEAVIEST, weight

    def _pass(self, seconds: float, *, steadily: bool) -> None:
        until = self._now + seconds
        if steadily:
            while self._session.due <= until and not self.ended:
                self._now = max(self._now, self._session.due)
                assert self._tick(), "nothing was to be done when it was due"
        self._now = until
        if not self.ended:
            self._tick()

    def _tick(self) -> list[Command]:
        was_due = self._session.due <= self._now
        commands = self._session.tick(self._now)
        assert was_due == bool(commands)
        self._follow(commands, (Beat, Close))
        assert self.ended or self._session.due > self._now, "it is due again at once"
        return commands

    def _receive(self, frame: str | bytes) -> None:
        before = dict(self._session.subscriptions)
        body = frame if isinstance(frame, bytes) else frame.encode(errors="surrogatepass")
        commands = self._session.receive(frame, self._now, "made", self._held)
        assert commands, "nothing follows from a frame"
        assert [command.code for command in commands if isinstance(command, Close)] == (
            [TOO_BIG] if len(body) > LARGEST_FRAME else []
        )
        binary = isinstance(frame, bytes)
        assert not binary or all(isinstance(command, Send | Close) for command in commands)
        expected = None if binary else _request_id(body)
        for command in commands:
            if isinstance(command, Track | Ask | Authenticate):
                assert command.request_id == expected
                self._waiting.append(command)
            if isinstance(command, Send):
                message = check_sent(command)
                assert (message.request_id or None) == expected
                assert not binary or message.type is ServerType.ERROR
                if message.type is ServerType.ERROR:
                    assert self._session.subscriptions == before
                    assert len(commands) == 1
        self._follow(commands, (Send, Listen, Track, Ask, Authenticate, Close))

    def _settle(self, number: float, *, done: bool) -> None:
        if not self._waiting:
            return
        command = self._waiting.popleft()
        session, now, request_id = self._session, self._now, command.request_id
        if not done:
            errors = _errors(command)
            sent = session.refused(errors[int(number) % len(errors)], now, request_id)
        elif isinstance(command, Track):
            event_id = command.tracked.action.event_id
            sent = session.acknowledged(event_id, now, request_id, duplicate=number > 0)
        elif isinstance(command, Ask):
            sent = session.answered(_answer(session.user_id, now), now, request_id)
        else:
            sent = session.authenticated(now + number, now, request_id)
        assert (check_sent(sent).request_id or None) == request_id

    def _follow(self, commands: list[Command], expected: tuple[type[Command], ...]) -> None:
        for command in commands:
            assert isinstance(command, expected), command
            match command:
                case Listen(subscriptions):
                    self._check_subscriptions(subscriptions.values())
                    assert subscriptions == self._session.subscriptions
                case Track(tracked):
                    check_tracked(tracked, self._session.user_id)
                case Ask(query):
                    assert lasting(query).user_id == self._session.user_id
                case Close(code, reason):
                    assert commands == [command]
                    assert code in (TOO_BIG, TOKEN_EXPIRED, GONE_QUIET)
                    assert 0 < len(reason.encode()) <= 123
                    self.ended = True
                case Send() | Resume() | Beat() | Authenticate():
                    pass
        assert math.isfinite(self._session.due)

    def _check_subscriptions(self, subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            assert 0 <= subscription.after <= self._held.last
            assert subscription.seen in (None, self._seen)


def _number(text: bytes) -> float:
    found = _NUMBER.match(text)
    return float(found[0]) if found else 0.0


def _request_id(body: bytes) -> str | None:
    """Return the id under which a client can expect the answer to a frame, where it gave it one."""
    try:
        content = codec.loose(body)
        return msgspec.convert(content.get("requestId") if isinstance(content, dict) else None, Id)
    except (Refused, msgspec.ValidationError):
        return None


def _errors(command: Track | Ask | Authenticate) -> list[PunnetError]:
    """Return errors that can come of a command."""
    named = "nothing"
    if isinstance(command, Track):
        named = command.tracked.action.entity_id or named
    if isinstance(command, Ask):
        named = command.query.product_id or named
    return [
        not_in_catalogue("product", named, "entityId"),
        Conflict("eventId is taken by something else.", field="eventId", value=named, allowed="a new id"),
        Unauthorized("The token is no JWT.", field="Authorization", allowed="a token"),
        TooBusy("Too much is waiting."),
        JournalUnavailable("The journal cannot be written."),
    ]


def _answer(user_id: str, now: float) -> Answer:
    return Answer(
        recommendations=(), algorithms=(), timestamp=datetime.fromtimestamp(now, UTC), user_id=user_id
    )


def _weight(value: object) -> int:
    """Return the bytes that a value takes with all that it holds."""
    held = value if isinstance(value, tuple | frozenset) else ()
    return sys.getsizeof(value) + sum(map(_weight, held))
