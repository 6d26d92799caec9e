"""What is known of products in common orders, so that it need not be counted for each question."""

from typing import NamedTuple

import numpy as np

from punnet.core.compiled import Packed, compiled, entry, prefetch, reader
from punnet.core.ledger import Book, book_at, lines_of
from punnet.types import Floats, Indices, Mask, Positions

COUNTED_FROM = 4_096
"""Orders from which what a product has in common with each other one is counted along."""

LISTED = 128
"""How many companions are kept of a product that was asked for."""

LISTS = 8_192
"""For so many products."""

AHEAD = 4
"""How many orders ahead memory is asked for one."""


class Pairs(NamedTuple):
    """Counts and lists of companions, as compiled loops read them."""

    counted: Positions
    """Which row of `counts` a product has, -1 for none."""
    counts: Positions
    """Rows of `stride`: how many orders a product has in common with each other one."""
    stride: int
    lists: Positions
    """Which list a product has, -1 for none."""
    owners: Positions
    """Which product each list is of."""
    members: Positions
    """Rows of `LISTED`: the companions of a product."""
    common: Positions
    """In how many orders each of these is with it."""
    sizes: Positions
    """How many members a list has."""
    floors: Floats
    """What none that is not on a list exceeds: its orders in common over the root of all of its orders."""
    raised: Mask
    """Whether an order raised the floor of a list, so that someone who is not on it may belong there."""
    free: Positions
    """The lists that are free, behind as many places as are in use."""
    used: Indices
    """How many lists are in use, and which one makes room next when all are."""
    best: Positions
    """Room for a list in the making, and for what its members weigh."""
    weights: Floats
    best_size: Indices


