"""The WebSocket."""

from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import Receive, Scope, Send, WebSocketScope

from punnet.errors import PunnetError, RateLimited, Refused
from punnet.protocol import session
from punnet.protocol.actions import Tracked
from punnet.web.callers import Access, Caller
from punnet.web.exchange import Sent, failed, only_at, request_id_of, send_response
from punnet.web.recommendations import answer
from punnet.web.recording import track
from punnet.web.shop import Shop
from punnet.web.streams import Stream, StreamQuery, know_what_was_seen, let_in, read_query
from punnet.web.wires import WebSocketWire, wire_of


def websocket_handler(shop: Shop, path: str) -> ASGIRouteHandler:
    """Return the handler of the WebSocket."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_id_of(scope, shop.new_id)
        if scope["type"] == ScopeType.HTTP:
            error = Refused(f"{path} is a WebSocket.", field="Upgrade", allowed="websocket")
            await send_response(send, failed(error, request_id))
            return
        await receive()
        try:
            dialogue = await _opened(shop, scope)
        except PunnetError as error:
            await _deny(scope, send, failed(error, request_id))
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
            await dialogue.run(receive)
        finally:
            dialogue.close()

    return asgi(path, name="stream", copy_scope=False)(only_at(path, serve, shop.new_id))


class _Dialogue(Stream):
    """A stream on which the client speaks, too."""

    __slots__ = ("_wire",)

    def __init__(self, shop: Shop, query: StreamQuery, wire: WebSocketWire, caller: Caller) -> None:
        super().__init__(shop, query, wire, silence=shop.limits.silence_seconds, caller=caller)
        self._wire = wire
        wire.on_life = self._heard

    async def run(self, receive: Receive) -> None:
        """Obey the client's frames, one after the other, until it is gone or was sent away."""
        self._wire.settle()
        self.open()
        while True:
            event = await receive()
            if event["type"] != "websocket.receive":
                return
            text = event.get("text")
            await self._hear((event.get("bytes") or b"") if text is None else text)

    def beat(self) -> None:
        """Say that the server lives, and ask whether the client does."""
        super().beat()
        self._wire.ping()

    def _heard(self) -> None:
        self.session.heard(self.shop.clock())

    async def _hear(self, frame: str | bytes) -> None:
        shop = self.shop
        commands = self.session.receive(frame, shop.clock(), shop.new_id(), shop.alerting.held)
        refusal = await self._counted()
        for command in commands:
            match command:
                case session.Track() | session.Ask() | session.Authenticate() if refusal is not None:
                    self.obey(self.session.refused(refusal, shop.clock(), command.request_id))
                case session.Track(tracked, request_id):
                    self.obey(await self._track(tracked, request_id))
                case session.Ask():
                    self.obey(self._answer(command))
                case session.Authenticate():
                    self.obey(await self._authenticate(command))
                case _:
                    self.obey(command)

    async def _counted(self) -> RateLimited | None:
        """Count a frame, and return what is to be said where there were too many."""
        try:
            await self.shop.doors.rates.count(self.caller)
        except RateLimited as error:
            return error
        return None

    async def _track(self, tracked: Tracked, request_id: str | None) -> session.Send:
        try:
            duplicate = await track(self.shop, tracked)
        except PunnetError as error:
            return self.session.refused(error, self.shop.clock(), request_id)
        event_id = tracked.action.event_id
        return self.session.acknowledged(event_id, self.shop.clock(), request_id, duplicate=duplicate)

    async def _authenticate(self, shown: session.Authenticate) -> session.Send:
        shop = self.shop
        try:
            caller = await shop.doors.holder(shown.token)
            caller.ask(Access.SHOPPER)
            caller.act_for(self.session.user_id)
        except PunnetError as error:
            return self.session.refused(error, shop.clock(), shown.request_id)
        said = self.session.authenticated(caller.expires_at, shop.clock(), shown.request_id)
        self.go_on_for(caller)
        return said

    def _answer(self, ask: session.Ask) -> session.Send:
        now = self.shop.clock()
        try:
            return self.session.answered(answer(self.shop, ask.query), now, ask.request_id)
        except PunnetError as error:
            return self.session.refused(error, now, ask.request_id)


async def _opened(shop: Shop, scope: WebSocketScope) -> _Dialogue:
    """Return the stream that a client asks for; raise where it cannot have one."""
    shop.origins.check(scope)
    query = read_query(scope["query_string"])
    caller = await let_in(shop, scope, query)
    await know_what_was_seen(shop, query)
    return _Dialogue(shop, query, wire_of(scope, WebSocketWire), caller)


async def _deny(scope: WebSocketScope, send: Send, sent: Sent) -> None:
    """Answer instead of upgrading; a server that cannot do that answers 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        return
    await send({"type": "websocket.http.response.start", "status": sent.status, "headers": sent.headers})
    await send({"type": "websocket.http.response.body", "body": sent.body, "more_body": False})
