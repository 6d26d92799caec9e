"""Loops over arrays, compiled.

Where numba's NUMBA_DISABLE_JIT is set they run as they stand, with the tuples themselves for structs.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path
from struct import Struct as Cells
from typing import NamedTuple, ParamSpec, TypeVar, cast
from weakref import WeakValueDictionary

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import as_dtype

from punnet.core import structs
from punnet.types import Floats, Indices, Mask, Positions

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Struct = TypeVar("Struct", bound=tuple[object, ...])

ROOMS = ("core", "algorithms", "engine")
"""Where compiled functions are."""

JIT = not numba.config.DISABLE_JIT


def _digest() -> str:
    """Return what machine code depends on: it inlines other functions; numba looks at one file only."""
    package: Traversable = resources.files("punnet")
    sources = [file for room in ROOMS for file in (package / room).iterdir() if file.name.endswith(".py")]
    told = sorted((file.name, hashlib.blake2b(file.read_bytes()).hexdigest()) for file in sources)
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


if not numba.config.CACHE_DIR:
    numba.config.CACHE_DIR = str(resources.files("punnet") / "__pycache__" / f"compiled-{_digest()}")


def is_kept() -> bool:
    """Return whether machine code was kept on disk by an earlier process."""
    return Path(numba.config.CACHE_DIR).is_dir()


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` as machine code for other compiled functions: loops over arrays, numbers and structs.

    It cannot make an array: whoever calls it brings the room.
    """
    made = numba.njit(error_model="numpy", _nrt=False)(function)
    if JIT:
        find = made.get_call_template
        # One version of it, for the types it names: an int32 from an array is passed on as an int.
        made.get_call_template = lambda _given, _named: find(structs.parameters(function), {})
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


class Packed:
    """A struct where compiled functions find it: at its address, for as long as this object lives."""

    __slots__ = ("__weakref__", "_cells", "_inner", "_layout", "address", "struct")

    def __init__(self, struct: tuple[object, ...]) -> None:
        self._layout = _layout(type(struct))
        self._cells = bytearray(self._layout.cells.size)
        self.address = int(np.frombuffer(self._cells, np.uint8).ctypes.data)
        self.hold(struct)

    def hold(self, struct: tuple[object, ...]) -> None:
        """Have another struct of the same kind at the address."""
        self.struct = struct
        self._inner: list[Packed] = []
        if not JIT:
            _PLAIN[self.address] = self
            return
        values: list[object] = []
        for value, kind in zip(struct, self._layout.arrays, strict=True):
            if isinstance(value, np.ndarray):
                # Compiled code would read whatever is there.
                assert value.dtype == kind, (value.dtype, kind)
                values += (address_of(value), len(value))
            elif isinstance(value, tuple):
                self._inner.append(Packed(value))
                values.append(self._inner[-1].address)
            else:
                values.append(value)
        self._layout.cells.pack_into(self._cells, 0, *values)


_PLAIN: WeakValueDictionary[int, Packed] = WeakValueDictionary()
"""What is packed, by its address, where nothing is compiled: no longer than machine code could read it."""


class _Layout(NamedTuple):
    """How the cells of a struct are filled, two of eight bytes a field; and the kind of each array."""

    cells: Cells
    arrays: tuple[object, ...]


@cache
def _layout(struct: type) -> _Layout:
    kinds = structs.kinds(struct).values()
    arrays = tuple(as_dtype(kind.dtype) if isinstance(kind, types.Array) else None for kind in kinds)
    codes = [
        "qq" if array is not None else "d8x" if kind == types.float64 else "q8x"
        for kind, array in zip(kinds, arrays, strict=True)
    ]
    return _Layout(Cells("=" + "".join(codes)), arrays)


@entry
def address_of(array: Floats | Indices | Positions | Mask) -> int:
    """Return where an array begins; numpy says the same ten times slower."""
    return array.ctypes.data
