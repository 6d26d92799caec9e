"""Functions that only compiled functions call."""

import numba
import pytest

from punnet.core.inner import OPTIONS
from tests.compiling import loaded


@pytest.fixture
def made(monkeypatch, tmp_path):
    return loaded(monkeypatch, tmp_path, jit=True)


@pytest.fixture
def chain(made):
    """Return three functions, each of which calls the one before it: two parts and a whole."""
    assert made.JIT
    last = numba.njit(**OPTIONS)(lambda number: number + 1)
    middle = numba.njit(**OPTIONS)(lambda number: 2 * last(number))
    whole = numba.njit(lambda number: middle(number) - last(number))
    assert whole(20) == 42 - 21
    return [function.overloads[numba.int64,] for function in (last, middle, whole)]


def test_a_part_of_a_part_is_called_through_both(made):
    @made.compiled
    def twice(number: int) -> int:
        return 2 * number

    @made.compiled
    def power(times: int) -> int:
        found = 1
        for _ in range(times):
            found = twice(found)
        return found

    def difference(times: int) -> int:
        return power(times) - twice(times)

    assert made.entry(difference)(10) == 1024 - 20
    assert made.entry(difference)(3) == 8 - 6


def test_only_what_python_calls_has_machine_code(chain):
    addresses = [it.library.get_pointer_to_function(it.fndesc.llvm_func_name) for it in chain]
    assert [bool(address) for address in addresses] == [False, False, True]


def test_parts_are_optimised_with_what_calls_them_and_not_before(chain):
    _, middle, whole = (str(it.library.get_function(it.fndesc.llvm_func_name)) for it in chain)
    assert "call" in middle
    assert "call" not in whole


def test_python_may_call_one_all_the_same(made):
    @made.compiled
    def twice(number: int) -> int:
        return 2 * number

    assert twice(21) == 42
