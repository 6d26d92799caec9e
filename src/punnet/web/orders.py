"""Orders over HTTP."""

from punnet.errors import UnknownId
from punnet.journal import Verdict
from punnet.market import Order
from punnet.protocol import codec
from punnet.web.exchange import Call, Reply
from punnet.web.recording import another, submit
from punnet.web.shop import Shop


class PostedOrder(Order, frozen=True, kw_only=True):
    """An order, and whether it was posted before."""

    duplicate: bool


async def post_order(shop: Shop, call: Call) -> Reply:
    """Record a purchase, once."""
    order = codec.read(call.body, Order)
    known = shop.engine.order(order.id)
    if known is None:
        verdict = await submit(shop, order)
    else:
        verdict = Verdict.DUPLICATE if known == order else Verdict.CONFLICT
    if verdict is Verdict.CONFLICT:
        raise another("id", order.id)
    duplicate = verdict is Verdict.DUPLICATE
    fields = {name: getattr(order, name) for name in Order.__struct_fields__}
    return Reply(PostedOrder(**fields, duplicate=duplicate), 200 if duplicate else 201)


async def get_order(shop: Shop, call: Call) -> Reply:
    """Answer an order."""
    order = shop.engine.order(call.id)
    if order is None:
        allowed = "the id of a posted order"
        raise UnknownId(f'id "{call.id}" is no order.', field="id", value=call.id, allowed=allowed)
    return Reply(order)
