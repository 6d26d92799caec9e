"""Pages of other origins: which of them may read what is answered, and open streams."""

import logging
import re
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send, WebSocketScope

from punnet.errors import Forbidden
from punnet.protocol import refusal
from punnet.web.exchange import Headers, Sent, header, send_response
from punnet.web.prompt import AtOnce, Counter

ORIGIN = b"origin"
ASKED = b"access-control-request-method"

VARY = (b"vary", b"Origin")
READABLE = (b"access-control-expose-headers", b"Retry-After, Age, ETag, X-Request-Id")
PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Content-Type, X-Admin-Key, Authorization, Last-Event-ID, If-None-Match, X-Request-Id",
    ),
    # Chromium keeps it no longer than that.
    (b"access-control-max-age", b"7200"),
)

SENT = re.compile(rb"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?|null|\*", re.ASCII)
"""The origin of a page as browsers send it."""

STRANGERS = 100
"""How many origins the log names that were turned away, each once: any program can send any."""

logger = logging.getLogger(__name__)


class Origins:
    """The origins whose pages may use the server, beside its own."""

    __slots__ = ("_strangers", "_told")

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._told: dict[bytes, Headers] = {
            origin.encode(): (VARY, (b"access-control-allow-origin", origin.encode()), READABLE)
            for origin in allowed
        }
        self._strangers: set[bytes] = set()

    def __len__(self) -> int:
        """Return how many there are beside the server's own."""
        return len(self._told)

    def headers(self, scope: HTTPScope) -> Headers:
        """Return what every answer to a request says of who may read it."""
        return self._told.get(header(scope, ORIGIN), (VARY,))

    def permission(self, scope: HTTPScope) -> Sent | None:
        """Return the answer to a browser that asks whether its page may call, None to all other requests.

        None also where it may not: what the path answers to OPTIONS then lacks the permission.
        """
        if scope["method"] != "OPTIONS" or not header(scope, ASKED):
            return None
        told = self._told.get(header(scope, ORIGIN))
        return Sent(204, b"", told + PREFLIGHT) if told else None

    def check(self, scope: HTTPScope | WebSocketScope) -> None:
        """Raise Forbidden where a page asks for a stream whose origin is neither the server's own nor named.

        No browser asks before it opens one, and those of the WebSocket can be read by any page. Who sends no
        origin is no page. Behind a proxy that changes Host, the server's own origin must be named as well.
        """
        origin = header(scope, ORIGIN)
        if not origin or origin in self._told:
            return
        if origin.partition(b"://")[2] == header(scope, b"host").lower():
            return
        shown = refusal.shown(origin.decode("latin-1"))
        if origin not in self._strangers and len(self._strangers) < STRANGERS and SENT.fullmatch(origin):
            self._strangers.add(origin)
            logger.warning("a page of %s was refused a stream: ALLOWED_ORIGINS does not name it", shown)
        raise Forbidden(
            f"A page of {shown} may not open a stream here: ALLOWED_ORIGINS does not name it.",
            field="Origin",
            value=shown,
            allowed="the server's own origin, or one of ALLOWED_ORIGINS",
        )


def shared(counter: Counter, origins: Origins) -> Counter:
    """Return the application with every answer readable by pages of the origins, whichever way it goes out.

    Where there are none it is the same application: nobody pays for what nobody uses.
    """
    if not origins:
        return counter

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await counter(scope, receive, send)
        elif permission := origins.permission(scope):
            await send_response(send, permission)
        else:
            await counter(scope, receive, _telling(send, origins.headers(scope)))

    def prompt(answer: AtOnce) -> AtOnce:
        def told(scope: HTTPScope) -> Sent | None:
            sent = answer(scope)
            return sent and Sent(sent.status, sent.body, sent.headers + origins.headers(scope))

        return told

    return counter.behind(serve, prompt)


def _telling(send: Send, headers: Headers) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = (*message["headers"], *headers)
        await send(message)

    return told
