"""Snapshots in the background: one process at a time, when it is due, and harmless when it fails."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from punnet.snapshots import Snapshots
from punnet.snapshotting import Snapshotting
from tests.test_snapshots import header
from tests.waiting import until

WRITES = "import sys; open(sys.argv[1], 'a').write('x')"
"""A program that leaves a mark each time it runs."""

HANGS = f"{WRITES}; import time; time.sleep(60)"


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    return tmp_path / "marks"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "market.snapshot"


def made_by(program: str, marks: Path, path: Path, **known: int) -> Snapshotting:
    command = (sys.executable, "-c", program, str(marks))
    return Snapshotting(Snapshots(path), command, {"NAME": "punnet"}, journal="j", **{"every": 10, **known})


@asynccontextmanager
async def running(snapshotting: Snapshotting) -> AsyncIterator[None]:
    snapshotting.start(0)
    try:
        yield
    finally:
        await snapshotting.stop()


def count(marks: Path) -> int:
    return marks.stat().st_size if marks.exists() else 0


def idle(snapshotting: Snapshotting) -> bool:
    return not snapshotting._due.is_set() and not snapshotting._alone.locked()


async def test_one_is_made_whenever_so_many_records_have_come(marks, path):
    snapshotting = made_by(WRITES, marks, path, snapped=100)
    async with running(snapshotting):
        snapshotting.reached(109)
        await asyncio.sleep(0)
        assert idle(snapshotting)
        snapshotting.reached(110)
        await until(lambda: idle(snapshotting) and count(marks) == 1)
        snapshotting.reached(119)
        await asyncio.sleep(0)
        assert idle(snapshotting)
        snapshotting.reached(131)
        await until(lambda: idle(snapshotting) and count(marks) == 2)


async def test_what_comes_while_one_is_made_counts_for_the_next(marks, path):
    snapshotting = made_by(WRITES, marks, path)
    async with running(snapshotting):
        for position in range(10, 60):
            snapshotting.reached(position)
        await until(lambda: idle(snapshotting) and count(marks) == 1)
        snapshotting.reached(68)
        await asyncio.sleep(0)
        assert idle(snapshotting)
        snapshotting.reached(69)
        await until(lambda: idle(snapshotting) and count(marks) == 2)


async def test_none_is_made_when_they_are_switched_off(marks, path):
    snapshotting = made_by(WRITES, marks, path, every=0)
    async with running(snapshotting):
        snapshotting.reached(10**9)
        async with snapshotting.pausing():
            pass
        await asyncio.sleep(0)
        assert idle(snapshotting)
    assert count(marks) == 0


async def test_the_process_is_told_what_the_server_knows(marks, path):
    told = "import os, sys; open(sys.argv[1], 'w').write(os.environ['NAME'])"
    async with running(snapshotting := made_by(told, marks, path)):
        snapshotting.reached(10)
        await until(lambda: count(marks) > 0)
    assert marks.read_text() == "punnet"


async def test_after_an_erasure_the_snapshot_is_gone_and_a_new_one_is_made(marks, path):
    snapshotting = made_by(WRITES, marks, path)
    path.write_bytes(b"somebody")
    async with running(snapshotting):
        async with snapshotting.pausing():
            assert path.exists()
        assert not path.exists()
        await until(lambda: idle(snapshotting) and count(marks) == 1)


async def test_an_erasure_ends_the_process_that_makes_one_and_is_alone(marks, path, caplog):
    snapshotting = made_by(HANGS, marks, path)
    async with running(snapshotting):
        snapshotting.reached(10)
        await until(lambda: count(marks) == 1)
        process = snapshotting._process
        async with snapshotting.pausing():
            assert process.returncode == -9
            path.write_bytes(b"somebody")
            snapshotting.reached(10_000)
            await asyncio.sleep(0)
            assert snapshotting._process is process
        assert not path.exists()
        await until(lambda: count(marks) == 2)
    assert caplog.text == ""


async def test_of_two_that_share_a_file_one_makes_it_and_the_other_takes_it_for_its_own(marks, path):
    other = Snapshots(path)
    snapshotting = made_by(WRITES, marks, path)
    turn = other.turn()
    async with running(snapshotting):
        snapshotting.reached(10)
        await asyncio.sleep(0.01)
        assert not idle(snapshotting)
        other.save(header(journal="j", last=9), b"the engine")
        turn.close()
        await until(lambda: idle(snapshotting))
        snapshotting.reached(18)
        await asyncio.sleep(0)
        assert idle(snapshotting)
        assert count(marks) == 0
        snapshotting.reached(19)
        await until(lambda: idle(snapshotting) and count(marks) == 1)


@pytest.mark.parametrize("known", [{"last": 11}, {"last": 0}, {"journal": "another", "last": 9}])
async def test_a_snapshot_that_is_of_no_use_is_nobodys(marks, path, known):
    Snapshots(path).save(header(**{"journal": "j", **known}), b"the engine")
    snapshotting = made_by(WRITES, marks, path)
    async with running(snapshotting):
        snapshotting.reached(10)
        await until(lambda: idle(snapshotting) and count(marks) == 1)


async def test_an_erasure_waits_for_no_snapshot_that_another_makes(marks, path):
    snapshotting = made_by(WRITES, marks, path)
    with Snapshots(path).turn():
        async with running(snapshotting):
            snapshotting.reached(10)
            await asyncio.sleep(0)
            async with snapshotting.pausing():
                pass
    assert count(marks) == 0


async def test_an_erasure_that_fails_leaves_no_snapshot_either(marks, path):
    snapshotting = made_by(WRITES, marks, path)
    path.write_bytes(b"somebody")
    with pytest.raises(OSError, match="the journal"):
        async with snapshotting.pausing():
            raise OSError("the journal cannot be written")
    assert not path.exists()


async def test_at_the_end_the_process_is_ended_too(marks, path):
    snapshotting = made_by(HANGS, marks, path)
    async with running(snapshotting):
        snapshotting.reached(10)
        await until(lambda: count(marks) == 1)
    assert snapshotting._process.returncode == -9


@pytest.mark.parametrize(
    ("program", "sentences"),
    [
        ("raise SystemExit(2)", 0),
        ("raise SystemExit(7)", 1),
        ("import os; os.kill(os.getpid(), 9)", 1),
    ],
    ids=["it said why itself", "another code", "killed"],
)
async def test_one_that_fails_is_said_once_and_the_next_is_made_in_its_time(
    marks, path, caplog, program, sentences
):
    snapshotting = made_by(f"{WRITES}; sys.stdout = None; {program}", marks, path)
    async with running(snapshotting):
        snapshotting.reached(10)
        await until(lambda: idle(snapshotting) and count(marks) == 1)
        snapshotting.reached(19)
        await asyncio.sleep(0)
        assert idle(snapshotting)
        snapshotting.reached(20)
        await until(lambda: idle(snapshotting) and count(marks) == 2)
    assert [record.getMessage()[:24] for record in caplog.records] == [
        "no snapshot could be mad"
    ] * 2 * sentences


async def test_a_program_that_is_not_there_is_said(marks, path, caplog):
    snapshotting = Snapshotting(Snapshots(path), ("/nowhere/punnet",), {}, journal="j", every=10)
    async with running(snapshotting):
        snapshotting.reached(10)
        await until(lambda: idle(snapshotting) and caplog.text != "")
    assert "no snapshot could be made: " in caplog.text


async def test_an_erasure_does_not_wait_for_one_that_is_just_being_started(marks, path):
    snapshotting = made_by(HANGS, marks, path)
    async with running(snapshotting):
        snapshotting.reached(10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert snapshotting._alone.locked()
        assert snapshotting._process is None
        async with asyncio.timeout(20), snapshotting.pausing():
            assert snapshotting._process.returncode == -9


async def test_one_that_is_due_at_the_start_is_made(marks, path):
    snapshotting = made_by(WRITES, marks, path, snapped=100)
    snapshotting.start(110)
    await until(lambda: idle(snapshotting) and count(marks) == 1)
    await snapshotting.stop()


async def test_what_was_never_started_can_be_stopped(marks, path):
    await made_by(WRITES, marks, path).stop()
