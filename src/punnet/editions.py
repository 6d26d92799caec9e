"""Alerts as they go out: put together where that is kinder, and written once for many readers."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, assert_never

import msgspec
from msgspec import UNSET

from punnet.engine.alerts import Alert, AlertKind
from punnet.market import ListedProduct
from punnet.protocol.frames import Frame, draft
from punnet.protocol.messages import BackInStock, NewArrivals, PriceDrop, ServerType
from punnet.types import Positions

ARRIVALS = 20
"""The most new arrivals that one message tells of."""

Bundle: TypeAlias = tuple[Alert, ...]
"""What goes out as one message: one alert, or new arrivals of one farm that came one after the other."""

Products: TypeAlias = tuple[ListedProduct, ...]


def bundles(alerts: Iterable[Alert], farms: Positions) -> Iterator[Bundle]:
    """Yield alerts as they go out, in their order; `farms` has the farm of each product."""
    bundle: list[Alert] = []
    for alert in alerts:
        if bundle and not (len(bundle) < ARRIVALS and _go_together(bundle[0], alert, farms)):
            yield tuple(bundle)
            bundle = []
        bundle.append(alert)
    if bundle:
        yield tuple(bundle)


def _go_together(one: Alert, other: Alert, farms: Positions) -> bool:
    both_new = one.kind is other.kind is AlertKind.NEW_ARRIVAL
    return both_new and bool(farms[one.product] == farms[other.product])


class Edition:
    """A bundle on its way: one frame for all readers whom the same part of it concerns."""

    __slots__ = ("_alert", "_frames", "_message_id")

    def __init__(self, alert: Alert, message_id: str) -> None:
        self._alert = alert
        self._message_id = message_id
        self._frames: dict[tuple[Products, float | None], Frame] = {}

    def frame(self, products: Products, last_seen: float | None) -> Frame:
        """Return the frame about some products; `last_seen` is a price, None for who never saw it."""
        frame = self._frames.get((products, last_seen))
        if frame is None:
            kind = ServerType(self._alert.kind.value)
            drafted = draft(kind, self._payload(products, last_seen), self._alert.at)
            frame = self._frames[products, last_seen] = Frame(drafted, self._message_id)
        return frame

    def _payload(self, products: Products, last_seen: float | None) -> PriceDrop | BackInStock | NewArrivals:
        alert, product = self._alert, products[0]
        match alert.kind:
            case AlertKind.PRICE_DROP:
                return PriceDrop(
                    product_id=product.id,
                    product=msgspec.structs.replace(product, price=alert.after),
                    old_price=alert.before,
                    new_price=alert.after,
                    last_seen_price=UNSET if last_seen is None else last_seen,
                )
            case AlertKind.STOCK:
                return BackInStock(product_id=product.id, product=product, stock=product.stock)
            case AlertKind.NEW_ARRIVAL:
                return NewArrivals(products=products)
            case _:
                assert_never(alert.kind)


class Forms(dict[Callable[[Frame], bytes], bytes]):
    """The common frame of an edition, prepared once for each kind of wire; by what prepares it."""

    __slots__ = ("_edition", "_products")

    def __init__(self, edition: Edition, products: Products) -> None:
        self._edition = edition
        self._products = products

    def __missing__(self, prepare: Callable[[Frame], bytes]) -> bytes:
        """Prepare it for another kind of wire."""
        prepared = self[prepare] = prepare(self._edition.frame(self._products, None))
        return prepared
