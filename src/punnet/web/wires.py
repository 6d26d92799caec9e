"""uvicorn's two protocols as wires: what is sent on them goes to the transport, past every queue.

ASGI's `send` waits for room. Who tells many readers something must not wait for any of them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from litestar.types import HTTPScope, WebSocketScope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as ReceivedFrame
from websockets.http11 import Request

from punnet.hub import LAST_WORDS_SECONDS
from punnet.protocol.frames import Frame

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

WIRE = "punnet.wire"
"""Where in the state of a scope its wire stands."""

COMMENT = b":\n\n"
"""A server-sent event that says nothing."""

NOT_UTF8 = 1007
"""The close code for a text that is none."""

W = TypeVar("W")


def _nobody() -> None:
    """Tell nobody."""


class WebSocketWire(WebSocketsSansIOProtocol):
    """A WebSocket. `on_room` is called when there is room again, `on_life` when the client answers a ping."""

    on_room: Callable[[], None] = staticmethod(_nobody)
    on_life: Callable[[], None] = staticmethod(_nobody)

    @property
    def ready(self) -> bool:
        """Whether there is room for more."""
        return self.writable.is_set() and not (self.close_sent or self.disconnected)

    def put(self, frame: Frame) -> None:
        """Send a frame."""
        self.transport.write(frame.websocket)

    def end(self, code: int, reason: str) -> None:
        """Say goodbye, and hang up when the client did so too, or a little later."""
        if self.close_sent or self.disconnected:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
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

    def resume_writing(self) -> None:
        """Note that there is room again."""
        super().resume_writing()
        self.on_room()


class EventsWire(HttpToolsProtocol):
    """An HTTP connection, on which an answer of server-sent events can be sent piece by piece."""

    on_room: Callable[[], None] = staticmethod(_nobody)

    @property
    def ready(self) -> bool:
        """Whether there is room for more."""
        return not (self.flow.write_paused or self.transport.is_closing())

    def put(self, frame: Frame) -> None:
        """Send a frame."""
        self._put(frame.event)

    def comment(self) -> None:
        """Send something that the client does not notice."""
        self._put(COMMENT)

    def end(self, _code: int, _reason: str) -> None:
        """End the answer, and hang up; events know no goodbye, and who wants more comes back."""
        if not self.transport.is_closing():
            self.transport.write(b"0\r\n\r\n")
            self.transport.close()
            self.loop.call_later(LAST_WORDS_SECONDS, self.transport.abort)

    def on_message_begin(self) -> None:
        """Begin a request, with the wire in its scope."""
        super().on_message_begin()
        self.scope["state"][WIRE] = self

    def resume_writing(self) -> None:
        """Note that there is room again."""
        super().resume_writing()
        self.on_room()

    def _put(self, event: bytes) -> None:
        self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))


def wire_of(scope: HTTPScope | WebSocketScope, kind: type[W]) -> W | None:
    """Return the wire of a scope; None under a server that has none."""
    wire: object = scope["state"].get(WIRE)
    return wire if isinstance(wire, kind) else None
