"""Whether the server lives, and whether it takes requests."""

from typing import Literal

from punnet.errors import Unavailable
from punnet.market import Noun
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop


class Live(Noun, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["LIVE"] = "LIVE"


class Ready(Noun, frozen=True, kw_only=True):
    """The journal was read, and facts are taken in."""

    status: Literal["READY"] = "READY"


async def get_live(_shop: Shop, _call: Call) -> Reply:
    """Answer that the process lives."""
    return Reply(Live())


async def get_ready(shop: Shop, _call: Call) -> Reply:
    """Answer whether facts are taken in."""
    if not shop.pipeline.taking_in:
        raise Unavailable("The server is starting or stopping.")
    return Reply(Ready())
