"""The demo market: its farms and products, and a year of its baskets moved to end today."""

import gzip
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import starmap
from typing import TypeVar

import msgspec

from punnet.market import Farm, Order, OrderLine, Product, ProductChange, ProductPatch

YEAR = timedelta(weeks=52)
MINUTE = timedelta(minutes=1)
RING = YEAR // MINUTE


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of the shipped file: a JSON array of these fields. Minutes count from `About.start`."""


RowT = TypeVar("RowT", bound=Row)


class Place(Row, frozen=True, array_like=True):
    """Where a market is held."""

    name: str
    latitude: float
    longitude: float


class Grower(Row, frozen=True, array_like=True):
    """A farm."""

    id: str
    name: str
    latitude: float
    longitude: float
    region: str


class Good(Row, frozen=True, array_like=True):
    """A product: its farm's position, when it came (back) to market, and its prices as (minute, cents)."""

    id: str
    name: str
    farm: int
    category: str
    cents: int
    organic: bool
    unit: str
    returns: tuple[int, ...]
    prices: tuple[tuple[int, int], ...]


class Basket(Row, frozen=True, array_like=True):
    """A basket; `sold` is product, quantity and cents for one, line after line, flat."""

    shopper: int
    minute: int
    place: int
    sold: tuple[int, ...]


class About(msgspec.Struct, frozen=True):
    """The first line of the file: where the data come from, and how many rows of each kind follow."""

    source: str
    licence: str
    invented: str
    start: datetime
    shoppers: int
    markets: int
    farms: int
    products: int
    baskets: int
    lines: int


class DemoMarket(msgspec.Struct, frozen=True):
    """The shipped file, read. Baskets are in order of their time in the year of the data."""

    about: About
    places: tuple[Place, ...]
    growers: tuple[Grower, ...]
    goods: tuple[Good, ...]
    baskets: tuple[Basket, ...]


class Calendar:
    """Moves the year of the data, by whole weeks, to the 52 weeks that end `today`.

    A basket keeps its weekday, its hour (UTC) and, within a week, its season: the year of the data is first
    laid on the year of today; what then lies after today goes to the year before.
    """

    def __init__(self, start: datetime, today: datetime) -> None:
        new_year = datetime(today.astimezone(UTC).year, 1, 1, tzinfo=UTC)
        weeks = round((new_year - start) / timedelta(weeks=1))
        self._start = start + timedelta(weeks=weeks)
        self._now = (today - self._start) // MINUTE

    def last(self, minute: int) -> datetime:
        """Return the last time at or before today that stands for this minute of the data."""
        return self._start + (self._now - (self._now - minute) % RING) * MINUTE

    def next(self, minute: int) -> datetime:
        """Return the first time after today that stands for this minute of the data."""
        return self.last(minute) + YEAR


def load() -> DemoMarket:
    """Return the demo market that ships with the package."""
    packed = files("punnet.demo").joinpath("market.ndjson.gz").read_bytes()
    lines = iter(gzip.decompress(packed).splitlines())
    about = msgspec.json.decode(next(lines), type=About)

    def rows(kind: type[RowT], count: int) -> tuple[RowT, ...]:
        decoder = msgspec.json.Decoder(kind)
        return tuple(decoder.decode(next(lines)) for _ in range(count))

    return DemoMarket(
        about=about,
        places=rows(Place, about.markets),
        growers=rows(Grower, about.farms),
        goods=rows(Good, about.products),
        baskets=rows(Basket, about.baskets),
    )


def farms(market: DemoMarket) -> list[Farm]:
    """Return the farms."""
    return [
        Farm(id=row.id, name=row.name, latitude=row.latitude, longitude=row.longitude, region=row.region)
        for row in market.growers
    ]


def products(market: DemoMarket, today: datetime) -> list[Product]:
    """Return the products as of today: at the price asked last, added when they last came to market."""
    calendar = Calendar(market.about.start, today)
    return [
        Product(
            id=row.id,
            name=row.name,
            farm_id=market.growers[row.farm].id,
            category=row.category,
            price=_price_on(row, calendar) / 100,
            organic=row.organic,
            unit=row.unit,
            created_at=max(map(calendar.last, row.returns), default=today - YEAR),
        )
        for row in market.goods
    ]


def history(market: DemoMarket, today: datetime) -> list[Order]:
    """Return the orders of the 52 weeks that end today, oldest first."""
    calendar = Calendar(market.about.start, today)
    line = _lines_of(market)
    orders = [
        _order(market, basket, line, f"demo-{number:06}", calendar.last(basket.minute))
        for number, basket in enumerate(market.baskets, start=1)
    ]
    return sorted(orders, key=lambda order: order.placed_at)


def coming(market: DemoMarket, today: datetime, chosen: Collection[str]) -> dict[str, list[Order]]:
    """Return the orders each chosen shopper is to place in the 52 weeks after today, the next one first.

    They are the baskets of `history`, a year later and under ids of their own, so that the shoppers of the
    demo go on as people did at this time of the year.
    """
    calendar = Calendar(market.about.start, today)
    line = _lines_of(market)
    orders: dict[str, list[Order]] = {shopper: [] for shopper in chosen}
    for number, basket in enumerate(market.baskets, start=1):
        shopper = shopper_id(basket.shopper)
        if shopper in orders:
            order = _order(market, basket, line, f"coming-{number:06}", calendar.next(basket.minute))
            orders[shopper].append(order)
    return {shopper: sorted(own, key=lambda order: order.placed_at) for shopper, own in orders.items()}


def price_changes(market: DemoMarket, today: datetime) -> list[tuple[datetime, ProductChange]]:
    """Return the changes of price in the 52 weeks after today, each with its moment, the next one first."""
    calendar = Calendar(market.about.start, today)
    changes = [
        (calendar.next(minute), ProductChange(id=row.id, patch=ProductPatch(price=cents / 100)))
        for row in market.goods
        for minute, cents in row.prices
    ]
    return sorted(changes, key=lambda change: change[0])


def shoppers(market: DemoMarket) -> list[str]:
    """Return the ids of the shoppers, the steadiest first."""
    return [shopper_id(number) for number in range(1, market.about.shoppers + 1)]


def shopper_id(number: int) -> str:
    """Return the id of a shopper, counted from 1."""
    return f"shopper-{number:04}"


def _price_on(row: Good, calendar: Calendar) -> int:
    changes = [(calendar.last(minute), cents) for minute, cents in row.prices]
    return max(changes)[1] if changes else row.cents


def _lines_of(market: DemoMarket) -> Callable[[int, int, int], OrderLine]:
    """Return what makes an order line of product, quantity and cents; equal lines are one object."""

    @cache
    def line(product: int, quantity: int, cents: int) -> OrderLine:
        return OrderLine(product_id=market.goods[product].id, quantity=quantity, unit_price=cents / 100)

    return line


def _order(
    market: DemoMarket,
    basket: Basket,
    line: Callable[[int, int, int], OrderLine],
    order_id: str,
    placed_at: datetime,
) -> Order:
    place = market.places[basket.place]
    sold = iter(basket.sold)
    return Order(
        id=order_id,
        user_id=shopper_id(basket.shopper),
        placed_at=placed_at,
        lines=tuple(starmap(line, zip(sold, sold, sold, strict=True))),
        latitude=place.latitude,
        longitude=place.longitude,
    )
