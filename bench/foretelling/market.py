"""A market whose shoppers are the households of the release: its catalogue, and its orders."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import pandas as pd

from bench.foretelling.goods import GOODS, paid
from punnet.market import Farm, Order, OrderLine, Product, Record

OTHER = "Other"
"""The category of what has none in the release."""


def in_utc(times: pd.Series) -> pd.Series:
    """Return the release's times as what they are: it does not say that they are in UTC."""
    return times.dt.tz_localize("UTC")


def orders(lines: pd.DataFrame, product: str) -> list[Order]:
    """Return each basket as an order, oldest first; `product` is the column of `lines` that names products.

    Several lines of a basket for one product are one.
    """
    key = ["transaction_timestamp", "basket_id", product]
    by_product = lines.assign(paid=paid(lines)).groupby(key)
    told = by_product.agg(
        household=("household_id", "first"), quantity=("quantity", "sum"), paid=("paid", "sum")
    )
    rows = told.reset_index().rename(columns={product: "product"})
    rows["placed_at"] = in_utc(rows.transaction_timestamp)
    named = rows.itertuples(index=False, name="Line")
    return [_order([*basket]) for _, basket in groupby(named, attrgetter("basket_id"))]


def _order(rows: list) -> Order:
    first = rows[0]
    bought = tuple(
        OrderLine(
            product_id=str(row.product),
            quantity=float(row.quantity),
            unit_price=_price(row.paid / row.quantity),
        )
        for row in rows
    )
    return Order(
        id=f"basket-{first.basket_id}",
        user_id=f"household-{first.household}",
        placed_at=first.placed_at.to_pydatetime(),
        lines=bought,
    )


def catalogue(lines: pd.DataFrame, product: str) -> Iterator[Record]:
    """Yield a market's farms, and then what was sold, in the order of the first sales.

    A product is added when it is first sold. Its category is that of most of its lines, by the table of the
    demo where that has the receipt type; its farm is what the manufacturer of most of its lines sells in that
    category, since two manufacturers have half of the fresh lines, as no farm has; its price is the median.
    """
    known = _placed(lines)
    for farm, first in known.groupby("farm").placed_at.min().items():
        yield Record(at=first.timestamp(), fact=Farm(id=str(farm), name=str(farm)))
    found = (
        known.groupby(product)
        .agg(price=("paid", "median"), added=("placed_at", "min"))
        .join(_most(known, product))
    )
    for row in found.sort_values("added", kind="stable").itertuples():
        added = row.added.to_pydatetime()
        fact = Product(
            id=str(row.Index),
            name=str(row.Index),
            farm_id=row.farm,
            category=row.category,
            price=_price(row.price),
            created_at=added,
        )
        yield Record(at=added.timestamp(), fact=fact)


def _placed(lines: pd.DataFrame) -> pd.DataFrame:
    """Return lines with the farm and the category that each is of, what one cost, and when it was sold."""
    known = lines.merge(GOODS, on=["product_category", "product_type"], how="left")
    known = known.assign(
        category=known.category.fillna(known.product_category.str.title()).fillna(OTHER),
        paid=paid(known) / known.quantity,
        placed_at=in_utc(known.transaction_timestamp),
    )
    return known.assign(farm=known.manufacturer_id.astype(str) + " " + known.category)


def _most(lines: pd.DataFrame, product: str) -> pd.DataFrame:
    """Return the farm and the category that most lines of each product have."""
    counts = lines.groupby([product, "farm", "category"]).size().rename("lines").reset_index()
    ranked = counts.sort_values("lines", ascending=False, kind="stable")
    return ranked.drop_duplicates(product).set_index(product)[["farm", "category"]]


def _price(paid_for_one: float) -> float:
    """Return it in whole cents; what was given away is free."""
    return max(0.0, round(float(paid_for_one), 2))
