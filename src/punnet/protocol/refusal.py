"""Turn what msgspec and JSON complain about into a sentence with the field, its value and what is allowed."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec
from msgspec import inspect

from punnet.errors import Refused
from punnet.protocol import shapes
from punnet.protocol.shapes import Step

LONGEST_SHOWN = 100
"""Characters of a refused value, and of the name of its field, that are shown."""

_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`?$", re.DOTALL)
_OURS = re.compile(r"([a-z]\w*)( .*)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNRULY = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What could do something to the terminal that an error is shown on, or that UTF-8 cannot carry."""
_LONGEST_INT = 4000


def refuse(place: str, value: object, allowed: str) -> Refused:
    """Return the refusal of `value` at `place`."""
    place, seen = _words(place), shown(value)
    return Refused(
        f"{place} is {_said(value)}: it must be {allowed}.", field=place, value=seen, allowed=allowed
    )


def missing(place: str, allowed: str) -> Refused:
    """Return the refusal of an input that leaves out `place`."""
    return Refused(f"{place} is missing: it must be {allowed}.", field=place, allowed=allowed)


def shown(value: object) -> str | int | float | bool | None:
    """Return the value as a refusal shows it: short, and such that JSON and a terminal can carry it."""
    match value:
        case bool() | None:
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case int():
            return value if abs(value) < 2**53 else _short(str(value))
        case str():
            return _words(value)
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def translated(error: msgspec.ValidationError, content: object, kind: object, place: str = "") -> Refused:
    """Return msgspec's refusal of `content` as a `kind`, in words.

    `place` stands before the names of its fields: `payload.` for the content of a message.
    """
    said, _, path = str(error).partition(" - at `")
    spot = _Spot(shapes.shape(kind), content, place, shapes.steps(path.rpartition("$")[2]))
    if found := _MISSING.match(said):
        below = spot.below(found[1])
        return missing(below.name, shapes.allowed(below.known))
    if found := _UNKNOWN.match(said):
        below = spot.below(found[1])
        names = ", ".join(field.encode_name for field in shapes.fields(spot.known)) or "none"
        return Refused(
            f"{below.name} is not known here: the fields are {names}.",
            field=below.name,
            value=shown(below.value),
            allowed=f"the fields {names}",
        )
    if found := _OURS.match(said):
        return _our_own(spot, found[1], found[2])
    return refuse(spot.name, spot.value, shapes.allowed(spot.known))


def broken(body: bytes, kind: object) -> Refused:
    """Return why `body` could not be read as JSON at all; where one value is to blame, by its name."""
    try:
        content = json.loads(body.decode(), parse_float=_float, parse_int=_int, parse_constant=_Odd)
    except UnicodeDecodeError as error:
        return _not_json(f"byte {error.start} is not UTF-8")
    except json.JSONDecodeError as error:
        return _not_json(f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        return _not_json("it is nested too deeply")
    odd = _first_odd(content)
    if odd is None:
        return _not_json("it is nested too deeply")
    path, value = odd
    spot = _Spot(shapes.shape(kind), content, "", path)
    if isinstance(value, _Odd):
        return refuse(spot.name, value, shapes.allowed(spot.known))
    return refuse(spot.name, value, "Unicode text without lone surrogates")


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place of an input, with the type of it."""

    root: inspect.Type
    content: object
    place: str
    path: tuple[Step, ...]

    @property
    def name(self) -> str:
        return _words((self.place + shapes.written(self.path)).strip(".")) or "body"

    @property
    def known(self) -> inspect.Type:
        return shapes.part(self.root, self.path)

    @property
    def value(self) -> object:
        value = self.content
        for step in self.path:
            within = dict(enumerate(value)) if isinstance(value, list) else value
            value = within.get(step) if isinstance(within, dict) else None
        return value

    def below(self, field: str) -> "_Spot":
        return replace(self, path=(*self.path, field))


class _Odd(str):
    """A number that no float holds, as it was written."""

    __slots__ = ()


def _our_own(spot: _Spot, first_word: str, rest: str) -> Refused:
    """Our own nouns refuse with a sentence that starts with the field's name in Python."""
    wire = {field.name: field.encode_name for field in shapes.fields(spot.known)}
    if first_word in wire:
        spot = spot.below(wire[first_word])
    said = f"{wire.get(first_word, first_word)}{rest}"
    return Refused(f"{said}.", field=spot.name, value=shown(spot.value), allowed=said)


def _said(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not isinstance(value, _Odd):
        return f'"{shown(value)}"'
    return str(shown(value))


def _not_json(why: str) -> Refused:
    return Refused(f"The body is not JSON: {why}.", field="body", allowed="JSON in UTF-8")


def _first_odd(content: object) -> tuple[tuple[Step, ...], str] | None:
    """Return the first value that is to blame, and its place.

    The place is kept once and not with everything that waits: a body may be deep and wide at the same time.
    """
    place: list[Step] = []
    levels = [_entries([content])]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
            del place[-1:]
            continue
        step, value = entry
        place.append(step)
        for text in (value, *value) if isinstance(value, dict) else (value,):
            if isinstance(text, str) and (isinstance(text, _Odd) or _SURROGATE.search(text)):
                return tuple(place[1:]), text
        levels.append(_entries(value))
    return None


def _entries(value: object) -> Iterator[tuple[Step, object]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())


def _float(text: str) -> float | _Odd:
    number = float(text)
    return number if math.isfinite(number) else _Odd(text)


def _int(text: str) -> int | _Odd:
    return int(text) if len(text) < _LONGEST_INT else _Odd(text)


def _words(text: str) -> str:
    """Return a text of the client as a refusal may repeat it."""
    return _UNRULY.sub("\ufffd", _short(text))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
