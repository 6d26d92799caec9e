"""Take facts in, and say whether they were known already."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from punnet.errors import Conflict, JournalUnavailable, UnknownId
from punnet.journal import Verdict, judge, key_of
from punnet.market import Action, Fact, Order
from punnet.protocol.actions import Tracked
from punnet.web.shop import Shop

T = TypeVar("T")


async def submit(shop: Shop, fact: Fact) -> Verdict:
    """Make one fact durable and applied, or raise; a fact that does not fit the market changes nothing."""
    await fitting(shop, lambda: shop.engine.check(fact))
    return (await submit_all(shop, [(fact,)]))[0]


async def submit_all(shop: Shop, entries: Sequence[tuple[Fact, ...]]) -> list[Verdict]:
    """Make entries durable and applied, and return the verdict on each; raise what `Pipeline.submit` does.

    JournalUnavailable also when that takes too long. They may become durable and applied all the same.
    """
    return await _in_time(
        shop,
        shop.pipeline.submit(entries),
        "it is not known yet whether this was kept: send it again as it was",
    )


async def fitting(shop: Shop, make: Callable[[], T]) -> T:
    """Return what `make` gives; where that does not fit the market, it may fit what others wrote by now."""
    try:
        return make()
    except (UnknownId, Conflict):
        if not shop.journal.shared:
            raise
    await catch_up(shop)
    return make()


async def catch_up(shop: Shop) -> None:
    """Know of all that other processes have written by now; JournalUnavailable when that takes too long."""
    await _in_time(shop, shop.pipeline.catch_up(), "ask again later")


async def find(shop: Shop, key: str) -> Fact | None:
    """Return the fact that the journal knows under `key`; JournalUnavailable when that takes too long."""
    return await _in_time(shop, shop.journal.find(key), "ask again later")


async def track(shop: Shop, tracked: Tracked) -> bool:
    """Make an action durable and applied, and return whether it already was.

    Conflict when its id, or that of its order, stands for something else.
    """
    try:
        facts = await fitting(shop, lambda: facts_of(shop, tracked))
    except UnknownId:
        # What it was about may have left the catalogue since it was sent the first time.
        verdict = await known(shop, tracked.action)
        if verdict is Verdict.ACCEPTED:
            raise
    else:
        verdict = (await submit_all(shop, [facts]))[0]
    if verdict is Verdict.CONFLICT:
        raise await conflict(shop, tracked)
    return verdict is Verdict.DUPLICATE


def facts_of(shop: Shop, tracked: Tracked) -> tuple[Fact, ...]:
    """Return what a tracked action adds to the journal, the action last, or raise where it does not fit."""
    order, action = tracked.order, tracked.action
    if order is None:
        shop.engine.check(action)
        return (action,)
    _check_items(shop, order)
    return (order, action)


async def known(shop: Shop, action: Action) -> Verdict:
    """Return the verdict that the journal would give on an action by itself."""
    key = key_of(action)
    before = await find(shop, key) if key else None
    return judge((action,), {} if before is None else {key: before})[0]


async def conflict(shop: Shop, tracked: Tracked) -> Conflict:
    """Return the refusal of a tracked action whose id, or that of its order, stands for something else."""
    action, order = tracked.action, tracked.order
    if order is None or await known(shop, action) is Verdict.CONFLICT:
        return another("eventId", action.event_id)
    return another("entityId", order.id)


def another(field: str, value: str) -> Conflict:
    """Return the refusal of an idempotency key that stands for something else already."""
    allowed = "a new id, or exactly what was sent with it before"
    return Conflict(
        f'{field} "{value}" was used before, for something else.', field=field, value=value, allowed=allowed
    )


async def _in_time(shop: Shop, asked: Awaitable[T], advice: str) -> T:
    seconds = shop.limits.journal_seconds
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        raise JournalUnavailable(f"the journal has not answered within {seconds:g} s; {advice}") from None


def _check_items(shop: Shop, order: Order) -> None:
    """Check the order that a purchase brings, by the names its fields have there."""
    try:
        shop.engine.check(order)
    except UnknownId as error:
        field = str(error.field).replace("lines", "metadata.items", 1)
        sentence = error.message.replace(str(error.field), field, 1)
        raise UnknownId(sentence, field=field, value=error.value, allowed=error.allowed) from None
