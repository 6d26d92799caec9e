"""Orders over HTTP."""

from punnet.errors import UnknownId
from punnet.journal import Verdict, order_key
from punnet.market import Order
from punnet.protocol import codec
from punnet.protocol.replies import PostedOrder
from punnet.web.exchange import Call, Reply
from punnet.web.recording import another, find, submit
from punnet.web.shop import Shop


async def post_order(shop: Shop, call: Call) -> Reply:
    """Record a purchase, once."""
    order = codec.read(call.body, Order)
    verdict = await submit(shop, order)
    if verdict is Verdict.CONFLICT:
        raise another("id", order.id)
    duplicate = verdict is Verdict.DUPLICATE
    fields = {name: getattr(order, name) for name in Order.__struct_fields__}
    return Reply(PostedOrder(**fields, duplicate=duplicate), 200 if duplicate else 201)


async def get_order(shop: Shop, call: Call) -> Reply:
    """Answer an order."""
    order = await find(shop, order_key(call.id)) if shop.engine.has_order(call.id) else None
    if not isinstance(order, Order):
        allowed = "the id of a posted order"
        raise UnknownId(f'id "{call.id}" is no order.', field="id", value=call.id, allowed=allowed)
    return Reply(order)
