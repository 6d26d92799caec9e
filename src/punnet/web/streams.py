"""The WebSocket: what a session commands, carried out on one connection."""

import asyncio
from typing import assert_never

from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import Receive, Scope, Send, WebSocketScope

from punnet.errors import PunnetError, Refused
from punnet.hub import Connection
from punnet.market import Id, Noun
from punnet.protocol import codec, session
from punnet.protocol.actions import Tracked
from punnet.web.exchange import Sent, failed, request_id_of, send_response
from punnet.web.recording import track
from punnet.web.shop import Shop

LAST_WORDS_SECONDS = 2.0
"""How long a connection that is to be closed may take for the frames that still wait."""


class StreamQuery(Noun, frozen=True, kw_only=True):
    """Who opens a stream."""

    user_id: Id


def stream_handler(shop: Shop, path: str) -> ASGIRouteHandler:
    """Return the handler of the WebSocket."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_id_of(scope, shop.new_id)
        if scope["type"] == ScopeType.HTTP:
            error = Refused(f"{path} is a WebSocket.", field="Upgrade", allowed="websocket")
            await send_response(send, failed(error, request_id))
            return
        await receive()
        try:
            user_id = codec.read_query(scope["query_string"], StreamQuery).user_id
            connection = shop.hub.register(user_id)
        except PunnetError as error:
            await _deny(scope, send, failed(error, request_id))
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
            await _Stream(shop, connection, receive, send).run()
        finally:
            shop.hub.unregister(connection)

    return asgi(path, name="stream", copy_scope=False)(serve)


class _Stream:
    """One connection from its welcome to its end."""

    def __init__(self, shop: Shop, connection: Connection, receive: Receive, send: Send) -> None:
        limits = shop.limits
        self._shop = shop
        self._connection = connection
        self._receive = receive
        self._send = send
        self._session = session.Session(
            connection.user_id,
            shop.frames,
            heartbeat=limits.heartbeat_seconds,
            silence=limits.silence_seconds,
        )
        self._reason = ""

    async def run(self) -> None:
        """Return when the client is gone or was sent away."""
        await self._obey(self._session.open(self._shop.clock()))
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read())
            writing = tasks.create_task(self._write())
            others = [
                tasks.create_task(self._watch_the_clock()),
                tasks.create_task(self._connection.closing()),
            ]
            await asyncio.wait({reading, writing, others[1]}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait({writing}, timeout=LAST_WORDS_SECONDS)
            for task in (reading, writing, *others):
                task.cancel()

    async def _read(self) -> None:
        """Obey the client's frames, one after the other, until it is gone."""
        while True:
            event = await self._receive()
            if event["type"] != "websocket.receive":
                return
            text = event.get("text")
            frame = (event.get("bytes") or b"") if text is None else text
            await self._obey(self._session.receive(frame, self._shop.clock(), self._shop.new_id()))
            self._connection.topics = set(self._session.topics)

    async def _write(self) -> None:
        """Send what waits in the outbox, until the connection is to be closed and all of it is sent."""
        try:
            while frames := await self._connection.take():
                for frame in frames:
                    await self._send({"type": "websocket.send", "text": frame.decode(), "bytes": None})
            code = self._connection.close_code or session.GONE_QUIET
            await self._send({"type": "websocket.close", "code": code, "reason": self._reason})
        except OSError:
            # The client left while it was being spoken to.
            return

    async def _watch_the_clock(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._session.due - self._shop.clock()))
            await self._obey(self._session.tick(self._shop.clock()))

    async def _obey(self, commands: list[session.Command]) -> None:
        for command in commands:
            match command:
                case session.Send(frame):
                    self._connection.send(frame)
                case session.Track(tracked, request_id):
                    self._connection.send((await self._track(tracked, request_id)).frame)
                case session.Ask():
                    self._connection.send(self._answer(command).frame)
                case session.Close(code, reason):
                    self._reason = reason
                    self._connection.close(code)
                case _:
                    assert_never(command)

    async def _track(self, tracked: Tracked, request_id: str | None) -> session.Send:
        try:
            duplicate = await track(self._shop, tracked)
        except PunnetError as error:
            return self._session.refused(error, self._shop.clock(), request_id)
        event_id = tracked.action.event_id
        return self._session.acknowledged(event_id, self._shop.clock(), request_id, duplicate=duplicate)

    def _answer(self, ask: session.Ask) -> session.Send:
        now = self._shop.clock()
        try:
            return self._session.answered(self._shop.engine.answer(ask.query, now), now, ask.request_id)
        except PunnetError as error:
            return self._session.refused(error, now, ask.request_id)


async def _deny(scope: WebSocketScope, send: Send, sent: Sent) -> None:
    """Answer instead of upgrading; a server that cannot do that answers 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        return
    await send({"type": "websocket.http.response.start", "status": sent.status, "headers": sent.headers})
    await send({"type": "websocket.http.response.body", "body": sent.body, "more_body": False})
