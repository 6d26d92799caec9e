"""The application: every route, page and stream on one port."""

import logging
from collections.abc import Callable, Sequence

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.types import HTTPScope, Receive, Scope, Send

from punnet.web import asyncapi, openapi
from punnet.web.events import events_handler
from punnet.web.exchange import failed, nothing_at, request_id_of, send_response
from punnet.web.metrics import metrics_handler
from punnet.web.origins import shared
from punnet.web.pages import page_handlers, pages
from punnet.web.prompt import AtOnce, Counter
from punnet.web.routes import ROUTES, Route
from punnet.web.serving import endpoints, unforeseen
from punnet.web.shop import Shop
from punnet.web.websocket import websocket_handler

WS_PATH = "/ws/recommendations"

logger = logging.getLogger(__name__)


def create_app(
    shop: Shop, *, routes: Sequence[Route] = ROUTES, ws_path: str = WS_PATH, metrics: bool = True
) -> Counter:
    """Return the ASGI application that serves `shop`; what is behind it the caller starts and stops.

    Without `metrics` Prometheus is told nothing.
    """
    files = pages(openapi.document(routes), asyncapi.document(ws_path))
    served = endpoints(shop, routes)
    app = Litestar(
        route_handlers=[
            *(endpoint.handler() for endpoint in served),
            *page_handlers(files, shop.new_id),
            events_handler(shop),
            *([metrics_handler(shop)] if metrics else ()),
            websocket_handler(shop, ws_path),
        ],
        exception_handlers={Exception: unforeseen(shop.new_id)},
        after_exception=[_log_stream],
        openapi_config=None,
        logging_config=None,
    )
    at_once = {endpoint.path.encode(): endpoint.at_once for endpoint in served if endpoint.is_prompt}
    return shared(Counter(app, at_once, shop.doors), shop.origins)


def streams_only(counter: Counter, port: int, new_id: Callable[[], str]) -> Counter:
    """Return the application, but with nothing but its WebSocket on one of its ports."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _is_on(port, scope):
            await send_response(send, failed(nothing_at(scope), request_id_of(scope, new_id)))
        else:
            await counter(scope, receive, send)

    def elsewhere(answer: AtOnce) -> AtOnce:
        return lambda scope: None if _is_on(port, scope) else answer(scope)

    return counter.behind(serve, elsewhere)


def _is_on(port: int, scope: HTTPScope) -> bool:
    server = scope["server"]
    return server is not None and server[1] == port


async def _log_stream(error: Exception, scope: Scope) -> None:
    """Log what broke a stream; what breaks a request, or leads nowhere, is answered alone."""
    if scope["type"] == ScopeType.WEBSOCKET and not isinstance(error, NotFoundException):
        logger.error("%s failed", scope["path_template"], exc_info=error)