class Companions:
    """Keeps counts for products in many orders, and lists for those that were asked for.

    A list stays right while purchases go on: who is on it is weighed anew each time, and who is not can only
    rise above its floor by an order with both, which raises the floor of a product that is counted, and drops
    the list of another. All of it is worked out of a ledger, so it can be dropped at any time.
    """

    def __init__(self) -> None:
        self._rows, self._seen, self._packed = 0, 0, Packed(_made(0, 0))

    @property
    def pairs(self) -> Pairs:
        """Counts and lists; valid until the next `follow`."""
        return self._packed.struct

    @property
    def address(self) -> int:
        """Where compiled loops find counts and lists."""
        return self._packed.address

    def leave(self, book: Packed[Book], orders: Positions) -> None:
        """Take out orders that are about to be forgotten, all of which have been taken in."""
        leave(book.address, self._packed.address, orders)

    def follow(self, book: Packed[Book], products: int) -> None:
        """Take in the orders of a book that are new since the last time, in a market of so many products."""
        if products > self._packed.struct.stride:
            lengths = book.struct.holding.heads[1 : 2 * products : 2]
            many: list[int] = np.flatnonzero(lengths >= COUNTED_FROM).tolist()
            self._rows = 0
            # Room for as many again takes no memory until it is used, and to move all of it takes 0.1 s.
            self._packed.hold(_made(products * 9 // 8 + 8, 2 * len(many)))
            for product in many:
                self._count(book, product)
        elif book.struct.orders > self._seen:
            more = follow(book.address, self._packed.address, self._seen)
            while more and (one := uncounted(book.address, self._packed.address, self._seen)) >= 0:
                self._count(book, one)
        self._seen = book.struct.orders

    def _count(self, book: Packed[Book], product: int) -> None:
        pairs = self._packed.struct
        if (self._rows + 1) * pairs.stride > len(pairs.counts):
            counts = np.zeros(max(1, 2 * self._rows) * pairs.stride, np.int32)
            counts[: self._rows * pairs.stride] = pairs.counts[: self._rows * pairs.stride]
            pairs = pairs._replace(counts=counts)
            self._packed.hold(pairs)
        pairs.counted[product] = self._rows
        row = pairs.counts[self._rows * pairs.stride : (self._rows + 1) * pairs.stride]
        count_common(book.address, product, row)
        self._rows += 1


def _made(products: int, rows: int) -> Pairs:
    return Pairs(
        counted=np.full(products, -1, np.int32),
        counts=np.zeros(rows * products, np.int32),
        stride=products,
        lists=np.full(products, -1, np.int32),
        owners=np.zeros(LISTS, np.int32),
        members=np.zeros(LISTS * LISTED, np.int32),
        common=np.zeros(LISTS * LISTED, np.int32),
        sizes=np.zeros(LISTS, np.int32),
        floors=np.zeros(LISTS),
        raised=np.zeros(LISTS, np.bool_),
        free=np.arange(LISTS, dtype=np.int32),
        used=np.zeros(2, np.int64),
        best=np.zeros(LISTED, np.int32),
        weights=np.zeros(LISTED),
        best_size=np.zeros(1, np.int64),
    )


pairs_at = reader(Pairs)


@entry
def count_common(book_is_at: int, product: int, counts: Positions) -> None:
    """Add to each product how many orders it has in common with one, that one itself among them."""
    book = book_at(book_is_at)
    start = book.holding.heads[2 * product]
    for at in range(start, start + book.holding.heads[2 * product + 1]):
        order = book.holding.pool[at]
        for line in range(*lines_of(book, order)):
            counts[book.lines.pool[line]] += 1


@compiled
def drop_list(pairs: Pairs, product: int) -> None:
    """Have no list of a product."""
    gone = pairs.lists[product]
    if gone >= 0:
        pairs.lists[product] = -1
        pairs.used[0] -= 1
        pairs.free[pairs.used[0]] = gone


@compiled
def take_list(pairs: Pairs, product: int) -> int:
    """Give a product, which has none, a list to fill; where all are taken, one after the other makes room."""
    if pairs.used[0] == LISTS:
        drop_list(pairs, pairs.owners[pairs.used[1]])
        pairs.used[1] = (pairs.used[1] + 1) % LISTS
    listed = pairs.free[pairs.used[0]]
    pairs.used[0] += 1
    pairs.owners[listed], pairs.lists[product], pairs.raised[listed] = product, listed, False
    return int(listed)


@entry
def follow(book_is_at: int, pairs_are_at: int, since: int) -> bool:
    """Count the orders since then along, and note them in the lists, or drop those that they make wrong.

    Return whether they hold a product that is in enough orders by now to be counted, and is not.
    """
    book, pairs, more = book_at(book_is_at), pairs_at(pairs_are_at), False
    for order in range(since, book.orders):
        if order + AHEAD < book.orders:
            _ask_for(book, pairs, order + AHEAD)
        first, last = lines_of(book, order)
        for line in range(first, last):
            product = book.lines.pool[line]
            row = pairs.counted[product]
            if row < 0:
                more |= book.holding.heads[2 * product + 1] >= COUNTED_FROM
                drop_list(pairs, product)
                continue
            for other in range(first, last):
                pairs.counts[row * pairs.stride + book.lines.pool[other]] += 1
            if pairs.lists[product] >= 0:
                _note(book, pairs, product, first, last)
    return more


@compiled
def _ask_for(book: Book, pairs: Pairs, order: int) -> None:
    """Ask memory for the counts of an order."""
    first, last = lines_of(book, order)
    for line in range(first, last):
        row = pairs.counted[book.lines.pool[line]]
        if row >= 0:
            for other in range(first, last):
                prefetch(pairs.counts, row * pairs.stride + book.lines.pool[other])


@compiled
def _note(book: Book, pairs: Pairs, product: int, first: int, last: int) -> None:
    """Note an order in the list of a product that is counted."""
    listed, row = pairs.lists[product], pairs.counted[product]
    for line in range(first, last):
        other = book.lines.pool[line]
        common = pairs.counts[row * pairs.stride + other]
        place = _place(pairs, listed, other)
        if place >= 0:
            pairs.common[place] = common
        elif other != product:
            weight = common / np.sqrt(book.holding.heads[2 * other + 1])
            if weight > pairs.floors[listed]:
                pairs.floors[listed], pairs.raised[listed] = weight, True


@compiled
def _place(pairs: Pairs, listed: int, product: int) -> int:
    """Return where a product is on a list, -1 where it is not: without a branch, which is quicker."""
    begin, after = listed * LISTED, 0
    for at in range(begin, begin + pairs.sizes[listed]):
        after += (at + 1) * (pairs.members[at] == product)
    return after - 1


@entry
def leave(book_is_at: int, pairs_are_at: int, orders: Positions) -> None:
    """Count orders no more, and drop all lists: what is bought less weighs more beside its companions."""
    book, pairs = book_at(book_is_at), pairs_at(pairs_are_at)
    for order in orders:
        first, last = lines_of(book, order)
        for line in range(first, last):
            row = pairs.counted[book.lines.pool[line]]
            if row >= 0:
                for other in range(first, last):
                    pairs.counts[row * pairs.stride + book.lines.pool[other]] -= 1
    pairs.lists[:] = -1
    pairs.used[0] = 0
    for listed in range(LISTS):
        pairs.free[listed] = listed


@entry
def uncounted(book_is_at: int, pairs_are_at: int, since: int) -> int:
    """Return a product of the orders since then that is in enough orders by now to be counted; else -1."""
    book, pairs = book_at(book_is_at), pairs_at(pairs_are_at)
    for order in range(since, book.orders):
        for line in range(*lines_of(book, order)):
            product = book.lines.pool[line]
            if pairs.counted[product] < 0 and book.holding.heads[2 * product + 1] >= COUNTED_FROM:
                return int(product)
    return -1
