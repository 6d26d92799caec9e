"""Whether an alert still stands, and whom it concerns."""

from collections.abc import Sequence

import numpy as np

from punnet.engine.alerts import Alert, AlertKind
from punnet.engine.index import Index
from punnet.engine.kept import Kept
from punnet.engine.liking import liking_of
from punnet.engine.profile import Sight
from punnet.engine.tuning import Tuning
from punnet.types import DAY


def stands(index: Index, alert: Alert, now: float, tuning: Tuning) -> bool:
    """Return whether what `alert` says is still so at `now` (seconds), and the product can be bought."""
    catalogue, product = index.catalogue, alert.product
    if not catalogue.is_on_sale(product, now):
        return False
    match alert.kind:
        case AlertKind.PRICE_DROP:
            return bool(catalogue.shelf.price[product] <= alert.after)
        case AlertKind.NEW_ARRIVAL:
            return bool(now - catalogue.shelf.added[product] < tuning.arrivals_days * DAY)
        case _:
            return True


def price_last_seen(index: Index, user_id: str, product: int) -> float | None:
    """Return the price at which a shopper last viewed, carted, wished for or bought a product.

    None where they never did.
    """
    shopper = index.shoppers.find(user_id)
    if shopper < 0:
        return None
    seen = index.profile(shopper).seen.get(product)
    bought = _last_purchase(index, shopper, product)
    sights = [sight for sight in (seen, bought) if sight is not None]
    return max(sights, key=lambda sight: sight.time).price if sights else None


def prices_last_seen(index: Index, user_ids: Sequence[str], product: int) -> dict[str, float]:
    """Return `price_last_seen` of those shoppers who saw the product; for many of them at once."""
    ledger = index.ledger
    buyers = set(ledger.shoppers[ledger.holding.row(product)].tolist())
    shoppers = zip(user_ids, index.shoppers.find_all(user_ids), strict=True)
    known = [(name, at) for name, at in shoppers if at >= 0]
    who = [name for name, at in known if at in buyers or product in index.profile(at).seen]
    prices = {user_id: price_last_seen(index, user_id, product) for user_id in who}
    return {user_id: price for user_id, price in prices.items() if price is not None}


def favourite_farms(index: Index, kept: Kept, user_id: str) -> frozenset[int]:
    """Return the positions of the farms that a shopper likes best."""
    shopper = index.shoppers.find(user_id)
    if shopper < 0:
        return frozenset()
    return frozenset(liking_of(kept, shopper).favourite_farms.tolist())


def kinship(index: Index, user_ids: Sequence[str], buyer_id: str) -> list[float]:
    """Return of each shopper which share of what they bought another one bought, too; 0..1."""
    bought = index.ledger.bought_by
    theirs = np.zeros(len(index.catalogue.products), np.bool_)
    theirs[bought.row(index.shoppers.find(buyer_id))] = True
    found = np.array(index.shoppers.find_all(user_ids), np.int64)
    known = np.flatnonzero(found >= 0)
    lengths = bought.lengths[found[known]]
    owner = np.repeat(known, lengths)
    shared = np.bincount(owner, theirs[bought.gather(found[known])], len(found))
    total = np.maximum(np.bincount(owner, minlength=len(found)), 1)
    shares: list[float] = (shared / total).tolist()
    return shares


def _last_purchase(index: Index, shopper: int, product: int) -> Sight | None:
    ledger = index.ledger
    if not np.any(ledger.bought_by.row(shopper) == product):
        return None
    orders = ledger.placed_by.row(shopper)
    lines = np.flatnonzero(ledger.lines(orders) == product)
    times = np.repeat(ledger.times[orders], ledger.sizes(orders))[lines]
    last = int(np.argmax(times))
    return Sight(float(ledger.prices(orders)[lines[last]]), float(times[last]))
