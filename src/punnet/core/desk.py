"""Room for what is worked out while one question is answered."""

from typing import NamedTuple

import numpy as np

from punnet.core.compiled import compiled, reader
from punnet.types import Floats, Indices, Positions

PAID = 4_096
"""Room for so many prices, before it must grow."""

LAST_TURN = 2**31 - 2


class Desk(NamedTuple):
    """Arrays that serve for one question after the other, so that none is made or cleared for each.

    A mark is the number of the question that set it. `counts`, `tally` and the two likings are zero between
    questions.
    """

    turn: Indices
    banned: Positions
    """Marks of products that may not appear."""
    matched: Positions
    """Marks of what a search finds."""
    found: Positions
    """The products with such a mark."""
    bought: Positions
    """Marks of products that the shopper bought."""
    counts: Positions
    """A count a product."""
    touched: Positions
    """Products, categories or farms with something to be cleared."""
    common: Positions
    """Of each product the orders in common with its best companion."""
    companion: Positions
    """Of each product its best companion."""
    met: Positions
    """Marks of shoppers."""
    similar: Positions
    """Shoppers."""
    heads: Positions
    """Two numbers for each of `similar`: where what they bought is."""
    queue: Positions
    """A heap of some rows of orders, by their newest order."""
    newest: Positions
    """Of each row the newest order that was not looked at."""
    placed_at: Floats
    """When that was placed (seconds)."""
    places: Positions
    """Where in its row it is."""
    firsts: Positions
    """Where each row begins."""
    tally: Floats
    """Four counts for each category or farm."""
    category_liking: Floats
    farm_liking: Floats
    liked_categories: Positions
    """The best-liked categories, the best first; -1 behind them."""
    liked_farms: Positions
    """All farms that are liked at all, the best first."""
    known: Indices
    """How many liked farms there are, for how many prices there should be room, and how much was found."""
    paid: Floats
    """The prices that the shopper paid."""
    highest: Floats
    """The highest count of each of four signals."""
    sources: Positions
    """The products that stand for a shopper's present interest."""
    sources_at: Floats
    """And when they were touched."""
    thirds: Indices
    """How many of an answer are in each third of the price range."""
    slots: Positions
    """Of each product its place among the candidates, where it is marked in `slotted`."""
    slotted: Positions

    @classmethod
    def of(cls, shoppers: int, products: int, categories: int, farms: int, paid: int = PAID) -> "Desk":
        """Return a desk for a market of at most that many."""
        most = max(products, categories, farms)
        banned, matched, found, bought, counts, common, companion, slots, slotted = _many(9, products)
        queue, newest, places, firsts = _many(4, products)
        met, similar = _many(2, shoppers)
        return cls(
            turn=np.zeros(1, np.int64), banned=banned, matched=matched, found=found, bought=bought,
            counts=counts, touched=_some(most), common=common, companion=companion,
            met=met, similar=similar, heads=_some(2 * shoppers + 1),
            queue=queue, newest=newest, placed_at=np.zeros(products + 1), places=places, firsts=firsts,
            tally=np.zeros(4 * (most + 1)),
            category_liking=np.zeros(categories + 1), farm_liking=np.zeros(farms + 1),
            liked_categories=np.zeros(5, np.int32), liked_farms=_some(farms), known=np.zeros(3, np.int64),
            paid=np.zeros(paid), highest=np.zeros(4), sources=np.zeros(5, np.int32), sources_at=np.zeros(5),
            thirds=np.zeros(3, np.int64), slots=slots, slotted=slotted,
        )  # fmt: skip


def _some(count: int) -> Positions:
    """Return room for so many positions, and one more that is written to and not kept."""
    return np.zeros(count + 1, np.int32)


def _many(arrays: int, count: int) -> list[Positions]:
    return [_some(count) for _ in range(arrays)]


desk_at = reader(Desk)


@compiled
def begin(desk: Desk) -> None:
    """Begin with a new question: no mark is set."""
    if desk.turn[0] >= LAST_TURN:
        for marks in (desk.banned, desk.matched, desk.bought, desk.met, desk.slotted):
            marks[:] = 0
        desk.turn[0] = 0
    desk.turn[0] += 1
