"""One connection without the socket: frames and the clock in, commands out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, TypeVar, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from punnet.errors import PunnetError, Refused
from punnet.market import Answer, Id, Noun, Query
from punnet.protocol import actions, codec
from punnet.protocol.frames import Seen, draft
from punnet.protocol.messages import (
    LARGEST_FRAME,
    ActionAck,
    ActionPayload,
    AuthenticatePayload,
    ClientMessage,
    ClientType,
    ConnectionAck,
    Heartbeat,
    Payload,
    QueryPayload,
    ServerType,
    SubscribePayload,
    Subscriptions,
    Topic,
    UnsubscribePayload,
    error_payload,
)
from punnet.protocol.subscription import Held, Subscription

HEARTBEAT_SECONDS = 30.0
SILENCE_SECONDS = 60.0

TOO_BIG = 1009
"""The close code for a frame that is larger than LARGEST_FRAME."""

TOKEN_EXPIRED = 4401
"""The close code for a stream whose token is not valid any more; it takes another one to come back."""

GONE_QUIET = 1001
"""The close code for a client that said nothing for SILENCE_SECONDS."""

P = TypeVar("P", bound=Noun)


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message, numbered."""

    draft: bytes


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after this alert, as soon as there is a subscription."""

    after: int


@dataclass(frozen=True, slots=True)
class Listen:
    """Send what these subscriptions bring from now on, and nothing else that has a topic."""

    subscriptions: Mapping[Topic, Subscription]


@dataclass(frozen=True, slots=True)
class Beat:
    """Give a sign of life."""


@dataclass(frozen=True, slots=True)
class Track:
    """Record this action, then report with `acknowledged` or `refused`."""

    tracked: actions.Tracked
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer this query, then report with `answered` or `refused`."""

    query: Query
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Authenticate:
    """See whose this token is, then report with `authenticated` or `refused`."""

    token: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""

    code: int
    reason: str


Command: TypeAlias = Send | Resume | Listen | Beat | Track | Ask | Authenticate | Close


