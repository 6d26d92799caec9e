"""Answers that wait for nothing, written as soon as the request is read.

ASGI makes a task for every request, and two messages for every answer: that costs more than such an answer.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import httptools
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from punnet.web.doors import Doors
from punnet.web.exchange import Sent
from punnet.web.wires import EventsWire, Room

AtOnce: TypeAlias = Callable[[HTTPScope], Sent | None]
"""Answers a GET; None where that has to wait for something."""

UNUSUAL = frozenset({b"transfer-encoding", b"upgrade"})
"""Headers of requests that go the long way."""

HEAD_SECONDS, BODY_SECONDS = 10.0, 120.0
"""How long a client may take to say what it asks for, and then for the body: a socket costs whoever waits."""

READ_SECONDS = 60.0
"""How long a client may read nothing of an answer that waits for it."""

HEAD_BYTES = 32 * 1024
"""How long the head of a request may be: address and headers together."""


def _parting(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()


TOO_SLOW = _parting("408 Request Timeout")
TOO_LONG = _parting("431 Request Header Fields Too Large")
TOO_MANY = _parting("429 Too Many Requests\r\nretry-after: 1")
"""What is told to those who are parted with before they have asked for anything."""

_HOST = re.compile(rb"[\w.:\[\]-]*", re.ASCII)


logger = logging.getLogger(__name__)
# What a stranger gets wrong is told to the stranger: a log of it could be filled by anybody.
logger.setLevel(logging.ERROR)


class HeadTooLongError(Exception):
    """Ends the reading of a request whose head has more than HEAD_BYTES."""


class Counter:
    """An application, what of it is answered at once, by its path, and what tells who may connect."""

    def __init__(self, app: ASGIApp, at_once: Mapping[bytes, AtOnce], doors: Doors | None = None) -> None:
        self.app = app
        self.at_once = at_once
        self.doors = doors

    def behind(self, app: ASGIApp, at_once: Callable[[AtOnce], AtOnce]) -> "Counter":
        """Return it with `app` in front of the long way, and each answer at once as `at_once` has it."""
        return Counter(app, {path: at_once(answer) for path, answer in self.at_once.items()}, self.doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the long way."""
        await self.app(scope, receive, send)


class HttpWire(EventsWire):
    """An HTTP connection to a Counter.

    A plain GET that can be answered at once is, unless something else of this connection must come first.
    All else is uvicorn's, and so is the reading: what is answered here was understood by the same parser.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        app: object = config.app
        counter = app if isinstance(app, Counter) else None
        self._at_once = counter.at_once if counter and not config.root_path else {}
        self._doors = counter and counter.doors
        self.logger = logger
        self._turn = self._answered = self._is_too_long = False
        self._coming = self._head_bytes = 0
        self._begun: list[RequestResponseCycle] = []
        self._missing: float | None = HEAD_SECONDS
        """For how long what is missing of a request may be waited for; None where nothing is."""
        self._waited_for: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the connection, and wait for its first request."""
        super().connection_made(cast("asyncio.Transport", transport))
        leave = self._doors.enter(self.client) if self._doors else self.on_lost
        if leave is None:
            self.transport.write(TOO_MANY)
            self.transport.close()
            return
        self.on_lost = leave
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more, and let what is being answered know: uvicorn tells only the last request."""
        self._missing = None
        self._wait()
        self._forget_unread()
        for cycle in self._begun:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that there is no room, and give the client some time to make some."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that there is room again."""
        super().resume_writing()
        self._forget_unread()

    def data_received(self, data: bytes) -> None:
        """Read what came. Of requests that come together one is answered at once: others have their turn."""
        self._turn = True
        self._coming = len(data)
        self._head_bytes += self._coming
        super().data_received(data)
        if self._missing == HEAD_SECONDS and self._head_bytes > HEAD_BYTES:
            self._part(TOO_LONG)
        if self._missing != self._waited_for:
            self._wait()

    def on_message_begin(self) -> None:
        """Note that a request begins, in what has just come."""
        super().on_message_begin()
        self._missing = HEAD_SECONDS
        self._head_bytes = self._coming

    def on_headers_complete(self) -> None:
        """Answer a request, or have a task do it; raise HeadTooLongError where nobody should read on."""
        if self._head_bytes > HEAD_BYTES and self._head_size() > HEAD_BYTES:
            self._is_too_long = True
            raise HeadTooLongError
        self._missing = BODY_SECONDS
        sent = self._prompt_answer() if self._turn else None
        self._turn = False
        if sent is None:
            super().on_headers_complete()
            # None where it goes on as a WebSocket.
            begun = (*self._begun, cast("RequestResponseCycle | None", self.cycle))
            self._begun = [each for each in begun if each is not None and not each.response_complete]
            return
        self._answered = True
        head = [STATUS_LINE[sent.status]]
        for name, value in (*self.server_state.default_headers, *sent.headers):
            head += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*head, b"\r\n", sent.body)))
        self.on_response_complete()

    def on_message_complete(self) -> None:
        """Note that a request is read."""
        self._missing = None
        if self._answered:
            self._answered = False
        else:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say why nothing more is read, and part."""
        if self._is_too_long:
            self._part(TOO_LONG)
        else:
            super().send_400_response(msg)

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, and tell of its end as of this one's."""
        super().handle_websocket_upgrade()
        wire = self.transport.get_protocol()
        if isinstance(wire, Room):
            wire.on_lost = self.on_lost

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _wait(self) -> None:
        """Wait for what is missing of a request, but not for ever."""
        if self._timer is not None:
            self._timer.cancel()
        self._waited_for = self._missing
        self._timer = None if self._missing is None else self.loop.call_later(self._missing, self._part)

    def _part(self, said: bytes = TOO_SLOW) -> None:
        """Part with a client that is too slow, or says too much, whatever it says meanwhile."""
        if self._missing == HEAD_SECONDS and not self.transport.is_closing():
            self.transport.write(said)
        self.transport.close()

    def _prompt_answer(self) -> Sent | None:
        # None before the first of them.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if (cycle is not None and not cycle.response_complete) or not self.ready:
            return None
        if self.parser.get_method() != b"GET":
            return None
        url = httptools.parse_url(self.url)
        answer = self._at_once.get(url.path)
        if answer is None or not self._is_plain():
            return None
        self.scope["method"] = "GET"
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        return answer(cast("HTTPScope", self.scope))

    def _is_plain(self) -> bool:
        """Return whether nothing but the method, the path and the query tells what is asked."""
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return False
        for name, value in self.headers:
            if name in UNUSUAL:
                return False
            if name == b"content-length" and value != b"0":
                return False
            if name == b"host" and not _HOST.fullmatch(value):
                return False
        return True
