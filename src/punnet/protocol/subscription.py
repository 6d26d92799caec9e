"""What a connection wants of a topic, and from when on."""

from typing import NamedTuple

from punnet.market import ListedProduct
from punnet.protocol.frames import Seen
from punnet.protocol.messages import Filter, SubscribePayload


class Held(NamedTuple):
    """The alerts that can be had again: those after the number `before`, up to `last`."""

    before: int
    last: int

    def __contains__(self, number: object) -> bool:
        """Return whether all that came after an alert can be had."""
        return isinstance(number, int) and self.before <= number <= self.last


class Subscription(NamedTuple):
    """One topic of one connection: alerts after the number `after`, if they pass the filter.

    `place` is where the reader is, in degrees. `seen` is what a client that came back saw last.
    """

    after: int
    place: tuple[float, float] | None = None
    seen: Seen | None = None
    products: frozenset[str] | None = None
    farms: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    mine: bool = False

    @classmethod
    def of(cls, wanted: SubscribePayload, after: int, seen: Seen | None) -> "Subscription":
        """Return what a client asked for."""
        narrowed = wanted.filter or Filter()
        place = None
        if wanted.latitude is not None and wanted.longitude is not None:
            place = (wanted.latitude, wanted.longitude)
        return cls(
            after,
            place,
            seen,
            _set(narrowed.product_ids),
            _set(narrowed.farm_ids),
            _set(narrowed.categories),
            narrowed.relevance is not None,
        )

    @property
    def plain(self) -> bool:
        """Whether it takes whatever comes."""
        return not self.mine and self.products is None and self.farms is None and self.categories is None

    def takes(self, product: ListedProduct) -> bool:
        """Return whether the filter lets this product through; whether it is `mine` others know."""
        return (
            (self.products is None or product.id in self.products)
            and (self.farms is None or product.farm_id in self.farms)
            and (self.categories is None or product.category in self.categories)
        )


def _set(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
