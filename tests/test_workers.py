"""Processes that do the same work, and the one that looks after them: real ones, of a few lines each."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from punnet import workers as module
from punnet.workers import Workers
from tests.waiting import until

BEGIN = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
was_told = (folder / "told").exists()
number = len(list(folder.glob("begun-*")))
(folder / f"begun-{os.getpid()}").write_text(f"{number} {was_told}")
"""
WORK = """
print("at work:", os.getpid(), flush=True)
sys.stdin.read()
"""


class Crew:
    """Workers of one program, looked after in this process; what they write is in `folder`."""

    def __init__(
        self,
        folder: Path,
        program: str,
        count: int,
        first_wait: float = 0.01,
        *,
        executable: str = sys.executable,
    ) -> None:
        self.folder = folder
        self.told: list[str] = []
        command = executable, "-IS", "-c", BEGIN + program, str(folder)
        self._workers = Workers(command, os.environ, (), count, first_wait=first_wait)

    async def run(self) -> int:
        return await self._workers.run(self._tell)

    def _tell(self, line: str) -> None:
        (self.folder / "told").touch()
        self.told.append(line)

    @property
    def begun(self) -> dict[int, str]:
        """The number of each process that ever began, and what it found: how many before it, who was told."""
        found = {path: path.read_text() for path in self.folder.glob("begun-*")}
        return {int(path.name.partition("-")[2]): text for path, text in found.items() if text}


@asynccontextmanager
async def working(crew: Crew) -> AsyncIterator[asyncio.Task[int]]:
    """Have the crew at work, and end it as an operator would."""
    running = asyncio.create_task(crew.run())
    try:
        await until(lambda: running.done() or bool(crew.told))
        yield running
    finally:
        if not running.done():
            signal.raise_signal(signal.SIGTERM)
        await asyncio.wait({running})
    assert not any(is_there(pid) for pid in crew.begun)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_so_many_are_at_work_and_the_others_begin_once_the_first_is(tmp_path):
    crew = Crew(tmp_path, WORK, 3)
    async with working(crew) as running:
        await until(lambda: len(crew.begun) == 3)
    assert running.result() == 0
    first, *others = sorted(crew.begun.values())
    assert first == "0 False"
    assert [each.partition(" ")[2] for each in others] == ["True", "True"]
    [pid] = [pid for pid, found in crew.begun.items() if found == first]
    assert crew.told == [f"at work: {pid}"]


async def test_another_takes_the_place_of_one_that_is_killed(tmp_path, caplog):
    crew = Crew(tmp_path, WORK, 2)
    async with working(crew):
        await until(lambda: len(crew.begun) == 2)
        for victim in list(crew.begun):
            before = len(crew.begun)
            os.kill(victim, signal.SIGKILL)
            await until(lambda: len(crew.begun) == before + 1)  # noqa: B023 (it is asked at once)
            assert not is_there(victim)
        assert sum(map(is_there, crew.begun)) == 2
    assert caplog.messages == ["a worker ended with -9, and another one takes its place"] * 2
    assert len(crew.told) == 1


async def test_a_first_that_cannot_begin_ends_all_with_its_exit_code(tmp_path):
    crew = Crew(tmp_path, "sys.exit(3)", 3)
    async with working(crew) as running:
        pass
    assert running.result() == 3
    assert (len(crew.begun), crew.told) == (1, [])


async def test_one_that_cannot_begin_later_is_tried_again_until_it_can(tmp_path, caplog):
    crew = Crew(tmp_path, f"number in (1, 2) and sys.exit(7)\n{WORK}", 2)
    async with working(crew):
        await until(lambda: len(crew.begun) == 4)
        assert sum(map(is_there, crew.begun)) == 2
    assert caplog.messages == ["a worker ended with 7, and another one takes its place"] * 2


async def test_one_that_cannot_even_be_started_is_tried_again_until_it_can(tmp_path, caplog):
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    crew = Crew(tmp_path, WORK, 2, executable=str(program))
    async with working(crew) as running:
        await until(lambda: len(crew.begun) == 2)
        program.unlink()
        os.kill(next(iter(crew.begun)), signal.SIGKILL)
        await until(lambda: running.done() or len(caplog.messages) > 1)
        program.symlink_to(sys.executable)
        await until(lambda: running.done() or len(crew.begun) == 3)
        assert sum(map(is_there, crew.begun)) == 2
    assert running.result() == 0
    sentence = "a worker cannot be started (No such file or directory), and another one takes its place"
    assert caplog.messages[1] == sentence


