"""What the administrator can see of people, and do to the statistics and to what waits."""

from typing import Annotated

from msgspec import Meta as Bounds

from punnet.market import Noun, Reset, ResetType
from punnet.protocol import codec
from punnet.protocol.replies import Cleared
from punnet.web.exchange import Call, Reply
from punnet.web.keys import discreetly
from punnet.web.recording import submit
from punnet.web.shop import Shop


class RecentQuery(Noun, frozen=True, kw_only=True):
    """Which of the latest actions: those after a position, else the last ones."""

    after: Annotated[int, Bounds(ge=0)] | None = None
    limit: Annotated[int, Bounds(ge=1, le=500)] = 50


class StatisticsReset(Reset, frozen=True, kw_only=True):
    """Which statistics begin anew; the key may stand here or in the header."""

    admin_key: str | None = None


async def get_events(shop: Shop, call: Call) -> Reply:
    """Answer the latest actions."""
    query = codec.read_query(call.query, RecentQuery)
    return Reply(shop.recent.after(query.after, query.limit))


async def reset_statistics(shop: Shop, call: Call) -> Reply:
    """Begin the statistics anew, for this process and for those that come after it."""
    with discreetly():
        asked = codec.read(call.body, StatisticsReset)
    reset = Reset(reset_type=asked.reset_type)
    await submit(shop, reset)
    shop.pipeline.calls.reset()
    shop.handlers.reset()
    if reset.reset_type is ResetType.ALL:
        shop.delivery.reset()
        shop.answers.reset()
        shop.history.reset()
        shop.hub.reset()
    return Reply(reset)


async def clear_reactions(shop: Shop, _call: Call) -> Reply:
    """Drop the reactions and the calls of handlers that wait; what is recorded stays."""
    return Reply(Cleared(dropped=shop.delivery.clear() + shop.handlers.clear()))
