"""Who is thanked for a purchase."""

import re
from typing import NamedTuple

from punnet.engine.index import Index
from punnet.market import ADDRESS, Action, Fact, Order, UserAction
from punnet.types import DAY

LATEST = 3 * DAY
"""A purchase told of later than this is history: nobody is thanked for it any more."""

_ADDRESS = re.compile(ADDRESS)


class Thanked(NamedTuple):
    """A shopper who placed an order, and the e-mail address that thanks go to."""

    order_id: str
    user_id: str
    address: str


def thanked(index: Index, facts: tuple[Fact, ...], now: float) -> Thanked | None:
    """Return who is to be thanked for what an entry of the journal says at `now` (seconds), if anyone is.

    That is the shopper of a COMPLETE_PURCHASE for an order of their own, at `metadata.email`, else at the
    userId where it is an address.
    """
    purchase = facts[-1]
    if not isinstance(purchase, Action) or purchase.action is not UserAction.COMPLETE_PURCHASE:
        return None
    address, order_id = _address(purchase), purchase.entity_id
    if address is None or order_id is None or _is_history(purchase, now):
        return None
    # Who names another's order must not be sent what is in it, nor have its one e-mail.
    if _shopper(index, facts, order_id) != purchase.user_id:
        return None
    return Thanked(order_id, purchase.user_id, address)


def _address(purchase: Action) -> str | None:
    address = purchase.metadata.get("email") or purchase.user_id
    return address if isinstance(address, str) and _ADDRESS.match(address) else None


def _is_history(purchase: Action, now: float) -> bool:
    return purchase.timestamp is not None and now - purchase.timestamp.timestamp() > LATEST


def _shopper(index: Index, facts: tuple[Fact, ...], order_id: str) -> str | None:
    """Return who placed the order, one that comes with the purchase or one known already."""
    for fact in facts:
        if isinstance(fact, Order) and fact.id == order_id:
            return fact.user_id
    order = index.orders.find(order_id)
    return None if order < 0 else index.shoppers[index.ledger.shoppers[order]]
