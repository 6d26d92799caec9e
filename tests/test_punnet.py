"""What `import punnet` gives, and what it costs."""

import subprocess
import sys

import pytest

import punnet
from punnet.handlers.event import Event
from punnet.handlers.registry import on


def test_it_gives_what_own_handlers_are_made_with():
    assert (punnet.on, punnet.Event) == (on, Event)
    assert set(punnet.__all__) == {"on", "Event"}


def test_it_gives_nothing_else():
    with pytest.raises(AttributeError, match="module 'punnet' has no attribute 'off'"):
        punnet.off  # noqa: B018


def test_it_imports_nothing_before_that_is_asked_for():
    program = "import sys, punnet; print(sorted({'msgspec', 'numpy', 'asyncio'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
