"""One WebSocket connection without the socket: frames and the clock in, commands out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar, assert_never

import msgspec

from punnet.errors import PunnetError, Refused
from punnet.market import Answer, Noun, Query
from punnet.protocol import actions, codec
from punnet.protocol.messages import (
    LARGEST_FRAME,
    ActionAck,
    ActionPayload,
    ClientMessage,
    ClientType,
    ConnectionAck,
    Frames,
    Heartbeat,
    Payload,
    QueryPayload,
    ServerType,
    Subscriptions,
    Topic,
    TopicsPayload,
    error_payload,
)

HEARTBEAT_SECONDS = 30.0
SILENCE_SECONDS = 60.0

TOO_BIG = 1009
"""The close code for a frame that is larger than LARGEST_FRAME."""

GONE_QUIET = 1001
"""The close code for a client that said nothing for SILENCE_SECONDS."""

LONGEST_REQUEST_ID = 128

P = TypeVar("P", bound=Noun)


@dataclass(frozen=True, slots=True)
class Send:
    """Send this frame."""

    frame: bytes


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
class Close:
    """Close the connection."""

    code: int
    reason: str


Command: TypeAlias = Send | Track | Ask | Close


class Session:
    """What one connection has said and is owed. Times are seconds since 1970-01-01 UTC."""

    def __init__(
        self,
        user_id: str,
        frames: Frames,
        *,
        heartbeat: float = HEARTBEAT_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self.user_id = user_id
        self.topics: frozenset[Topic] = frozenset()
        self._frames = frames
        self._heartbeat = heartbeat
        self._silence = silence
        self._beat_at = 0.0
        self._silent_at = 0.0

    def open(self, now: float) -> list[Command]:
        """Return the welcome."""
        self._beat_at = now + self._heartbeat
        self._silent_at = now + self._silence
        welcome = ConnectionAck(
            server_time=datetime.fromtimestamp(now, UTC),
            user_id=self.user_id,
            topics=self._sorted_topics(),
            epoch=self._frames.epoch,
            heartbeat_interval=round(self._heartbeat * 1000),
        )
        return [self._send(ServerType.CONNECTION_ACK, welcome, now)]

    def receive(self, frame: str | bytes, now: float, event_id: str) -> list[Command]:
        """Return what follows from a client's frame; `event_id` is for an action that brings none.

        A frame that is not accepted is answered with ERROR, and the connection lives; one that is too large
        ends it.
        """
        self._silent_at = now + self._silence
        body = frame if isinstance(frame, bytes) else frame.encode(errors="surrogatepass")
        if len(body) > LARGEST_FRAME:
            return [Close(TOO_BIG, f"A frame may have {LARGEST_FRAME} bytes.")]
        request_id = None
        try:
            if isinstance(frame, bytes):
                raise Refused("A frame is text, not binary.", field="frame", allowed="JSON in a text frame")
            content = codec.loose(body, ClientMessage)
            request_id = _request_id(content)
            return self._obey(codec.convert(content, ClientMessage), now, event_id)
        except Refused as error:
            return [self._send(ServerType.ERROR, error_payload(error), now, request_id)]

    def tick(self, now: float) -> list[Command]:
        """Return what the passing of time asks for: a heartbeat, or the end after too long a silence."""
        if now >= self._silent_at:
            return [Close(GONE_QUIET, f"Nothing was heard for {self._silence:g} seconds.")]
        if now < self._beat_at:
            return []
        self._beat_at = now + self._heartbeat
        return [self._beat(now)]

    @property
    def due(self) -> float:
        """When `tick` has something to do, unless a frame comes first."""
        return min(self._beat_at, self._silent_at)

    def acknowledged(self, event_id: str, now: float, request_id: str | None, *, duplicate: bool) -> Send:
        """Return the frame that says an action is durable."""
        return self._send(
            ServerType.ACTION_ACK, ActionAck(event_id=event_id, duplicate=duplicate), now, request_id
        )

    def answered(self, answer: Answer, now: float, request_id: str | None) -> Send:
        """Return the frame that carries the answer to a query."""
        return self._send(ServerType.RECOMMENDATION_UPDATE, answer, now, request_id)

    def refused(self, error: PunnetError, now: float, request_id: str | None) -> Send:
        """Return the frame that says why a Track or an Ask was not done."""
        told = error_payload(error)
        field = f"payload.{told.field}" if told.field else None
        return self._send(ServerType.ERROR, msgspec.structs.replace(told, field=field), now, request_id)

    def _obey(self, message: ClientMessage, now: float, event_id: str) -> list[Command]:
        match message.type:
            case ClientType.SUBSCRIBE | ClientType.UNSUBSCRIBE:
                return [self._turn(message, now)]
            case ClientType.USER_ACTION:
                payload = _payload(message, ActionPayload)
                action = payload.by(self.user_id, payload.type, event_id)
                return [Track(actions.tracked(action, now, place="payload."), message.request_id)]
            case ClientType.REQUEST_RECOMMENDATIONS:
                return [Ask(_payload(message, QueryPayload).query(self.user_id), message.request_id)]
            case ClientType.HEARTBEAT:
                return [self._beat(now, message.request_id)]
            case _:
                assert_never(message.type)

    def _turn(self, message: ClientMessage, now: float) -> Send:
        named = _payload(message, TopicsPayload).topics
        if message.type is ClientType.SUBSCRIBE:
            self.topics |= frozenset(named)
            kind = ServerType.SUBSCRIBED
        else:
            self.topics -= frozenset(named)
            kind = ServerType.UNSUBSCRIBED
        return self._send(kind, Subscriptions(topics=self._sorted_topics()), now, message.request_id)

    def _sorted_topics(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in Topic if topic in self.topics)

    def _beat(self, now: float, request_id: str | None = None) -> Send:
        beat = Heartbeat(server_time=datetime.fromtimestamp(now, UTC))
        return self._send(ServerType.HEARTBEAT, beat, now, request_id)

    def _send(self, kind: ServerType, payload: Payload, now: float, request_id: str | None = None) -> Send:
        return Send(self._frames.frame(kind, payload, now, request_id))


def _payload(message: ClientMessage, kind: type[P]) -> P:
    return codec.convert(message.payload or {}, kind, place="payload.")


def _request_id(content: object) -> str | None:
    """Return what to call the frame by, even where the rest of it is refused."""
    named = content.get("requestId") if isinstance(content, dict) else None
    return named if isinstance(named, str) and 0 < len(named) <= LONGEST_REQUEST_ID else None
