"""What `./dev` makes of its locks and its words."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def dev():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "dev"), run_name="dev"))


def pinned(lock):
    return set(re.findall(r"^([\w.-]+)==([^ ]+)", lock.read_text(), re.MULTILINE))


def test_each_lock_holds_all_that_the_one_before_it_does(dev):
    run, more, most = map(pinned, dev.GROWING)
    assert run < more < most
    assert {name for name, _ in most - more} >= {"implicit", "scipy"}


def test_an_environment_serves_for_each_lock_that_its_own_holds(dev):
    serving = {
        lock.stem: [dev.serves(dev.digest(made), lock) for made in dev.GROWING] for lock in dev.GROWING
    }
    assert serving == {"run": [True] * 3, "dev": [False, True, True], "bench": [False, False, True]}


def test_nothing_half_made_or_of_another_python_serves(dev):
    assert not dev.serves("", dev.RUN)
    assert not dev.serves(f"elsewhere {dev.digest(dev.BENCH)}", dev.RUN)


def test_the_benchmark_that_is_not_there_is_named(dev):
    with pytest.raises(SystemExit, match=r"there is no bench/nothing\.py"):
        dev.bench("nothing", "--quick")
