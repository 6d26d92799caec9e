"""uvicorn's two protocols as wires: what is sent on them goes to the transport, past every queue.

ASGI's `send` waits for room. Who tells many readers something must not wait for any of them.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from litestar.types import HTTPScope, WebSocketScope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame as ReceivedFrame
from websockets.http11 import Request

from punnet.errors import Unavailable
from punnet.hub import LAST_WORDS_SECONDS
from punnet.protocol.frames import Frame, chunked

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

WIRE = "punnet.wire"
"""Where in the state of a scope its wire stands."""

COMMENT = chunked(b":\n\n")
"""A server-sent event that says nothing."""

PING = b"\x89\x00"
"""A frame that a client's WebSocket answers by itself."""

NOT_UTF8 = 1007
"""The close code for a text that is none."""

W = TypeVar("W")


def _nobody() -> None:
    """Tell nobody."""


class Room(asyncio.Protocol):
    """Keeps in mind whether there is room on a connection of uvicorn's, as `punnet.hub.Wire` has it."""

    transport: asyncio.Transport
    ready = True
    ended = False
    """Whether goodbye was said: then there is no room for anything else."""
    on_full: Callable[[], None] = staticmethod(_nobody)
    on_room: Callable[[], None] = staticmethod(_nobody)
    on_lost: Callable[[], None] = staticmethod(_nobody)
    """Called when the connection is no more."""

    def pause_writing(self) -> None:
        """Note that there is no room."""
        super().pause_writing()
        self.ready = False
        self.on_full()

    def resume_writing(self) -> None:
        """Note that there is room again."""
        super().resume_writing()
        self.ready = not (self.ended or self.transport.is_closing())
        self.on_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nobody is there any more."""
        super().connection_lost(exc)
        self.ready = False
        self.on_full()
        self.on_lost()


class WebSocketWire(Room, WebSocketsSansIOProtocol):
    """A WebSocket; see `punnet.hub.Wire`. `on_life` is called when the client answers a ping."""

    on_life: Callable[[], None] = staticmethod(_nobody)
    write: Callable[[bytes], None]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # Those of asyncio take 3.5 KB, for every connection as long as it lasts.
        self.queue = cast("asyncio.Queue[ASGIReceiveEvent]", Inbox())
        self.writable = cast("asyncio.Event", Gate())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the connection."""
        super().connection_made(transport)
        self.write = self.transport.write

    @staticmethod
    def prepare(frame: Frame) -> bytes:
        """Return a frame as it is written."""
        return frame.websocket

    def ping(self) -> None:
        """Ask for a sign of life, if there is room for that."""
        if self.ready:
            self.transport.write(PING)

    def settle(self) -> None:
        """Let go of what only the handshake needed: with a browser's headers that is 5 KB."""
        del self.request, self.response
        self.scope["headers"] = []

    def end(self, code: int, reason: str) -> None:
        """Say goodbye, and hang up when the client did so too, or a little later."""
        if self.close_sent or self.disconnected:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent, self.ended, self.ready = True, True, False
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LAST_WORDS_SECONDS, self.transport.abort)

    def handle_connect(self, event: Request) -> None:
        """Begin, with the wire in the scope."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"][WIRE] = self

    def data_received(self, data: bytes) -> None:
        """Take in what came; a handshake that cannot even be read ends the connection at once."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; a text that is not UTF-8 ends the connection, and is no matter for the log."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    async def send(self, message: "ASGISendEvent") -> None:
        """Send an event; a handshake that was answered with a refusal is over."""
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = True

    def handle_pong(self, event: ReceivedFrame) -> None:
        """Note that the client lives."""
        super().handle_pong(event)
        self.on_life()


class EventsWire(Room, HttpToolsProtocol):
    """An HTTP connection, on which an answer of server-sent events can be sent piece by piece."""

    @staticmethod
    def prepare(frame: Frame) -> bytes:
        """Return a frame as it is written."""
        return frame.chunk

    def write(self, prepared: bytes) -> None:
        """Send what was prepared."""
        self.transport.write(prepared)

    def comment(self) -> None:
        """Send something that the client does not notice."""
        self.transport.write(COMMENT)

    def end(self, _code: int, _reason: str) -> None:
        """End the answer, and hang up; events know no goodbye, and who wants more comes back."""
        self.ended, self.ready = True, False
        if not self.transport.is_closing():
            self.transport.write(b"0\r\n\r\n")
            self.transport.close()
            self.loop.call_later(LAST_WORDS_SECONDS, self.transport.abort)

    def on_message_begin(self) -> None:
        """Begin a request, with the wire in its scope."""
        super().on_message_begin()
        self.scope["state"][WIRE] = self


class Inbox:
    """What of a queue uvicorn needs for what a client sends, which one task takes."""

    __slots__ = ("_events", "_waiting")

    def __init__(self) -> None:
        self._events: list[object] = []
        self._waiting: asyncio.Future[None] | None = None

    def put_nowait(self, event: object) -> None:
        """Put an event in."""
        self._events.append(event)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def get(self) -> object:
        """Take the first event out, once there is one."""
        while not self._events:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._events.pop(0)

    def empty(self) -> bool:
        """Return whether there is none."""
        return not self._events


class Gate:
    """What of an event uvicorn needs to wait for room."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Event | None = None

    def clear(self) -> None:
        """Close it."""
        if self._opened is None:
            self._opened = asyncio.Event()

    def set(self) -> None:
        """Open it."""
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    async def wait(self) -> None:
        """Return once it is open."""
        if self._opened is not None:
            await self._opened.wait()


def wire_of(scope: HTTPScope | WebSocketScope, kind: type[W]) -> W:
    """Return the wire of a scope; raise Unavailable under a server that has none."""
    wire: object = scope["state"].get(WIRE)
    if not isinstance(wire, kind):
        raise Unavailable("This server cannot stream: it must be started with punnet's own protocols.")
    return wire
