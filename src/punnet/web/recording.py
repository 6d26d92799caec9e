"""Take facts in, and say whether they were known already."""

from punnet.errors import Conflict, UnknownId
from punnet.journal import Verdict
from punnet.market import Fact, Order
from punnet.protocol.actions import Tracked
from punnet.web.shop import Shop


async def submit(shop: Shop, fact: Fact) -> Verdict:
    """Make one fact durable and applied, or raise; a fact that does not fit the market changes nothing."""
    shop.engine.check(fact)
    return (await shop.pipeline.submit([fact]))[0]


async def track(shop: Shop, tracked: Tracked) -> bool:
    """Make an action durable and applied, and return whether it already was.

    Conflict when its id stands for another action.
    """
    facts = facts_of(shop, tracked)
    verdict = (await shop.pipeline.submit(facts))[-1]
    if verdict is Verdict.CONFLICT:
        raise another("eventId", tracked.action.event_id)
    return verdict is Verdict.DUPLICATE


def facts_of(shop: Shop, tracked: Tracked) -> list[Fact]:
    """Return what a tracked action adds to the journal, the action last, or raise where it does not fit."""
    order = tracked.order
    if order is None:
        shop.engine.check(tracked.action)
        return [tracked.action]
    known = shop.engine.order(order.id)
    if known is None:
        _check_items(shop, order)
        return [order, tracked.action]
    if not known.is_same_basket(order):
        raise another("entityId", order.id)
    return [tracked.action]


def another(field: str, value: str) -> Conflict:
    """Return the refusal of an idempotency key that stands for something else already."""
    allowed = "a new id, or exactly what was sent with it before"
    return Conflict(
        f'{field} "{value}" was used before, for something else.', field=field, value=value, allowed=allowed
    )


def _check_items(shop: Shop, order: Order) -> None:
    """Check the order that a purchase brings, by the names its fields have there."""
    try:
        shop.engine.check(order)
    except UnknownId as error:
        field = str(error.field).replace("lines", "metadata.items", 1)
        sentence = error.message.replace(str(error.field), field, 1)
        raise UnknownId(sentence, field=field, value=error.value, allowed=error.allowed) from None
