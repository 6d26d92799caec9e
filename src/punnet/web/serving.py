"""Serve the routes of one path, and turn what goes wrong into answers."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from litestar import Response
from litestar.connection import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import HTTPDisconnectEvent, HTTPScope, Receive, Scope, Send

from punnet.errors import MethodNotAllowed, PunnetError, Refused
from punnet.keys import Role
from punnet.market import Id, Noun
from punnet.protocol import codec
from punnet.web.exchange import (
    ADMIN_KEY,
    Call,
    Sent,
    failed,
    header,
    no_stream,
    nothing_at,
    path_of,
    read_body,
    request_id_of,
    send_response,
    succeeded,
)
from punnet.web.keys import admit
from punnet.web.routes import Route
from punnet.web.shop import Shop

Methods: TypeAlias = Mapping[str, Route]
"""Routes of one path, by method."""

ID = "/{id}"

BROKEN = "Something went wrong in the server; its log says what."

logger = logging.getLogger(__name__)


class Named(Noun, frozen=True, kw_only=True):
    """What a path names."""

    id: Id


class Broken(PunnetError):
    """Something that should not happen did, and is in the log."""


def endpoints(shop: Shop, routes: Sequence[Route]) -> list["Endpoint"]:
    """Return what answers at all routes, one endpoint for each path and what is below it."""
    methods: dict[str, dict[str, dict[str, Route]]] = {}
    for route in routes:
        base = route.path.removesuffix(ID)
        kind = methods.setdefault(base, {}).setdefault(ID if route.path.endswith(ID) else "", {})
        kind[route.method] = route
        if route.method == "GET":
            kind["HEAD"] = route
    return [Endpoint(shop, base, kinds.get("", {}), kinds.get(ID, {})) for base, kinds in methods.items()]


class Endpoint:
    """What answers at one path, and at the ids below it."""

    def __init__(self, shop: Shop, path: str, plain: Methods, below: Methods) -> None:
        self.path = path
        self._shop = shop
        self._base = path.encode()
        self._plain = plain
        self._below = below

    @property
    def is_prompt(self) -> bool:
        """Whether a GET of the path itself is answered without waiting for anything."""
        return "GET" in self._plain and self._plain["GET"].prompt

    def handler(self) -> ASGIRouteHandler:
        """Return it as Litestar takes it."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.WEBSOCKET:
                await no_stream(receive, send)
            else:
                await send_response(send, await self.answer(scope, receive))

        return asgi(self.path, name=self.path, is_mount=bool(self._below), copy_scope=False)(serve)

    def at_once(self, scope: HTTPScope) -> Sent | None:
        """Return the answer to a GET that waits for nothing; None where it would wait after all."""
        answering = self.answer(scope, _nothing_comes)
        try:
            answering.send(None)
        except StopIteration as ended:
            sent: Sent = ended.value
            return sent
        answering.close()
        return None

    async def answer(self, scope: HTTPScope, receive: Receive) -> Sent:
        """Return the answer to a request, whatever comes of it."""
        shop, began = self._shop, time.perf_counter()
        request_id = request_id_of(scope, shop.new_id)
        try:
            rest = _rest(scope, self._base)
            route = _route(scope, self._below if rest else self._plain)
            caller = await shop.doors.identify(scope)
            if not route.admin:
                caller.ask(route.access)
            body = await _body_of(shop, route, scope, receive) if route.body else b""
            call = Call(_id_of(rest), scope["query_string"], body, caller)
            if route.admin and caller.role is not Role.ADMIN:
                admit(shop.doors.admin_key, header(scope, ADMIN_KEY), call)
            reply = await route.handle(shop, call)
            seconds = time.perf_counter() - began
            if route.prompt:
                shop.history.answering.add(seconds)
            return succeeded(reply, request_id, seconds)
        except PunnetError as error:
            return failed(error, request_id)
        except Exception:
            # Nobody else is left to answer what comes in past the framework.
            logger.exception("%s %s failed", scope["method"], self.path)
            return failed(Broken(BROKEN), request_id)


async def _nothing_comes() -> HTTPDisconnectEvent:
    return {"type": "http.disconnect"}


def unforeseen(
    new_id: Callable[[], str],
) -> Callable[[Request[object, object, State], Exception], Response[bytes]]:
    """Return what answers where no route did: an unknown path, or an error that nobody expected."""

    def answer(request: Request[object, object, State], error: Exception) -> Response[bytes]:
        if isinstance(error, HTTPException) and error.status_code == 404:
            told: PunnetError = nothing_at(request.scope)
        elif isinstance(error, HTTPException):
            told = Refused(error.detail)
        else:
            logger.error("%s %s failed", request.method, request.scope["path_template"], exc_info=error)
            told = Broken(BROKEN)
        return _response(failed(told, request_id_of(request.scope, new_id)))

    return answer


async def _body_of(shop: Shop, route: Route, scope: HTTPScope, receive: Receive) -> bytes:
    most = shop.limits.bulk_bytes if route.lines else shop.limits.body_bytes
    return await read_body(scope, receive, most, in_lines=route.lines)


def _rest(scope: HTTPScope, base: bytes) -> bytes:
    """Return what follows the base, slashes and all: an id may have them, escaped or not."""
    path = path_of(scope)
    rest = path.removeprefix(base)
    if rest and (rest in (path, b"/") or not rest.startswith(b"/")):
        raise nothing_at(scope)
    return rest[1:]


def _id_of(rest: bytes) -> str:
    """Return the id that a path ends in, empty where there is none."""
    return codec.convert({"id": codec.unescaped(rest, "id")}, Named).id if rest else ""


def _route(scope: HTTPScope, methods: Methods) -> Route:
    if not methods:
        raise nothing_at(scope)
    method = scope["method"]
    if method in methods:
        return methods[method]
    allowed = ", ".join(sorted(methods))
    sentence = f"{method} is not possible here: use {allowed}."
    raise MethodNotAllowed(sentence, field="method", value=method, allowed=allowed)


def _response(sent: Sent) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in sent.headers}
    return Response(sent.body, status_code=sent.status, media_type="application/json", headers=headers)
