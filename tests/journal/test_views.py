"""What people see with SQL is what the engine knows, on both databases."""

import math
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from punnet.engine.engine import Engine
from punnet.errors import Refused
from punnet.journal import Entry, Journal, key_of
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import (
    Action,
    EntityType,
    Fact,
    Farm,
    FarmChange,
    FarmPatch,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    Record,
    Removal,
    UserAction,
)
from punnet.protocol import codec
from tests.engine import accepted

Rows: TypeAlias = list[tuple[object, ...]]
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "sql.md"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FARM_FIELDS = ("id", "name", "latitude", "longitude", "region")
ORDER_FIELDS = ("id", "user_id", "placed_at", "latitude", "longitude")
LINE_FIELDS = ("order_id", "number", "product_id", "quantity", "unit_price")
ACTION_FIELDS = ("event_id", "user_id", "action", "entity_id", "entity_type", "metadata", "timestamp")
OPENING: tuple[Fact, ...] = (
    Farm(id="hill", name="Hill"),
    Farm(id="dale", name="Dale", latitude=39.1, longitude=-84.5),
    Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5, created_at=NOON, stock=3),
    Product(id="leeks", name="Leeks", farm_id="dale", category="Greens", price=3),
)


class OnSqlite:
    """A file of many markets."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self, market: str) -> Journal:
        return await SqliteJournal.open(self.path, market=market)

    async def ask(self, sql: str) -> Rows:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(sql).fetchall()


class OnPostgres:
    """A database of many markets."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def open(self, market: str) -> Journal:
        return await PostgresJournal.open(self.url, market=market)

    async def ask(self, sql: str) -> Rows:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> OnSqlite | OnPostgres:
    """A database that may hold other markets."""
    if request.param == "sqlite":
        return OnSqlite(request.getfixturevalue("tmp_path") / "market.db")
    return OnPostgres(request.getfixturevalue("lasting_url"))


@asynccontextmanager
async def on_sqlite(request: pytest.FixtureRequest) -> AsyncIterator[OnSqlite]:
    yield OnSqlite(request.getfixturevalue("tmp_path") / "market.db")


@asynccontextmanager
async def on_postgres(request: pytest.FixtureRequest) -> AsyncIterator[OnPostgres]:
    async with request.getfixturevalue("postgres").database() as url:
        yield OnPostgres(url)


async def kept(
    database: OnSqlite | OnPostgres, market: str, records: Sequence[Record], erased: str = ""
) -> None:
    journal = await database.open(market)
    await journal.append([Entry(record.at, (record.fact,)) for record in records])
    if erased:
        await journal.erase(erased, 9)
    await journal.close()


def admitted(facts: Sequence[Fact]) -> tuple[Engine, list[Record]]:
    """Return an engine, and the records of the facts that it and a journal would take."""
    engine, records, known = Engine(), [], set()
    for number, fact in enumerate(facts):
        try:
            engine.check(fact)
        except Refused:
            continue
        key = key_of(fact)
        if key is None or key not in known:
            known.add(key)
            records.append(Record(at=1e9 + number / 4, fact=fact))
            engine.apply(records[-1:])
    return engine, records


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(accepted.facts, max_size=30), erased=st.sampled_from(["", "ann", "hill"]))
async def test_the_views_show_what_the_engine_knows(database, facts, erased):
    engine, records = admitted([*OPENING, *facts])
    market = uuid.uuid4().hex
    await kept(database, market, records, erased)

    told = [record for record in records if getattr(record.fact, "user_id", None) not in {erased, None}]
    orders = [record.fact for record in told if isinstance(record.fact, Order)]
    actions = [record.fact for record in told if isinstance(record.fact, Action)]
    lines = [
        (order.id, number, line.product_id, line.quantity, line.unit_price)
        for order in orders
        for number, line in enumerate(order.lines, 1)
    ]
    await expect_catalogue(database, market, engine)
    expect(await shown(database, market, "orders", ORDER_FIELDS), values(orders, ORDER_FIELDS))
    expect(await shown(database, market, "order_lines", LINE_FIELDS), sorted(lines, key=first_two))
    expect(await shown(database, market, "actions", ACTION_FIELDS), values(actions, ACTION_FIELDS))


