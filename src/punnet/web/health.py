"""Whether the server lives, and whether it takes requests."""

from punnet.errors import Unavailable
from punnet.protocol.replies import Live, Ready
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop


async def get_live(_shop: Shop, _call: Call) -> Reply:
    """Answer that the process lives."""
    return Reply(Live())


async def get_ready(shop: Shop, _call: Call) -> Reply:
    """Answer whether facts are taken in."""
    if not shop.pipeline.taking_in or shop.hub.retiring:
        raise Unavailable("The server is starting or stopping.")
    return Reply(Ready())
