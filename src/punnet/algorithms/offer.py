"""What an algorithm is asked, and what it answers."""

from typing import NamedTuple

from punnet.core.best import Best
from punnet.core.compiled import compiled, reader
from punnet.core.desk import Desk
from punnet.core.shelf import Goods, sells
from punnet.types import Floats, Mask, Positions


class Asked(NamedTuple):
    """What the algorithms are asked. A shopper, product or category of -1 is unknown, or not named."""

    now: float
    shopper: int
    product: int
    """The product on the page."""
    category: int
    """The only category that may appear."""
    searching: bool
    """Whether only `matches` are wanted."""
    matches: Positions
    cart: Positions
    """In a cart: what is in it, and the product on the page."""
    banned: Positions
    """What may not appear, whatever it is."""
    signals: Positions
    """What the shopper did, three numbers each: a signal of taste.py, of which position, how often."""
    handled: Positions
    """The latest products that the shopper viewed or put in the cart, and when, in parallel."""
    handled_at: Floats
    in_season: Mask
    """Whether each category is in season."""


asked_at = reader(Asked)

NARROW = 4_096
"""Up to so many matches of a search are looked at one by one."""


class Shortlist(NamedTuple):
    """Products with a score above 0 and the best first, and how sure the algorithm is of each."""

    best: Best
    confidences: Floats


class Offer(NamedTuple):
    """What an algorithm offered, the best first; all arrays run in parallel."""

    products: Positions
    scores: Floats
    confidences: Floats


@compiled
def mark(goods: Goods, asked: Asked, desk: Desk) -> None:
    """Mark on the desk what may not appear, and have there what a search finds: those matches that may."""
    turn, found = desk.turn[0], 0
    for product in asked.banned:
        desk.banned[product] = turn
    if asked.searching:
        for product in asked.matches:
            if desk.matched[product] != turn and may_appear(goods, asked, desk, product):
                desk.matched[product] = turn
                desk.found[found] = product
                found += 1
    desk.known[2] = found


@compiled
def wanted(goods: Goods, asked: Asked, desk: Desk, product: int) -> bool:
    """Return whether the algorithms may choose a product."""
    if asked.searching:
        return bool(desk.matched[product] == desk.turn[0])
    return may_appear(goods, asked, desk, product)


@compiled
def may_appear(goods: Goods, asked: Asked, desk: Desk, product: int) -> bool:
    """Return whether a product may be in the answer, whether the words of a search match it or not."""
    if asked.category >= 0 and goods.category[product] != asked.category:
        return False
    return sells(goods, product, asked.now) and desk.banned[product] != desk.turn[0]


@compiled
def is_narrow(asked: Asked) -> bool:
    """Return whether a search matches so little that each product it finds is looked at."""
    return asked.searching and len(asked.matches) <= NARROW


@compiled
def be_sure(shortlist: Shortlist, confidence: float) -> None:
    """Be equally sure of all on a shortlist."""
    shortlist.confidences[: shortlist.best.size[0]] = confidence
