"""What is worked out from an index once and kept, until what changes it comes in.

All of it follows from the index: dropping it costs time, and changes no answer.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from punnet.algorithms.seasonal import Season
from punnet.algorithms.trending import Trend
from punnet.core.companions import Companions
from punnet.core.compiled import Packed, entry
from punnet.core.desk import PAID, Desk
from punnet.core.geo import EVERYWHERE, Place
from punnet.core.shelf import goods_at
from punnet.engine.index import Index
from punnet.engine.offers import NOTHING, terms
from punnet.engine.profile import NOBODY
from punnet.engine.searches import Searches
from punnet.engine.sketch import BLANK, Sketch, sketch
from punnet.engine.tuning import Tuning
from punnet.types import DAY, Mask, Positions

PLACES = 64
"""For so many places what trends there is kept."""

SKETCH_BYTES = 64 << 20
"""What that may take which the algorithms read of shoppers' profiles: of 80,000, if each did 20 things."""


class Whereabouts(NamedTuple):
    """The addresses of all that an answer is made of."""

    book: int
    goods: int
    pairs: int
    desk: int
    everywhere: int
    """The trend of the whole market."""
    near: int
    """The trend of the place asked for, or of everywhere."""


class Kept:
    """Keeps what answers have in common, and the room in which they are worked out."""

    def __init__(self, index: Index, tuning: Tuning) -> None:
        self._index = index
        self.terms = terms(tuning)
        self.searches = Searches(index.catalogue.lexicon)
        self._companions = Companions()
        self._book = Packed(index.ledger.book)
        self._goods = Packed(index.catalogue.shelf.goods)
        self._paid = PAID
        self._sketches: dict[int, Sketch] = {}
        self._sketch_bytes = 0
        self._sketch_seconds = tuning.recommendation_cache_ttl / 1_000
        self._sketched_until = 0.0
        self._furnish()
        self.follow()

    @property
    def kinds(self) -> tuple[int, int]:
        """How many categories and farms there are rows of on the shelf."""
        shelf = self._index.catalogue.shelf
        return len(shelf.of_category), len(shelf.of_farm)

    def forget(self, shopper: int) -> None:
        """Drop what a shopper has a part in, who is about to be forgotten."""
        self._book.hold(self._index.ledger.book)
        self._companions.follow(self._book, len(self._index.catalogue.shelf))
        self._companions.leave(self._book, self._index.ledger.placed_by.row(shopper))
        self.drop(shopper)
        self._furnish()
        self.follow()

    def follow(self) -> None:
        """Keep step with records that were applied."""
        self._is_behind = True

    def drop(self, shopper: int) -> None:
        """Sketch a shopper anew, who did something."""
        if self._sketches and (known := self._sketches.pop(shopper, None)) is not None:
            self._sketch_bytes -= known.size

    def whereabouts(self, now: float, place: Place | None) -> Whereabouts:
        """Return where all is that an answer at `now` (seconds), in a place, is made of; `fresh` is found."""
        if self._is_behind:
            self._catch_up()
        book, goods, pairs = self._book.address, self._goods.address, self._companions.address
        everywhere = self._trend(EVERYWHERE).address
        near = everywhere if place is None else self._trend(place).address
        self._find_fresh(goods, now)
        self._expire(now)
        return Whereabouts(book, goods, pairs, self._desk_at.address, everywhere, near)

    def had_room(self) -> bool:
        """Return whether the desk had room for the last question; where not, it has now."""
        needed = int(self._desk.known[1])
        if needed <= self._paid:
            return True
        self._paid = 2 * needed
        self._furnish()
        return False

    def sketch_of(self, shopper: int) -> Sketch:
        """Return the sketch of the shopper at a position, blank for -1."""
        known = self._sketches.get(shopper)
        if known is None:
            if self._sketch_bytes >= SKETCH_BYTES:
                self._draw_anew()
            profile = self._index.profile(shopper)
            known = self._sketches[shopper] = BLANK if profile is NOBODY else sketch(profile)
            self._sketch_bytes += known.size
        return known

    def in_season(self, season: Season) -> Mask:
        """Return for each category whether it is in season."""
        names = self._index.catalogue.categories
        known = self._seasons.get(season)
        if known is None or len(known) < len(names):
            known = np.array([name in season.value for name in names], np.bool_)
            self._seasons[season] = known
        return known

    def _expire(self, now: float) -> None:
        """Let no sketch grow older than it may: those whom nobody asks for any more need no room."""
        if now >= self._sketched_until:
            self._draw_anew()
            self._sketched_until = now + self._sketch_seconds

    def _draw_anew(self) -> None:
        """Keep no sketch of anybody."""
        self._sketches.clear()
        self._sketch_bytes = 0

    def _catch_up(self) -> None:
        """Have what compiled loops read be what is there now."""
        sizes = self._sizes()
        if any(size > room for size, room in zip(sizes, self._room, strict=True)):
            self._furnish()
        self._book.hold(self._index.ledger.book)
        self._goods.hold(self._index.catalogue.shelf.goods)
        self._companions.follow(self._book, sizes[1])
        self._is_behind = False

    def _sizes(self) -> tuple[int, int, int, int]:
        catalogue = self._index.catalogue
        shoppers = len(self._index.ledger.placed_by)
        return shoppers, len(catalogue.shelf), len(catalogue.categories), len(catalogue.farms)

    def _furnish(self) -> None:
        """Make room for a market that is somewhat larger."""
        shoppers, products, categories, farms = (size * 9 // 8 + 8 for size in self._sizes())
        self._room = shoppers, products, categories, farms
        self._desk = Desk.of(*self._room, self._paid)
        self._desk_at = Packed(self._desk)
        self._trends: OrderedDict[Place, Packed[Trend]] = OrderedDict()
        self._seasons: dict[Season, Mask] = {}
        self.fresh = NOTHING
        """The products that are new, in the order they were added."""
        self._fresh_from, self._fresh_until, self._moves = 0.0, 0.0, -1

    def _trend(self, place: Place) -> Packed[Trend]:
        """Return the trend of a place; of those for places that was not asked for longest goes."""
        known = self._trends.get(place)
        if known is None:
            if len(self._trends) > PLACES:
                self._trends.popitem(last=False)
            known = self._trends[place] = Packed(Trend.of(place, self._room[1]))
        self._trends.move_to_end(place)
        return known

    def _find_fresh(self, goods: int, now: float) -> None:
        """Find what is new at `now`, again when one enters or leaves."""
        shelf = self._index.catalogue.shelf
        if self._moves != shelf.moves or not self._fresh_from <= now < self._fresh_until:
            found = np.empty(len(shelf), np.int32)
            count, self._fresh_until = find_new(goods, float(now), self.terms.new_days, found)
            self.fresh, self._fresh_from, self._moves = found[:count].copy(), now, shelf.moves


@entry
def find_new(goods_are_at: int, now: float, days: float, found: Positions) -> tuple[int, float]:
    """Find the products added in the last `days`; return how many, and until when (seconds) that is all."""
    goods = goods_at(goods_are_at)
    count, until = 0, np.inf
    for product in range(goods.products):
        age = now - goods.added[product]
        if age < 0:
            until = min(until, goods.added[product])
        elif age < days * DAY:
            # A moment early: what is added here and subtracted there is rounded.
            until = min(until, goods.added[product] + days * DAY - 1e-3)
            found[count] = product
            count += 1
    return count, until
