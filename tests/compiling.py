"""compiled.py with machine code and without, whichever of the two this run has."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numba
import pytest

from punnet.core import compiled


def loaded(monkeypatch: pytest.MonkeyPatch, cache: Path, *, jit: bool) -> ModuleType:
    """Return the module anew, with its machine code in a folder of its own, until the test is over."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 0 if jit else 1)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(cache))
    name = f"{compiled.__name__}_{'compiled' if jit else 'plain'}"
    spec = importlib.util.spec_from_file_location(name, compiled.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module
