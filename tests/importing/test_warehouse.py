"""Tables of real databases, row by row."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import duckdb
import pytest

from punnet.errors import BadFile
from punnet.importing.units import Unit, lots
from punnet.importing.warehouse import ROWS, Warehouse, opened
from punnet.market import Action, Order, OrderLine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

ORDERS = """
CREATE TABLE orders (
    id text, "userId" text, "placedAt" timestamptz,
    "productId" text, quantity numeric(8, 2), "unitPrice" numeric(8, 2)
);
INSERT INTO orders VALUES
    ('o2', 'bob', '2026-07-02 12:00:00+00', 'leek', 1, 3),
    ('o9', 'ann', '2026-07-01 14:00:00+02', 'leek', 2, 3.10),
    ('o2', 'bob', '2026-07-02 12:00:00+00', 'kale', 1.5, 2.5),
    ('o9', 'ann', '2026-07-01 12:00:00+00', 'kale', 1, 2.5);
CREATE SCHEMA shop;
CREATE VIEW shop.bought AS SELECT * FROM orders WHERE id = 'o2';
"""
FIRST = Order(
    id="o9",
    user_id="ann",
    placed_at=datetime(2026, 7, 1, 12, tzinfo=UTC),
    lines=(
        OrderLine(product_id="kale", quantity=1, unit_price=2.5),
        OrderLine(product_id="leek", quantity=2, unit_price=3.1),
    ),
)
SECOND = Order(
    id="o2",
    user_id="bob",
    placed_at=datetime(2026, 7, 2, 12, tzinfo=UTC),
    lines=(
        OrderLine(product_id="kale", quantity=1.5, unit_price=2.5),
        OrderLine(product_id="leek", quantity=1, unit_price=3),
    ),
)


def told(text: str) -> list[object]:
    """What a table brings: facts, and what is wrong with others."""
    with opened(Warehouse.of(text)) as reading:
        units = [unit for lot in lots(reading.rows(), 1.8e9) for unit in lot.units]
    return [unit.facts[0] if isinstance(unit, Unit) else unit.why for unit in units]


def refusal(text: str) -> str:
    with pytest.raises(BadFile) as refused, opened(Warehouse.of(text)) as reading:
        list(reading.rows())
    return str(refused.value)


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[str]:
    """The URL of a file of DuckDB."""
    with duckdb.connect(tmp_path / "history.ddb") as database:
        database.execute(ORDERS)
    return f"duckdb://{tmp_path}/history.ddb"


def fill(url: str, sql: str) -> None:
    with duckdb.connect(url.removeprefix("duckdb://")) as database:
        database.execute(sql)


def test_the_lines_of_an_order_stand_together_as_they_happened_however_they_lie_there(duck):
    assert told(f"{duck}#orders") == [FIRST, SECOND]


def test_the_same_table_gives_the_same_orders_whatever_was_written_when(duck):
    fill(duck, "CREATE TABLE again AS SELECT * FROM orders ORDER BY quantity")
    assert told(f"{duck}#again") == told(f"{duck}#orders")


def test_an_order_whose_lines_disagree_about_their_time_is_left_out_as_one(duck):
    fill(duck, """INSERT INTO orders VALUES ('o9', 'ann', '2026-07-05 12:00:00+00', 'dill', 1, 1)""")
    refused, second = told(f"{duck}#orders")
    assert refused == "placedAt differs from the first line of the order. Order o9 is left out."
    assert second == SECOND


def test_a_view_in_a_schema_is_a_table_as_well(duck):
    assert told(f"{duck}#shop.bought") == [SECOND]


def test_actions_come_as_they_happened_and_a_uuid_is_a_text(duck):
    fill(
        duck,
        """
        CREATE TABLE done (
            "eventId" uuid, "userId" text, action text, "entityId" text, metadata text,
            "timestamp" timestamptz
        );
        INSERT INTO done VALUES
            (
                '00000000-0000-0000-0000-000000000001', 'ann', 'VIEW_PRODUCT', 'kale', NULL,
                '2026-07-02 00:00:00+00'
            ),
            (
                '00000000-0000-0000-0000-000000000002', 'ann', 'RATE_FARM', 'hill', '{"rating": 4.5}',
                '2026-07-01 00:00:00+00'
            );
        """,
    )
    first, second = told(f"{duck}#done")
    assert isinstance(first, Action)
    assert first.event_id == "00000000-0000-0000-0000-000000000002"
    assert first.metadata == {"rating": 4.5}
    assert isinstance(second, Action)
    assert second.entity_id == "kale"


def test_more_rows_than_are_held_at_once_are_counted_through(duck):
    count = 2 * ROWS + 3
    fill(duck, f"CREATE TABLE farms AS SELECT 'f' || i AS id, 'Farm' AS name FROM range({count}) t(i)")
    with opened(Warehouse.of(f"{duck}#farms")) as reading:
        rows = list(reading.rows())
    assert reading.length == len(rows) == count
    assert [(row.line, row.read) for row in rows] == [(line, line) for line in range(1, count + 1)]


def test_a_file_is_only_read_and_let_go_of(duck):
    assert len(told(f"{duck}#orders")) == 2
    fill(duck, "DROP TABLE orders CASCADE")
    assert refusal(f"{duck}#orders") == "there is no table orders"


def test_what_is_no_table_of_a_market_is_said_in_one_sentence(duck, tmp_path):
    fill(duck, "CREATE TABLE odd AS SELECT 1 AS a")
    fill(duck, "CREATE TABLE typo AS SELECT 'a' AS id, 'A' AS name, 1 AS lattitude")
    assert refusal(f"{duck}#odd").startswith("the columns a name nothing of a market: ")
    assert refusal(f"{duck}#typo").startswith("the column lattitude is not known; the columns are id, name, ")
    assert refusal(f"{duck}#nope") == "there is no table nope"
    assert refusal(f"{duck}#no.orders").count("\\n") == 0
    assert refusal(duck) == "it names no table; write URL#TABLE, such as duckdb://history.ddb#orders"
    missing = refusal(f"duckdb://{tmp_path}/nowhere.ddb#orders")
    assert missing.startswith("it cannot be read: IO Error: Cannot open database ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.ddb"]


def test_without_ibis_it_is_said_how_to_get_it(duck, monkeypatch):
    monkeypatch.setitem(sys.modules, "ibis", None)
    assert refusal(f"{duck}#orders") == "a database needs more packages: pip install 'punnet[ibis]'"


def test_without_the_part_of_ibis_that_a_url_asks_for_it_is_said_how_to_get_it():
    assert refusal("mysql://nowhere/shop#orders") == (
        "mysql:// needs its part of Ibis: pip install 'ibis-framework[mysql]'"
    )
    assert refusal("s4://nowhere/shop#orders") == "Ibis does not know how to connect to s4://"


async def test_the_history_in_postgresql_is_the_same(postgres_url):
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(ORDERS)
    finally:
        await connection.close()
    assert told(f"{postgres_url}#orders") == [FIRST, SECOND]
    assert told(f"{postgres_url}#shop.bought") == [SECOND]
    assert refusal(f"{postgres_url}#nope") == "there is no table nope"


async def test_numbers_and_json_of_postgresql_need_no_size(postgres_url):
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(
            """
            CREATE TABLE shelf (id text, name text, "farmId" text, category text, price numeric);
            INSERT INTO shelf VALUES ('kale', 'Kale', 'hill', 'Greens', 2.125);
            CREATE TABLE done ("eventId" uuid, "userId" text, action text, "entityId" text, metadata jsonb);
            INSERT INTO done VALUES (
                '00000000-0000-0000-0000-000000000001', 'ann', 'RATE_FARM', 'hill', '{"rating": 4.5}'
            );
            """
        )
    finally:
        await connection.close()
    (kale,) = told(f"{postgres_url}#shelf")
    assert kale.price == 2.125
    (rated,) = told(f"{postgres_url}#done")
    assert rated.event_id == "00000000-0000-0000-0000-000000000001"
    assert rated.metadata == {"rating": 4.5}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("postgresql://ann:hush-hush@127.0.0.1:1/shop#orders", "postgresql://127.0.0.1:1/shop#orders"),
        ("postgresql://ann:hush-hush@127.0.0.1:1/shop", "postgresql://127.0.0.1:1/shop#"),
        ("postgresql://ann:hu@sh-hush@nowhere:x/shop#orders", "postgresql://nowhere:x/shop#orders"),
        ("postgresql://ann:hu#sh-hush@nowhere:x/shop#orders", "postgresql://nowhere:x/shop#orders"),
        ("postgresql://ann:hu#sh-hush@nowhere/shop", "postgresql://nowhere/shop#"),
        ("postgresql://ann:hu?sh-hush@nowhere/shop#orders", "postgresql://…#orders"),
        ("postgresql://127.0.0.1:1/shop?password=hush-hush#orders", "postgresql://127.0.0.1:1/shop#orders"),
        ("nonsense://ann:hush-hush@nowhere/shop#orders", "nonsense://nowhere/shop#orders"),
        ("duckdb://nowhere/history.ddb?token=hush-hush#orders", "duckdb://nowhere/history.ddb#orders"),
    ],
)
def test_nothing_of_a_password_is_ever_said(text, name):
    warehouse = Warehouse.of(text)
    assert warehouse.name == name
    said = refusal(text)
    assert "\\n" not in said
    assert not any(secret in said + warehouse.name for secret in ("hush", "sh-h", "ann:"))
