"""The loop that survives what goes wrong in it, and trouble that is told once."""

import asyncio

from punnet.loop import Trouble, forever


async def test_what_goes_wrong_in_one_step_is_logged_and_the_next_has_its_turn(caplog):
    enough = asyncio.Event()
    steps = []

    async def stumble():
        steps.append(len(steps))
        if len(steps) == 3:
            enough.set()
        await asyncio.sleep(0)
        raise ValueError(f"step {steps[-1]}")

    task = asyncio.create_task(forever(stumble))
    await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert steps == [0, 1, 2]
    assert [str(record.exc_info[1]) for record in caplog.records] == ["step 0", "step 1"]
    assert all("stumble failed" in record.message for record in caplog.records)


def test_trouble_is_told_once_for_as_long_as_it_is_the_same_and_so_is_its_end(caplog):
    trouble = Trouble("it is over")
    for why in ("", "no disk", "no disk", "no room", "no disk", "", ""):
        trouble.note(why)
        assert trouble.why == why
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "no disk"),
        ("ERROR", "no room"),
        ("ERROR", "no disk"),
        ("WARNING", "it is over"),
    ]