async def test_farms_and_products_are_shown_as_they_became(database):
    """Each line undoes or outlives one before it; what leaves one market stays in the other."""
    kale, leeks = OPENING[2], OPENING[3]
    life: list[Fact] = [
        Farm(id="hill", name="Hill", region="Høje"),
        FarmChange(id="hill", patch=FarmPatch(latitude=1, longitude=2)),
        Farm(id="hill", name="Hill"),
        Farm(id="dale", name="Dale", region="North"),
        FarmChange(id="dale", patch=FarmPatch(region=None)),
        Farm(id="brook", name="Brook"),
        Removal(entity_type=EntityType.FARM, id="brook"),
        kale,
        structs.replace(kale, created_at=None, stock=None),
        ProductChange(id="kale", patch=ProductPatch(created_at=None, stock=7, unit="bunch")),
        ProductChange(id="kale", patch=ProductPatch(stock=None, organic=True)),
        leeks,
        ProductChange(id="leeks", patch=ProductPatch(unit="kg")),
        structs.replace(leeks, price=4),
        structs.replace(leeks, id="fig"),
        ProductChange(id="fig", patch=ProductPatch(created_at=NOON)),
        Removal(entity_type=EntityType.PRODUCT, id="fig"),
        # Two people at once: what was checked before the removal came after it.
        ProductChange(id="fig", patch=ProductPatch(created_at=NOON)),
        structs.replace(leeks, id="fig"),
        structs.replace(leeks, id="mint"),
    ]
    leaving: list[Fact] = [
        *(Removal(entity_type=EntityType.PRODUCT, id=name) for name in ("mint", "fig", "leeks")),
        Removal(entity_type=EntityType.FARM, id="dale"),
        FarmChange(id="dale", patch=FarmPatch(name="Vale")),
        ProductChange(id="mint", patch=ProductPatch(name="Mint")),
    ]
    engines: list[tuple[str, Engine]] = []
    for market, facts in ((uuid.uuid4().hex, life), (uuid.uuid4().hex, [*life, *leaving])):
        records = [Record(at=1e9 + number / 4, fact=fact) for number, fact in enumerate(facts)]
        engine = Engine()
        engine.apply(records)
        await kept(database, market, records)
        engines.append((market, engine))
    for market, engine in engines:
        await expect_catalogue(database, market, engine)


@pytest.mark.parametrize("view", ["orders", "order_lines", "actions"])
async def test_a_join_takes_each_body_apart_once(database, view):
    """And not once for each product that it is joined with."""
    market = uuid.uuid4().hex
    products = [structs.replace(OPENING[3], id=f"leeks {number}") for number in range(20)]
    orders = [an_order(f"o{number}", "leeks") for number in range(30)]
    actions = [an_action(f"e{number}", "leeks") for number in range(30)]
    await kept(database, market, admitted([*OPENING, *products, *orders, *actions])[1])
    join = f"SELECT * FROM products JOIN {view} USING (market) WHERE market = '{market}'"
    if isinstance(database, OnPostgres):
        plan = "\n".join(str(line) for (line,) in await database.ask(f"EXPLAIN (ANALYZE, COSTS OFF) {join}"))
        loops = re.findall(r"Function Scan on json_to_record(?:set)? .*loops=(\d+)\)", plan)
        everyone = await database.ask("SELECT count(*) FROM journal")
        assert loops
        assert max(map(int, loops)) <= everyone[0][0]
    else:
        plan = str(await database.ask(f"EXPLAIN QUERY PLAN {join}"))
        assert re.search(rf"(MATERIALIZE|CO-ROUTINE) {view}\b", plan)


async def test_a_view_shows_when_a_fact_was_taken_in(database):
    bought, looked = an_order("o1", "kale"), an_action("e1", "kale")
    records = [*admitted(OPENING)[1], Record(at=NOON.timestamp(), fact=bought)]
    market = uuid.uuid4().hex
    await kept(database, market, [*records, Record(at=NOON.timestamp() + 0.5, fact=looked)])
    (order,) = await database.ask(f"SELECT taken_in_at FROM orders WHERE market = '{market}'")
    (action,) = await database.ask(f"SELECT taken_in_at FROM actions WHERE market = '{market}'")
    assert alike(order[0], NOON)
    assert alike(action[0], NOON.replace(microsecond=500_000))


