"""Loops over arrays, compiled.

Where numba's NUMBA_DISABLE_JIT is set they run as they stand, with the tuples themselves for structs.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from struct import Struct as Cells
from typing import Generic, NamedTuple, ParamSpec, TypeVar, cast
from weakref import WeakValueDictionary

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import as_dtype

from punnet.core import cache, inner, structs
from punnet.types import Floats, Indices, Mask, Positions

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Struct = TypeVar("Struct", bound=tuple[object, ...])

JIT = not numba.config.DISABLE_JIT


if not numba.config.CACHE_DIR:
    numba.config.CACHE_DIR = str(cache.folder_in(cache.places()))


def folder() -> Path:
    """Return where machine code is kept on disk."""
    return Path(numba.config.CACHE_DIR)


def is_kept() -> bool:
    """Return whether machine code was kept there, by an earlier process or this one."""
    return any(folder().rglob("*.nbi"))


def drop_former() -> None:
    """Remove the machine code of earlier versions."""
    cache.drop_others(folder())


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` as machine code for other compiled functions: loops over arrays, numbers and structs.

    It cannot make an array: whoever calls it brings the room.
    """
    made = numba.njit(error_model="numpy", _nrt=False)(function)
    if JIT:
        part = numba.njit(error_model="numpy", _nrt=False, **inner.OPTIONS)(function)
        # One version of it, for the types it names: an int32 from an array is passed on as an int.
        made.get_call_template = lambda _given, _named: part.get_call_template(
            structs.parameters(function), {}
        )
        made.get_overload = part.get_overload
    return cast("Callable[Parameters, Result]", made)


def entry(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` as machine code that is kept on disk, to be called with addresses of structs."""
    return cast(
        "Callable[Parameters, Result]", numba.njit(error_model="numpy", _nrt=False, cache=True)(function)
    )


def reader(struct: type[Struct]) -> Callable[[int], Struct]:
    """Have a tuple of arrays passed as a struct; return what gives compiled code the one at an address."""
    if not JIT:
        return cast("Callable[[int], Struct]", lambda address: _PLAIN[address].struct)
    structs.STRUCTS.add(struct)
    kind = structs.StructType(struct)

    def give(_typing: object, _address: types.Type) -> object:
        return kind(types.int64), lambda _context, _builder, _signature, values: values[0]

    return cast("Callable[[int], Struct]", intrinsic(give))


def _prefetch(_typing: object, array: types.Type, _at: types.Type) -> object:
    return types.void(array, types.int64), structs.emit_prefetch


def _wait(_array: Floats | Positions, _at: int) -> None:
    """Do nothing, where nothing is compiled."""


prefetch = cast("Callable[[Floats | Positions, int], None]", intrinsic(_prefetch)) if JIT else _wait
"""Asks memory for an element that is needed soon: many come at once, where each would be waited for."""


class Packed(Generic[Struct]):
    """A struct where compiled functions find it: at its address, for as long as this object lives."""

    __slots__ = ("__weakref__", "_cells", "_inner", "_layout", "address", "struct")

    def __init__(self, struct: Struct) -> None:
        self._layout = _layout(type(struct))
        self._cells = bytearray(CELLS.size * len(self._layout))
        self._inner: dict[int, Packed[tuple[object, ...]]] = {}
        self.address = int(np.frombuffer(self._cells, np.uint8).ctypes.data)
        self.struct = struct
        if not JIT:
            _PLAIN[self.address] = cast("Packed[tuple[object, ...]]", self)
            return
        for at, value in enumerate(struct):
            self._put(at, value)

    def hold(self, struct: Struct) -> None:
        """Have another struct of the same kind at the address; fields that stay the same cost nothing."""
        before, self.struct = self.struct, struct
        if JIT:
            for at, value in enumerate(struct):
                if value is not before[at]:
                    self._put(at, value)

    def _put(self, at: int, value: object) -> None:
        """Fill the cells of a field."""
        cells, kind = self._layout[at]
        if isinstance(value, np.ndarray):
            # Compiled code would read whatever is there.
            assert value.dtype == kind, (value.dtype, kind)
            CELLS.pack_into(self._cells, CELLS.size * at, address_of(value), len(value))
        elif isinstance(value, tuple):
            if at in self._inner:
                self._inner[at].hold(value)
            else:
                self._inner[at] = Packed(value)
                cells.pack_into(self._cells, CELLS.size * at, self._inner[at].address)
        else:
            cells.pack_into(self._cells, CELLS.size * at, value)


CELLS = Cells("=qq")
"""The two cells of a field: an address and a length, or a number in the first."""

_PLAIN: WeakValueDictionary[int, Packed[tuple[object, ...]]] = WeakValueDictionary()
"""What is packed, by its address, where nothing is compiled: no longer than machine code could read it."""


class _Field(NamedTuple):
    """How a number is written into the cells of a field, and what kind of number an array there has."""

    cells: Cells
    kind: object


@functools.cache
def _layout(struct: type) -> tuple[_Field, ...]:
    return tuple(
        _Field(Cells("=d") if kind == types.float64 else Cells("=q"), None)
        if not isinstance(kind, types.Array)
        else _Field(CELLS, as_dtype(kind.dtype))
        for kind in structs.kinds(struct).values()
    )


@entry
def address_of(array: Floats | Indices | Positions | Mask) -> int:
    """Return where an array begins; numpy says the same ten times slower."""
    return array.ctypes.data
