"""Everything once, so that nothing is compiled when someone waits."""

import gc
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import punnet
from punnet.core.compiled import JIT
from punnet.engine.rehearsal import rehearse

FOR_TESTS = {"offer_alone"}
"""What only tells what one algorithm offers."""


def entries():
    """Return every function that Python calls in machine code, by its name."""
    root = Path(punnet.__file__).parent
    found = {}
    for room in ("core", "algorithms", "engine"):
        for path in sorted((root / room).glob("*.py")):
            module = import_module(f"punnet.{room}.{path.stem}")
            lines = path.read_text().splitlines()
            names = [
                following.removeprefix("def ").partition("(")[0]
                for line, following in pairwise(lines)
                if line == "@entry"
            ]
            found |= {name: getattr(module, name) for name in names}
    return found


def test_after_a_rehearsal_every_entry_is_compiled():
    rehearse()
    every = entries()
    assert len(every) > 12
    if JIT:
        missing = {name for name, function in every.items() if not function.signatures}
        assert missing <= FOR_TESTS


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_left_as_it_was(collects):
    was = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        rehearse()
        assert gc.isenabled() == collects
    finally:
        (gc.enable if was else gc.disable)()