async def test_who_waits_to_be_tried_again_keeps_nobody_from_working_or_stopping(tmp_path, caplog):
    crew = Crew(tmp_path, f"number == 1 and sys.exit(7)\n{WORK}", 2, first_wait=3_600)
    async with working(crew) as running:
        await until(lambda: len(caplog.messages) == 1)
        for count in (3, 4, 5):
            [at_work] = filter(is_there, crew.begun)
            os.kill(at_work, signal.SIGKILL)
            await until(lambda: len(crew.begun) == count)  # noqa: B023 (it is asked at once)
    assert running.result() == 0
    assert len(crew.begun) == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_in_their_own_time(tmp_path, number):
    goodbye = """
def say_goodbye(*_):
    (folder / f"bye-{os.getpid()}").touch()
    sys.exit(5)
signal.signal(signal.SIGTERM, say_goodbye)
(folder / f"ready-{os.getpid()}").touch()
"""
    crew = Crew(tmp_path, goodbye + WORK, 2)
    async with working(crew) as running:
        await until(lambda: len(list(tmp_path.glob("ready-*"))) == 2)
        signal.raise_signal(number)
        assert await running == 0
    assert len(list(tmp_path.glob("bye-*"))) == 2


async def test_a_signal_before_the_first_is_at_work_ends_it(tmp_path):
    crew = Crew(tmp_path, "time.sleep(60)", 2)
    running = asyncio.create_task(crew.run())
    await until(lambda: len(crew.begun) == 1)
    signal.raise_signal(signal.SIGTERM)
    assert await running == 0
    assert (len(crew.begun), crew.told) == (1, [])


async def test_who_does_not_heed_a_signal_is_ended_by_force(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_TO_STOP", 0.05)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    async with working(Crew(tmp_path, f'{deaf}\nprint("at work", flush=True)\ntime.sleep(60)', 2)) as running:
        pass
    assert running.result() == 0


async def test_a_worker_inherits_a_socket_that_callers_can_reach(tmp_path):
    answer = """
import socket, sys
with socket.socket(fileno=int(sys.argv[1])) as listener:
    print("at work", flush=True)
    listener.accept()[0].sendall(b"hello")
sys.stdin.read()
"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = sys.executable, "-IS", "-c", answer, str(number)
        running = asyncio.create_task(Workers(command, os.environ, (number,), 1).run(lambda _: None))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert await reader.read() == b"hello"
        writer.close()
        signal.raise_signal(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_finds_the_environment_it_is_given(tmp_path):
    command = sys.executable, "-IS", "-c", 'import os; print(os.environ["MARKET"], flush=True); input()'
    told = []
    running = asyncio.create_task(Workers(command, {"MARKET": "north"}, (), 1).run(told.append))
    await until(lambda: bool(told))
    signal.raise_signal(signal.SIGTERM)
    assert (await running, told) == (0, ["north"])


async def test_no_worker_is_left_when_the_one_that_looks_after_them_is_killed(tmp_path):
    """Each of them holds an end of a pipe open, so that the other end tells when the last is gone."""
    work = """
import os, time
from punnet.workers import end_with_parent
end_with_parent()
print("at work", flush=True)
os.write({pipe}, b".")
time.sleep(60)
"""
    look_after = """
import asyncio, os, sys
from punnet.workers import Workers
workers = Workers((sys.executable, "-c", sys.argv[1]), os.environ, ({pipe},), 2)
asyncio.run(workers.run(lambda line: None))
"""
    ours, theirs = os.pipe()
    keeper = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", look_after.format(pipe=theirs), work.format(pipe=theirs)),
        pass_fds=[theirs],
    )
    os.close(theirs)
    begun = b""
    while len(begun) < 2:
        begun += await asyncio.to_thread(os.read, ours, 2)
    keeper.kill()
    assert await asyncio.to_thread(os.read, ours, 1) == b""
    os.close(ours)
    assert await keeper.wait() == -signal.SIGKILL
