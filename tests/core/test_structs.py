"""Tuples of arrays as compiled functions take them."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numba import types
from numba.core.errors import TypingError

from punnet.core import structs
from punnet.core.structs import StructType, kind_of, kinds, parameters
from punnet.types import Floats, Indices, Mask, Positions
from tests.compiling import loaded

LONG, SHORT = st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1)


class Inner(NamedTuple):
    """A struct in a struct."""

    factor: float
    places: Positions


class Everything(NamedTuple):
    """A struct with a field of every kind."""

    floats: Floats
    indices: Indices
    positions: Positions
    mask: Mask
    number: int
    share: float
    yes: bool
    inner: Inner


class Apart(NamedTuple):
    """A tuple that is no struct."""

    floats: Floats
    number: int


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield loaded(patch, tmp_path_factory.mktemp("machine code"), jit=True)


@pytest.fixture(scope="module")
def tell(made):
    """Return what copies all that is in a struct at an address to arrays, as machine code."""
    made.reader(Inner)
    everything_at = made.reader(Everything)

    def at(
        address: int, floats: Floats, indices: Indices, positions: Positions, mask: Mask
    ) -> tuple[int, float, bool, float]:
        it = everything_at(address)
        for to in range(len(it.floats)):
            floats[to] = it.floats[to]
        for to in range(len(it.indices)):
            indices[to] = it.indices[to]
        for to in range(len(it.positions)):
            positions[to] = it.positions[to]
        for to in range(len(it.mask)):
            mask[to] = it.mask[to]
        for to in range(len(it.inner.places)):
            positions[len(it.positions) + to] = it.inner.places[to]
        return it.number, it.share, it.yes, it.inner.factor

    return made.entry(at)


def column(kind, elements):
    return arrays.arrays(kind, st.integers(0, 4), elements=elements)


things = st.builds(
    Everything,
    floats=column(np.float64, st.floats()),
    indices=column(np.int64, LONG),
    positions=column(np.int32, SHORT),
    mask=column(np.bool_, st.booleans()),
    number=LONG,
    share=st.floats(),
    yes=st.booleans(),
    inner=st.builds(Inner, st.floats(), column(np.int32, SHORT)),
)


@given(thing=things)
def test_machine_code_reads_from_a_struct_what_was_put_there(made, tell, thing):
    found = np.zeros(8), np.zeros(8, np.int64), np.zeros(8, np.int32), np.zeros(8, np.bool_)
    packed = made.Packed(thing)
    scalars = tell(packed.address, *found)
    places = np.concatenate((thing.positions, thing.inner.places))
    for ours, expected in zip(found, (thing.floats, thing.indices, places, thing.mask), strict=True):
        assert ours[: len(expected)].tobytes() == expected.tobytes()
        assert not ours[len(expected) :].any()
    assert repr(scalars) == repr((thing.number, thing.share, thing.yes, thing.inner.factor))


def test_a_field_that_a_struct_does_not_have_is_told_when_it_is_compiled(made):
    inner_at = made.reader(Inner)

    def wrong(address: int) -> float:
        return inner_at(address).price

    with pytest.raises(TypingError, match="price"):
        made.entry(wrong)(0)


def test_what_memory_is_asked_for_stays_as_it_is_wherever_it_lies(made):
    def ask(places: Positions, at: int) -> int:
        made_prefetch(places, at)
        return places[at]

    made_prefetch = made.prefetch
    assert made.entry(ask)(np.arange(7, 19, dtype=np.int32), 5) == 12


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (int, types.int64),
        (float, types.float64),
        (bool, types.boolean),
        (Floats, types.float64[::1]),
        (Indices, types.int64[::1]),
        (Positions, types.int32[::1]),
        (Mask, types.boolean[::1]),
        (tuple[int, int, int], types.UniTuple(types.int64, 3)),
        (Apart, types.NamedTuple([types.float64[::1], types.int64], Apart)),
    ],
    ids=str,
)
def test_every_annotation_has_its_type(hint, kind):
    assert kind_of(hint) == kind


def test_a_struct_is_a_type_of_its_own(monkeypatch):
    monkeypatch.setattr(structs, "STRUCTS", {Inner})
    assert kind_of(Inner) == StructType(Inner) != StructType(Apart)
    assert kind_of(Apart) != StructType(Apart)


def test_the_types_of_fields_and_parameters_come_in_their_order():
    def function(number: int, _share: float, places: Positions) -> bool:
        return bool(places[number])

    assert kinds(Apart) == {"floats": types.float64[::1], "number": types.int64}
    assert kinds(Apart) is kinds(Apart)
    assert parameters(function) == (types.int64, types.float64, types.int32[::1])
