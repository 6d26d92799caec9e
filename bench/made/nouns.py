"""The arrays of a made market as nouns of punnet.market."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bench.made.baskets import Baskets
from bench.made.land import Land
from bench.made.names import name_of
from bench.made.people import People
from bench.made.shelf import UNTRACKED, Shelf
from bench.made.words import KINDS, town, variety
from punnet.market import Farm, Order, OrderLine, Product, Record


def farms(land: Land) -> Iterator[Farm]:
    """Yield the farms."""
    columns = land.farm_towns.tolist(), land.farm_latitudes.tolist(), land.farm_longitudes.tolist()
    for number, (home, latitude, longitude) in enumerate(zip(*columns, strict=True)):
        name, region = f"{variety(7 * number)} Farm", town(home)
        yield Farm(id=f"farm-{number}", name=name, latitude=latitude, longitude=longitude, region=region)


def products(shelf: Shelf) -> Iterator[Product]:
    """Yield the products, those added first before the others."""
    columns = (
        *(shelf.farms, shelf.categories, shelf.cents, shelf.organic, shelf.stock, shelf.available),
        *(shelf.created, shelf.opens, shelf.closes),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (farm, category, cents, organic, stock, available, *times) in enumerate(rows):
        created, opens, closes = (datetime.fromtimestamp(time, UTC) if time else None for time in times)
        yield Product(
            id=f"product-{number}",
            name=name_of(shelf, number),
            farm_id=f"farm-{farm}",
            category=KINDS[category].name,
            price=cents / 100,
            organic=organic,
            stock=None if stock == UNTRACKED else stock,
            available=available,
            created_at=created,
            available_from=opens,
            available_until=closes,
        )


def orders(baskets: Baskets, people: People, names: list[str], first: int, last: int) -> Iterator[Record]:
    """Yield the orders first ≤ n < last, each taken in when it was placed; `names` are the products' ids."""
    lines = _lines(baskets, names, int(baskets.starts[first]), int(baskets.starts[last]))
    shoppers = baskets.shoppers[first:last]
    columns = (
        *(shoppers, baskets.times[first:last], baskets.located[first:last], baskets.sizes[first:last]),
        *(people.latitudes[shoppers], people.longitudes[shoppers]),
    )
    rows, begin = zip(*(column.tolist() for column in columns), strict=True), 0
    for number, (shopper, time, located, size, latitude, longitude) in enumerate(rows, first):
        order = Order(
            id=f"order-{number}",
            user_id=f"shopper-{shopper}",
            placed_at=datetime.fromtimestamp(time, UTC),
            lines=tuple(lines[begin : begin + size]),
            latitude=latitude if located else None,
            longitude=longitude if located else None,
        )
        begin += size
        yield Record(at=float(time), fact=order)


def _lines(baskets: Baskets, names: list[str], first: int, last: int) -> list[OrderLine]:
    columns = (baskets.products[first:last], baskets.quantities[first:last], baskets.cents[first:last])
    return [
        OrderLine(product_id=names[product], quantity=quantity, unit_price=cents / 100)
        for product, quantity, cents in zip(*(column.tolist() for column in columns), strict=True)
    ]