async def test_text_that_postgresql_cannot_show_is_shown_as_near_as_it_can(database):
    market = uuid.uuid4().hex
    strange = structs.replace(an_action("e1", "kale"), metadata={"q": "a\u0000b \\u0000"})
    pictured = Product(id="fig", name="Fig", farm_id="hill", category="Fruits", price=1, image_url="x\u0000y")
    await kept(database, market, admitted([*OPENING, strange, pictured])[1])
    ((metadata,),) = await database.ask(f"SELECT metadata FROM actions WHERE market = '{market}'")
    shown = await database.ask(f"SELECT image_url FROM products WHERE market = '{market}' AND id = 'fig'")
    if isinstance(database, OnPostgres):
        assert msgspec.json.decode(metadata)["q"].startswith("a\ufffdb ")
        assert shown == [("x\ufffdy",)]
    else:
        assert msgspec.json.decode(metadata)["q"] == "a\u0000b \\u0000"


@pytest.mark.parametrize("make", [on_sqlite, on_postgres])
async def test_the_queries_of_the_page_say_what_they_promise(request, make):
    async with make(request) as database:
        await ask_as_the_page_does(database)


async def ask_as_the_page_does(database: OnSqlite | OnPostgres) -> None:
    facts: list[Fact] = [
        *OPENING,
        FarmChange(id="hill", patch=FarmPatch(name="Hill Farm")),
        ProductChange(id="kale", patch=ProductPatch(price=2.75)),
        Product(id="figs", name="Figs", farm_id="hill", category="Fruits", price=9),
        Product(id="mint", name="Mint", farm_id="hill", category="Herbs", price=1, stock=0),
        *(
            an_action(f"e{number}", product)
            for number, product in enumerate(["figs", "figs", "mint", "kale"])
        ),
        an_order("o1", "kale", "leeks"),
        an_order("o2", "kale"),
        Removal(entity_type=EntityType.PRODUCT, id="mint"),
    ]
    await kept(database, "main", admitted(facts)[1])
    asked = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    answers = [await database.ask(sql) for sql in asked]
    assert len(asked) == 3
    expect(answers[0], [("Hill Farm", 2, 5.0), ("Dale", 1, 2.5)])
    expect(answers[1], [("Kale", "Hill Farm", 3)])
    expect(answers[2], [("Figs", 2)])


def an_order(order_id: str, *products: str) -> Order:
    lines = tuple(OrderLine(product_id=product, quantity=1, unit_price=2.5) for product in products)
    return Order(id=order_id, user_id="ann", placed_at=NOON, lines=lines)


def an_action(event_id: str, product: str) -> Action:
    about = {"entity_id": product, "entity_type": EntityType.PRODUCT}
    return Action(event_id=event_id, user_id="ann", action=UserAction.VIEW_PRODUCT, **about)


async def shown(database: OnSqlite | OnPostgres, market: str, view: str, fields: Sequence[str]) -> Rows:
    rows = await database.ask(f"SELECT {', '.join(fields)} FROM {view} WHERE market = '{market}'")
    return sorted(rows, key=first_two)


async def expect_catalogue(database: OnSqlite | OnPostgres, market: str, engine: Engine) -> None:
    catalogue = engine.catalogue
    farms = [farm for at in range(len(catalogue.farms)) if (farm := catalogue.farm(catalogue.farms[at]))]
    expect(await shown(database, market, "farms", FARM_FIELDS), values(farms, FARM_FIELDS))
    fields = Product.__struct_fields__
    expect(await shown(database, market, "products", fields), values(catalogue.listed(), fields))


def values(nouns: Sequence[object], fields: Sequence[str]) -> Rows:
    """Return nouns as rows."""
    return sorted((tuple(getattr(noun, field) for field in fields) for noun in nouns), key=first_two)


def first_two(row: tuple[object, ...]) -> tuple[str, str]:
    """Return what rows are sorted by here: databases have ideas of their own."""
    return str(row[0]), str(row[1])


def expect(shown: Rows, known: Rows) -> None:
    assert len(shown) == len(known), (shown, known)
    for row, wanted in zip(shown, known, strict=True):
        assert all(map(alike, row, wanted)), (row, wanted)


def alike(shown: object, known: object) -> bool:
    """Return whether both are the same, in whatever type a database shows it."""
    match known:
        case bool() | None:
            return shown == known
        case int() | float():
            return isinstance(shown, int | float | Decimal) and math.isclose(
                float(shown), known, rel_tol=1e-12
            )
        case datetime():
            return known == (datetime.fromisoformat(shown) if isinstance(shown, str) else shown)
        case dict():
            assert isinstance(shown, str)
            written = codec.write(known)
            readable = written.replace(rb"\u0000", "\ufffd".encode())
            return msgspec.json.decode(shown) in (msgspec.json.decode(written), msgspec.json.decode(readable))
        case _:
            return shown == known
