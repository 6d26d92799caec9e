"""The public Complete Journey release, as tables: which lines are of goods that were sold."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

GOODS = pd.read_csv(Path(__file__).parent.parent.parent / "tools" / "demo_goods.csv")
"""Receipt types, each with a name, a category and a unit for a market; written by hand."""

FRESH = ("PRODUCE", "MEAT", "SEAFOOD", "PASTRY", "DELI", "FLORAL", "GARDEN CENTER")
"""Departments that are fresh as a whole."""

DAIRY = ("EGGS", "FLUID MILK PRODUCTS", "BUTTER", "CHEESE", "YOGURT")
"""Categories of the department GROCERY that are fresh."""

NO_GOODS = ("FUEL", "COUPON", "MISCELLANEOUS")
"""Departments that sell nothing one could recommend."""


def sold(transactions: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return the lines on which a thing was sold, each with what is known of its product.

    Where nothing is known of one, its department is missing; a quantity of 0 was no sale.
    """
    lines = transactions.merge(products, on="product_id")
    return lines[(lines.quantity > 0) & ~lines.department.isin(NO_GOODS)]


def are_of(lines: pd.DataFrame, departments: Collection[str], dairy: Collection[str]) -> pd.Series:
    """Return of each line whether it is of these departments, or of these categories of GROCERY."""
    groceries = (lines.department == "GROCERY") & lines.product_category.isin(dairy)
    return lines.department.isin(departments) | groceries


def paid(lines: pd.DataFrame) -> pd.Series:
    """Return what a shopper with a card paid for each line."""
    return lines.sales_value + lines.coupon_match_disc