class Session:
    """What one connection has said and is owed. Times are seconds since 1970-01-01 UTC.

    `wanted` are subscriptions from the beginning; `seen` is what a client that comes back saw last, and False
    where that cannot be told. `expires_at` is when the token expires that it was opened with.
    """

    def __init__(
        self,
        user_id: str,
        epoch: str,
        *,
        wanted: SubscribePayload | None = None,
        seen: Seen | Literal[False] | None = None,
        heartbeat: float = HEARTBEAT_SECONDS,
        silence: float = SILENCE_SECONDS,
        expires_at: float = math.inf,
    ) -> None:
        self.user_id = user_id
        self.subscriptions: dict[Topic, Subscription] = {}
        self._epoch = epoch
        self._wanted = wanted
        self._seen = seen
        self._heartbeat = heartbeat
        self._silence = silence
        self._beat_at = 0.0
        self._silent_at = 0.0
        self._expires_at = expires_at

    def open(self, now: float, held: Held) -> list[Command]:
        """Return the welcome; `held` are the alerts that can be had again."""
        self._beat_at = now + self._heartbeat
        self.heard(now)
        resumed = self._resumed(held)
        begun: list[Command] = [Resume(self._seen.alert)] if self._seen else []
        if self._wanted is not None:
            self._subscribe(self._wanted, held)
        welcome = ConnectionAck(
            server_time=datetime.fromtimestamp(now, UTC),
            user_id=self.user_id,
            topics=self._topics(),
            epoch=self._epoch,
            heartbeat_interval=round(self._heartbeat * 1000),
            resumed=resumed,
        )
        begun.append(_send(ServerType.CONNECTION_ACK, welcome, now))
        return begun if self._wanted is None else [*begun, self._listen()]

    def heard(self, now: float) -> None:
        """Note a sign of life of the client."""
        self._silent_at = now + self._silence

    def receive(self, frame: str | bytes, now: float, event_id: str, held: Held) -> list[Command]:
        """Return what follows from a client's frame; `event_id` is for an action that brings none.

        A frame that is not accepted is answered with ERROR, and the connection lives; one that is too large
        ends it.
        """
        self.heard(now)
        body = frame if isinstance(frame, bytes) else frame.encode(errors="surrogatepass")
        if len(body) > LARGEST_FRAME:
            return [Close(TOO_BIG, f"A frame may have {LARGEST_FRAME} bytes.")]
        content: object = None
        request_id = None
        try:
            if isinstance(frame, bytes):
                raise Refused("A frame is text, not binary.", field="frame", allowed="JSON in a text frame")
            content = codec.loose(body, ClientMessage)
            request_id = _request_id(content)
            return self._obey(codec.convert(content, ClientMessage), now, event_id, held)
        except Refused as error:
            told = _unrepeated(error) if _shows_a_token(content) else error
            return [_send(ServerType.ERROR, error_payload(told), now, request_id)]

    def tick(self, now: float) -> list[Command]:
        """Return what the passing of time asks for: a heartbeat, or the end after too long a silence."""
        if now >= self._expires_at:
            return [Close(TOKEN_EXPIRED, "The token has expired.")]
        if now >= self._silent_at:
            return [Close(GONE_QUIET, f"Nothing was heard for {self._silence:g} seconds.")]
        if now < self._beat_at:
            return []
        self._beat_at = now + self._heartbeat
        return [Beat()]

    def beat(self, now: float, request_id: str | None = None) -> Send:
        """Return a sign of life that says the time."""
        life = Heartbeat(server_time=datetime.fromtimestamp(now, UTC))
        return _send(ServerType.HEARTBEAT, life, now, request_id)

    @property
    def due(self) -> float:
        """When `tick` has something to do, unless a frame comes first."""
        return min(self._beat_at, self._silent_at, self._expires_at)

    def acknowledged(self, event_id: str, now: float, request_id: str | None, *, duplicate: bool) -> Send:
        """Return the frame that says an action is durable."""
        return _send(
            ServerType.ACTION_ACK, ActionAck(event_id=event_id, duplicate=duplicate), now, request_id
        )

    def authenticated(self, expires_at: float, now: float, request_id: str | None) -> Send:
        """Return the frame that says that the stream may go on until `expires_at`."""
        self._expires_at = expires_at
        return self.beat(now, request_id)

    def answered(self, answer: Answer, now: float, request_id: str | None) -> Send:
        """Return the frame that carries the answer to a query."""
        return _send(ServerType.RECOMMENDATION_UPDATE, answer, now, request_id)

    def refused(self, error: PunnetError, now: float, request_id: str | None) -> Send:
        """Return the frame that says why a Track or an Ask was not done."""
        told = error_payload(error)
        field = f"payload.{told.field}" if told.field else None
        return _send(ServerType.ERROR, msgspec.structs.replace(told, field=field), now, request_id)

    def _obey(self, message: ClientMessage, now: float, event_id: str, held: Held) -> list[Command]:
        match message.type:
            case ClientType.SUBSCRIBE:
                wanted = _payload(message, SubscribePayload)
                resumed = self._resumed(held)
                self._subscribe(wanted, held)
                return [self._told(ServerType.SUBSCRIBED, now, message, resumed), self._listen()]
            case ClientType.UNSUBSCRIBE:
                for topic in _payload(message, UnsubscribePayload).topics:
                    self.subscriptions.pop(topic, None)
                return [self._told(ServerType.UNSUBSCRIBED, now, message), self._listen()]
            case ClientType.USER_ACTION:
                payload = _payload(message, ActionPayload)
                action = payload.by(self.user_id, payload.type, event_id)
                return [Track(actions.tracked(action, now, place="payload."), message.request_id)]
            case ClientType.REQUEST_RECOMMENDATIONS:
                return [Ask(_payload(message, QueryPayload).query(self.user_id), message.request_id)]
            case ClientType.AUTHENTICATE:
                return [Authenticate(_payload(message, AuthenticatePayload).token, message.request_id)]
            case ClientType.HEARTBEAT:
                return [self.beat(now, message.request_id)]
            case _:
                assert_never(message.type)

    def _resumed(self, held: Held) -> bool | UnsetType:
        """Return whether what the client missed is held; UNSET where it misses nothing, or was given it."""
        if self._seen is None:
            return UNSET
        if self._seen and self._seen.alert not in held:
            self._seen = False
        return bool(self._seen)

    def _subscribe(self, wanted: SubscribePayload, held: Held) -> None:
        """Subscribe from now on, or the first time from where the client left."""
        since = self._seen.alert if self._seen else held.last
        for topic in wanted.topics:
            before = self.subscriptions.get(topic)
            after = since if before is None else before.after
            self.subscriptions[topic] = Subscription.of(wanted, after, self._seen or None)
        self._seen = None

    def _listen(self) -> Listen:
        return Listen(dict(self.subscriptions))

    def _told(
        self, kind: ServerType, now: float, message: ClientMessage, resumed: bool | UnsetType = UNSET
    ) -> Send:
        return _send(kind, Subscriptions(topics=self._topics(), resumed=resumed), now, message.request_id)

    def _topics(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in Topic if topic in self.subscriptions)


def _send(kind: ServerType, payload: Payload, now: float, request_id: str | None = None) -> Send:
    return Send(draft(kind, payload, now, request_id))


def _payload(message: ClientMessage, kind: type[P]) -> P:
    return codec.convert(message.payload or {}, kind, place="payload.")


def _shows_a_token(content: object) -> bool:
    return isinstance(content, dict) and content.get("type") == ClientType.AUTHENTICATE


def _unrepeated(error: Refused) -> Refused:
    """Return a refusal without anything that was sent."""
    sentence = f"{error.field} is refused; allowed: {error.allowed}."
    return Refused(sentence, field=error.field, allowed=error.allowed)


def _request_id(content: object) -> str | None:
    """Return what to call the frame by, even where the rest of it is refused."""
    named = content.get("requestId") if isinstance(content, dict) else None
    try:
        return msgspec.convert(named, Id)
    except msgspec.ValidationError:
        return None
