"""Someone who listens: a real session and connection, on a wire that records."""

import json
import math
from typing import Any, Protocol

from punnet.hub import Hub
from punnet.protocol.frames import Frame
from punnet.protocol.session import Command, Listen, Resume, Send, Session
from punnet.protocol.subscription import Held
from tests.wires import Reel


class Place(Protocol):
    """Where someone can listen."""

    now: float
    hub: Hub

    @property
    def held(self) -> Held:
        """The alerts that can be had again."""
        ...

    def listen(self, reader: "Reader", wanted: Listen) -> None:
        """Have a reader told what it wants."""
        ...


class Narrow(Reel):
    """A wire with room for so many messages."""

    def __init__(self, room: float = math.inf) -> None:
        super().__init__(ready=room > 0)
        self.room = room

    def write(self, frame: Frame) -> None:
        """Record a frame, which takes room."""
        assert self.ready, "a message was written where there is no room"
        super().write(frame)
        self.room -= 1
        self.ready = self.room > 0

    def widen(self, room: float) -> None:
        """Have room for more."""
        self.room += room
        self.ready = self.room > 0


class Reader:
    """A reader who is welcomed, and obeyed; `last` is the message that it saw last if it comes back."""

    def __init__(
        self, place: Place, user_id: str = "ann", *, room: float = math.inf, last: str | None = None
    ) -> None:
        self.place = place
        self.wire = Narrow(room)
        self.connection = place.hub.register(user_id, self.wire)
        numbers = place.hub.numbers
        seen = None if last is None else numbers.read(last) or False
        self.session = Session(user_id, numbers.epoch, seen=seen)
        self._obey(self.session.open(place.now, place.held))

    def say(self, kind: str, **payload: object) -> "Reader":
        """Have a frame obeyed that the reader sent."""
        frame = json.dumps({"type": kind, "payload": payload})
        self._obey(self.session.receive(frame, self.place.now, "event", self.place.held))
        return self

    def subscribe(self, *topics: str, **payload: object) -> "Reader":
        """Have the reader subscribe."""
        return self.say("SUBSCRIBE", topics=topics, **payload)

    def read(self, count: float = math.inf) -> None:
        """Make room for so many messages more."""
        self.wire.widen(count)
        self.connection.drained()

    def leave(self) -> None:
        """Hang up."""
        self.place.hub.unregister(self.connection)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages that came."""
        return self.wire.messages

    @property
    def last(self) -> str:
        """The number of the last one."""
        return str(self.messages[-1]["messageId"])

    def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Send(draft):
                    self.connection.send(draft)
                case Resume(after):
                    self.connection.resume(after)
                case Listen():
                    self.place.listen(self, command)
                case _:
                    raise AssertionError(command)
