"""How much memory an engine takes, by its parts."""

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType

import msgspec
import numpy as np

DEPTH = 3
"""How many attributes from the engine on a part is named by."""

SHARED = (type, FunctionType, BuiltinFunctionType, ModuleType, Enum)
"""What is there once, however many markets there are."""


LEAVES = (str, bytes, int, float)
"""What refers to nothing; there are millions of them, and so they wait in no queue."""


def parts(room: object) -> Counter[str]:
    """Return the bytes of each part of `room`, named by the way to it; what two parts share counts once."""
    sizes: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: deque[tuple[str, int, object]] = deque([("", 0, room)])
    while waiting:
        path, depth, value = waiting.popleft()
        if id(value) in seen or isinstance(value, SHARED):
            continue
        seen.add(id(value))
        sizes[path] += _own_size(value, seen)
        for name, inside in _attributes(value):
            deeper = depth < DEPTH
            waiting.append((f"{path}.{name}" if deeper else path, depth + 1, inside))
        for inside in _items(value):
            if not isinstance(inside, LEAVES):
                waiting.append((path, DEPTH, inside))
            elif id(inside) not in seen:
                seen.add(id(inside))
                sizes[path] += sys.getsizeof(inside)
    return sizes


def resident() -> int:
    """Return the bytes of memory that this process holds; 0 where no /proc tells."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _own_size(value: object, seen: set[int]) -> int:
    """Return the bytes of a value without what it refers to; an array counts with what it shows."""
    if isinstance(value, np.ndarray):
        owner = value
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if owner is not value and id(owner) in seen:
            return 0
        seen.add(id(owner))
        return owner.nbytes
    return sys.getsizeof(value)


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, msgspec.Struct):
        names: Iterable[str] = value.__struct_fields__
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        names = value._fields
    else:
        slots = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))
        names = (*slots, *getattr(value, "__dict__", ()))
    for name in names:
        if hasattr(value, name):
            yield name, getattr(value, name)


def _items(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from value
