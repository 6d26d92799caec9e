"""The stream of server-sent events: the same messages for clients that only listen."""

import math

import msgspec
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import HTTPScope, Receive, Scope, Send

from punnet.errors import MethodNotAllowed, PunnetError
from punnet.web.callers import Caller
from punnet.web.exchange import failed, header, no_stream, only_at, request_id_of, send_response
from punnet.web.shop import Shop
from punnet.web.streams import Stream, StreamQuery, know_what_was_seen, let_in, read_query
from punnet.web.wires import EventsWire, wire_of

PATH = "/api/recommendations/stream"

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would gather what is sent until a page of it is full.
    (b"x-accel-buffering", b"no"),
)


def events_handler(shop: Shop) -> ASGIRouteHandler:
    """Return the handler of the events."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await no_stream(receive, send)
            return
        request_id = request_id_of(scope, shop.new_id)
        try:
            feed = await _opened(shop, scope)
        except PunnetError as error:
            await send_response(send, failed(error, request_id))
            return
        try:
            headers = (*HEADERS, (b"x-request-id", request_id.encode()))
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await feed.run(receive)
        finally:
            feed.close()

    return asgi(PATH, name="events", copy_scope=False)(only_at(PATH, serve, shop.new_id))


class _Feed(Stream):
    """A stream on which the client says nothing."""

    __slots__ = ("_wire",)

    def __init__(self, shop: Shop, query: StreamQuery, wire: EventsWire, caller: Caller) -> None:
        super().__init__(shop, query, wire, silence=math.inf, caller=caller)
        self._wire = wire

    async def run(self, receive: Receive) -> None:
        """Send, until the client is gone or was sent away."""
        self.open()
        while (await receive())["type"] != "http.disconnect":
            # The body of a GET, which says nothing.
            continue

    def beat(self) -> None:
        """Send a comment: proxies end what is silent, and a client that is gone is noticed."""
        if self.connection.ready:
            self._wire.comment()


async def _opened(shop: Shop, scope: HTTPScope) -> _Feed:
    """Return the stream that a client asks for; raise where it cannot have one."""
    if scope["method"] != "GET":
        raise MethodNotAllowed(
            "The stream can only be read: use GET.", field="method", value=scope["method"], allowed="GET"
        )
    shop.origins.check(scope)
    query = read_query(scope["query_string"])
    last = header(scope, b"last-event-id").decode("latin-1")
    if last:
        query = msgspec.structs.replace(query, last_message_id=last)
    caller = await let_in(shop, scope, query)
    await know_what_was_seen(shop, query)
    return _Feed(shop, query, wire_of(scope, EventsWire), caller)
