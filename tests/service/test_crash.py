"""What was acknowledged outlives a server that is killed; a longer run is bench/crash.py."""

from contextlib import closing

import pytest

from tests.servers.postgres import Throwaway
from tests.service.crashing import Crash, PostgresStore, SqliteStore

pytestmark = pytest.mark.service


async def test_killed_under_load_it_loses_nothing_doubles_nothing_and_answers_as_if_it_had_never_died(
    tmp_path,
):
    report = await Crash(SqliteStore(tmp_path), tmp_path, seed=1, most=200, bulk=(5, 50)).run(
        kills=2, questions=20
    )
    assert report.acknowledged > 0
    assert report.found > report.acknowledged
    assert report.compared == 40
    assert report.clean, report


async def test_so_it_is_with_postgresql_killed_as_well(tmp_path):
    with closing(Throwaway(durable=True)) as server:
        report = await Crash(PostgresStore(server), tmp_path, seed=2, most=200, bulk=(5, 50)).run(
            kills=2, questions=20
        )
    assert report.acknowledged > 0
    assert report.store_kills == 1
    assert report.clean, report
