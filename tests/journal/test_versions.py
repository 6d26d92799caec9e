"""Tables made at once are the tables that all former versions lead to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import asyncpg
import pytest

from punnet.journal import versions

CATALOGUE = {
    "columns": """
        SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default,
               collation_name, is_identity
        FROM information_schema.columns WHERE table_schema = current_schema()
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema()",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace
    """,
}
"""What there is in a PostgreSQL database that somebody could tell apart."""


def made_at_once(database: str) -> str:
    return versions.script(database, 0)


def made_in_steps(database: str) -> str:
    first = (versions.ROOM / "migrations" / database / "0001_journal.sql").read_text("utf-8")
    return first + versions.script(database, 1)


def test_a_sqlite_file_made_at_once_is_like_one_that_came_all_the_way():
    def catalogue(script: str) -> Iterator[tuple[object, ...]]:
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript(script)
            yield from database.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
            )

    at_once = list(catalogue(made_at_once("sqlite")))
    assert at_once == list(catalogue(made_in_steps("sqlite")))
    assert {name for _, name, *_ in at_once} >= {"journal", "market", "outbox"}


async def test_a_postgresql_database_made_at_once_is_like_one_that_came_all_the_way(postgres):
    async def catalogue(script: str) -> dict[str, list[asyncpg.Record]]:
        async with postgres.database() as url:
            connection = await asyncpg.connect(url)
            await connection.execute(script)
            found = {
                name: sorted(map(tuple, await connection.fetch(sql)), key=str)
                for name, sql in CATALOGUE.items()
            }
            await connection.close()
            return found

    at_once = await catalogue(made_at_once("postgres"))
    assert at_once == await catalogue(made_in_steps("postgres"))
    assert {name for name, *_ in at_once["columns"]} >= {"journal", "market", "outbox", "punnet_schema"}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_latest_version_has_nothing_left_to_do(database):
    assert versions.script(database, versions.latest(database)) == ""
    assert versions.latest(database) >= 1
