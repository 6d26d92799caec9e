"""The application: every route, page and stream on one port."""

import logging
from collections.abc import Sequence

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Scope

from punnet.web.openapi import document
from punnet.web.pages import page_handlers, pages
from punnet.web.routes import ROUTES, Route
from punnet.web.serving import endpoints, unforeseen
from punnet.web.shop import Shop
from punnet.web.streams import stream_handler

WS_PATH = "/ws/recommendations"

logger = logging.getLogger(__name__)


def create_app(shop: Shop, *, routes: Sequence[Route] = ROUTES, ws_path: str = WS_PATH) -> Litestar:
    """Return the ASGI application that serves `shop`; what is behind it the caller starts and stops."""
    return Litestar(
        route_handlers=[
            *endpoints(shop, routes),
            *page_handlers(pages(document(routes)), shop.new_id),
            stream_handler(shop, ws_path),
        ],
        exception_handlers={Exception: unforeseen(shop.new_id)},
        after_exception=[_log_stream],
        openapi_config=None,
        logging_config=None,
    )


async def _log_stream(error: Exception, scope: Scope) -> None:
    """Log what broke a stream; what breaks a request is logged where it is answered."""
    if scope["type"] == ScopeType.WEBSOCKET:
        logger.error("%s failed", scope["path"], exc_info=error)
