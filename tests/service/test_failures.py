"""While the journal cannot be written, questions are answered; a longer run is bench/failures.py."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.postgres import Throwaway
from tests.service.failing import (
    FrozenPostgres,
    FullDisk,
    FullQuota,
    ImmutableFile,
    KilledPostgres,
    ReadOnlyFile,
    StoppedPostgres,
    can_be_immutable,
    fail,
    small_disk,
)

pytestmark = pytest.mark.service


async def test_with_the_disk_full_writes_are_refused_questions_answered_and_nothing_is_lost(tmp_path: Path):
    with small_disk(tmp_path, "64m") as small:
        failure = FullDisk(tmp_path) if small else FullQuota(tmp_path)
        figures = await fail(failure, tmp_path, seconds=0.5)
    assert figures.clean, figures


async def test_a_file_that_becomes_read_only_is_written_again_once_it_may_be(tmp_path: Path):
    if not can_be_immutable(tmp_path):
        pytest.skip("only root can make a file read-only that is open, and not on every disk")
    figures = await fail(ImmutableFile(tmp_path), tmp_path, seconds=0.5)
    assert figures.clean, figures


async def test_a_server_starts_on_a_read_only_file_and_writes_it_once_it_may(tmp_path: Path):
    figures = await fail(ReadOnlyFile(tmp_path), tmp_path, seconds=0.5)
    assert figures.clean, figures


@pytest.mark.parametrize("kind", [StoppedPostgres, KilledPostgres, FrozenPostgres])
async def test_without_postgresql_writes_are_refused_and_when_it_is_back_they_are_not(kind, tmp_path: Path):
    with closing(Throwaway(durable=True)) as server:
        figures = await fail(kind(server), tmp_path, seconds=1, RECOMMENDATION_TIMEOUT="300")
    assert figures.clean, figures
