"""What the administrator can do to the statistics and to what waits."""

from punnet.market import Reset, ResetType
from punnet.protocol import codec
from punnet.protocol.replies import Cleared
from punnet.web.exchange import Call, Reply
from punnet.web.keys import discreetly
from punnet.web.recording import submit
from punnet.web.shop import Shop


class StatisticsReset(Reset, frozen=True, kw_only=True):
    """Which statistics begin anew; the key may stand here or in the header."""

    admin_key: str | None = None


async def reset_statistics(shop: Shop, call: Call) -> Reply:
    """Begin the statistics anew, for this process and for those that come after it."""
    with discreetly():
        asked = codec.read(call.body, StatisticsReset)
    reset = Reset(reset_type=asked.reset_type)
    await submit(shop, reset)
    shop.pipeline.reset()
    shop.handlers.reset()
    if reset.reset_type is ResetType.ALL:
        shop.delivery.reset()
        shop.answers.reset()
        shop.hub.reset()
    return Reply(reset)


async def clear_reactions(shop: Shop, _call: Call) -> Reply:
    """Drop the reactions and the calls of handlers that wait; what is recorded stays."""
    return Reply(Cleared(dropped=shop.delivery.clear() + shop.handlers.clear()))
