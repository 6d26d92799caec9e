"""The application: every route, page and stream on one port."""

import logging
from collections.abc import Callable, Sequence

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, Receive, Scope, Send

from punnet.web import asyncapi, openapi
from punnet.web.events import events_handler
from punnet.web.exchange import failed, nothing_at, request_id_of, send_response
from punnet.web.pages import page_handlers, pages
from punnet.web.routes import ROUTES, Route
from punnet.web.serving import endpoints, unforeseen
from punnet.web.shop import Shop
from punnet.web.websocket import websocket_handler

WS_PATH = "/ws/recommendations"

logger = logging.getLogger(__name__)


def create_app(shop: Shop, *, routes: Sequence[Route] = ROUTES, ws_path: str = WS_PATH) -> Litestar:
    """Return the ASGI application that serves `shop`; what is behind it the caller starts and stops."""
    files = pages(openapi.document(routes), asyncapi.document(ws_path))
    return Litestar(
        route_handlers=[
            *endpoints(shop, routes),
            *page_handlers(files, shop.new_id),
            events_handler(shop),
            websocket_handler(shop, ws_path),
        ],
        exception_handlers={Exception: unforeseen(shop.new_id)},
        after_exception=[_log_stream],
        openapi_config=None,
        logging_config=None,
    )


def streams_only(app: ASGIApp, port: int, new_id: Callable[[], str]) -> ASGIApp:
    """Return `app`, but with nothing but its WebSocket on one of its ports."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        server = scope["server"]
        if scope["type"] == ScopeType.HTTP and server is not None and server[1] == port:
            await send_response(send, failed(nothing_at(scope), request_id_of(scope, new_id)))
        else:
            await app(scope, receive, send)

    return serve


async def _log_stream(error: Exception, scope: Scope) -> None:
    """Log what broke a stream; what breaks a request, or leads nowhere, is answered alone."""
    if scope["type"] == ScopeType.WEBSOCKET and not isinstance(error, NotFoundException):
        logger.error("%s failed", scope["path"], exc_info=error)
