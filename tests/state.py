"""Everything that an object is made of, as plain values to compare."""

import math
from collections import deque

import msgspec

from punnet.core.column import Column
from punnet.core.digest import Digests
from punnet.core.postings import Postings
from punnet.engine.answering import Answering
from punnet.engine.kept import Kept


def state(thing: object) -> object:
    """Return the state of `thing`, through all that it holds.

    What is worked out from the rest does not count. Of a column its values count, not the room it keeps, of
    postings their rows, not where they lie; the order of a dictionary counts, that of a set does not; NaN
    equals NaN.
    """
    match thing:
        case Column():
            return [thing.values.dtype.str, repr(thing.values.tolist())]
        case Postings():
            return [thing.row(row).tolist() for row in range(len(thing))]
        case dict():
            return [type(thing).__name__, [(state(key), state(value)) for key, value in thing.items()]]
        case set() | frozenset():
            return [type(thing).__name__, sorted(map(repr, thing))]
        case list() | tuple() | deque():
            return [type(thing).__name__, [state(each) for each in thing]]
        case None | bool() | int() | str() | bytes():
            return thing
        case float():
            return "nan" if math.isnan(thing) else thing
    parts = {name: getattr(thing, name) for name in attributes(thing)}
    known = {
        name: state(part) for name, part in parts.items() if not isinstance(part, Kept | Answering | Digests)
    }
    return [type(thing).__name__, known]


def attributes(thing: object) -> list[str]:
    """Return the names of all attributes of `thing`; complain about what has none."""
    if isinstance(thing, msgspec.Struct):
        return list(thing.__struct_fields__)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    names = sorted({*slots, *getattr(thing, "__dict__", ())})
    assert names or type(thing).__module__ == "datetime", f"what is in a {type(thing).__name__}?"
    return names
