"""An engine as bytes, and back.

The state is walked as it stands, object by object, down to columns, vocabularies and the attributes whose
class declares their type. So nothing can be left out: what is none of these is an error.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from types import GenericAlias
from typing import NamedTuple, NoReturn, cast, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
from msgspec import inspect

from punnet.core.column import Column
from punnet.core.compiled import Packed
from punnet.core.digest import Digests
from punnet.core.vocab import Vocabulary
from punnet.engine.answering import Answering
from punnet.engine.engine import Engine
from punnet.engine.kept import Kept
from punnet.engine.tuning import Tuning
from punnet.errors import BadFile

NAMES = msgspec.msgpack.Decoder(list[str | None])


class Part(NamedTuple):
    """One attribute somewhere inside an engine, and the type its class declares for it, if it does."""

    path: str
    room: object
    name: str
    declared: object

    @property
    def value(self) -> object:
        """What stands there now."""
        return cast("object", getattr(self.room, self.name))


def dump(engine: Engine) -> bytes:
    """Return everything that `engine` learned from records; the tuning it was given is not part of that."""
    return msgspec.msgpack.encode({part.path: _written(part) for part in _parts(engine)})


def load(body: bytes | memoryview, tuning: Tuning | None = None) -> Engine:
    """Return the engine that was dumped: it answers, counts and goes on like the one it was taken from.

    Raises BadFile where `body` was not dumped from an engine of this shape.
    """
    engine = Engine(tuning)
    parts = {part.path: part for part in _parts(engine)}
    try:
        written = msgspec.msgpack.decode(body, type=dict[str, memoryview])
        if written.keys() != parts.keys():
            raise ValueError("it is of another shape")
        for path, part in parts.items():
            setattr(part.room, part.name, _read(part, written[path]))
    except (ValueError, TypeError) as error:
        raise BadFile(f"the engine cannot be read: {error}") from None
    return engine


def shape() -> str:
    """Return a digest of what an engine is made of: two of one shape can load what the other dumped."""
    made_of = [(part.path, _kind(part)) for part in _parts(Engine())]
    return hashlib.blake2b(repr(made_of).encode(), digest_size=8).hexdigest()


def _parts(room: object, path: str = "") -> Iterator[Part]:
    """Yield all that `room` is made of, through all its rooms."""
    kind = type(room)
    declared: dict[str, object] = get_type_hints(kind)
    slots: tuple[str, ...] = getattr(kind, "__slots__", ())
    for name in sorted({*slots, *getattr(room, "__dict__", ())}):
        part = Part(f"{path}.{name}", room, name, declared.get(name))
        value = part.value
        if part.declared or isinstance(value, Column | Vocabulary):
            yield part
        elif not isinstance(value, Tuning | Kept | Answering | Packed | Digests):
            if not type(value).__module__.startswith("punnet."):
                raise TypeError(f"{kind.__name__} must declare the type of {name} in its class")
            yield from _parts(value, part.path)


def _written(part: Part) -> bytes:
    value = part.value
    if isinstance(value, Column):
        return value.values.tobytes()
    if isinstance(value, Vocabulary):
        return msgspec.msgpack.encode(list(value))
    return msgspec.msgpack.encode(value, enc_hook=_unknown)


def _read(part: Part, written: memoryview) -> object:
    before = part.value
    if isinstance(before, Column):
        return Column.of(np.frombuffer(written, before.values.dtype))
    if isinstance(before, Vocabulary):
        return Vocabulary.of(NAMES.decode(written))
    return msgspec.msgpack.decode(written, type=part.declared, dec_hook=_collection)


def _kind(part: Part) -> str:
    value = part.value
    if isinstance(value, Column):
        return value.values.dtype.str
    return f"{part.declared} {inspect.type_info(part.declared)}" if part.declared else "names"


def _unknown(value: object) -> NoReturn:
    raise TypeError(f"a snapshot does not hold a {type(value).__name__}")


def _collection(kind: type, plain: object) -> object:
    """Return `plain` as the collection that it was before."""
    make = cast("Callable[[object], object]", get_origin(kind))
    return make(msgspec.convert(plain, _plain_kind(kind)))


@cache
def _plain_kind(kind: type) -> GenericAlias:
    """Return the type of what msgspec writes for a collection of `kind`."""
    origin, inside = get_origin(kind), get_args(kind)
    return GenericAlias(dict, (*inside, int) if origin is Counter else inside)
