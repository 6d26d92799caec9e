"""Bytes to nouns and back: the one place where input is validated.

Whatever is not accepted raises Refused, which names the field as it stands on the wire, its value and
what is allowed. What comes back from here needs no further look, but for ids that must exist.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TypeVar, cast
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import inspect

from punnet.errors import Refused
from punnet.market import Farm, Product
from punnet.protocol import refusal, shapes

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
_BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


def _float(text: str) -> float:
    """Return the number as JSON means it: 73.0 is the whole number 73, and 1e400 is none."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(float_hook=_float)


def write(value: object) -> bytes:
    """Return a noun, or anything made of nouns, as JSON."""
    return _encoder.encode(value)


def read(body: bytes, kind: type[T], *, given: Mapping[str, str] | None = None) -> T:
    """Return the noun that a JSON text holds.

    `given` are fields known from elsewhere, as the id in a path: the body may leave them out, and must
    not contradict them.
    """
    noun = None if given else _at_once(body, kind)
    if noun is not None:
        return noun
    content = loose(body, kind)
    if given and isinstance(content, dict):
        _agree(content, given)
        known = _readers(kind)
        content = {key: value for key, value in content.items() if key not in given or key in known}
        content |= {key: value for key, value in given.items() if key in known}
    return convert(content, kind)


def _at_once(body: bytes, kind: type[T]) -> T | None:
    """Return the noun that stands there just as its type has it, None where it does not.

    The look at every field is much slower. It also takes 73.0 for a whole number, and finds the words for a
    refusal.
    """
    try:
        return cast("T", _typed(cast("object", kind)).decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


@cache
def _typed(kind: object) -> msgspec.json.Decoder[object]:
    return msgspec.json.Decoder(kind, float_hook=_float)


def loose(body: bytes, kind: object = dict) -> object:
    """Return what a JSON text holds, whatever it is; `kind` only serves to say what was expected there."""
    try:
        return _decoder.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusal.broken(body, kind) from None


def convert(content: object, kind: type[T], *, place: str = "") -> T:
    """Return read JSON as a noun; `place` stands before the field's name in a refusal (`payload.`)."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise refusal.translated(error, content, kind, place) from None


def read_query(query_string: bytes, kind: type[T]) -> T:
    """Return the noun that a query string holds, each parameter a field; unknown parameters are ignored."""
    return read_texts(pairs(query_string), kind)


def read_texts(texts: Iterable[tuple[str, str]], kind: type[T]) -> T:
    """Return the noun whose fields are written as texts, as in a query string or the cells of a table.

    Unknown names are ignored, and one without a value counts as left out. Lists are separated by commas,
    numbers are written as in JSON, truth is `true` or `false`. A name that comes twice is refused.
    """
    readers = _readers(kind)
    content: dict[str, object] = {}
    for name, text in texts:
        if name not in readers or not text:
            continue
        if name in content:
            raise Refused(
                f"{name} comes twice: send it once.", field=name, value=refusal.shown(text), allowed="once"
            )
        content[name] = readers[name](text)
    return convert(content, kind)


def pairs(query_string: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a query string, decoded."""
    if query_string.isascii() and b"%" not in query_string and b"+" not in query_string:
        # As most are: there is nothing to decode.
        for plain in filter(None, query_string.decode().split("&")):
            name, _, text = plain.partition("=")
            yield name, text
        return
    for pair in filter(None, query_string.replace(b"+", b" ").split(b"&")):
        escaped_name, _, value = pair.partition(b"=")
        name = unescaped(escaped_name, "query")
        yield name, unescaped(value, name or "query")


def unescaped(text: bytes, place: str) -> str:
    """Return percent-encoded UTF-8 as text; `place` names it in a refusal."""
    try:
        if not _BAD_ESCAPE.search(text):
            return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise refusal.refuse(place, text.decode("latin-1"), "UTF-8 with percent-encoding") from None
    raise refusal.refuse(place, text.decode("latin-1"), "UTF-8 with percent-encoding")


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the JSON texts of NDJSON, numbered by line, or of one JSON array, numbered by element, from 1."""
    body = body.removeprefix(_BOM)
    match body.lstrip()[:1]:
        case b"[":
            yield from enumerate(_elements(body), 1)
        case b"{" | b"":
            yield from ((number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip())
        case _:
            allowed = "NDJSON or a JSON array"
            raise Refused(f"The body is not {allowed}.", field="body", allowed=allowed)


def _elements(body: bytes) -> list[bytes]:
    try:
        return [bytes(element) for element in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusal.broken(body, list) from None


def read_listing(line: bytes) -> Farm | Product:
    """Return what one line of a catalogue holds: a product when it names its farm, else a farm."""
    content = loose(line, Product)
    kind: type[Farm | Product] = Product if isinstance(content, dict) and "farmId" in content else Farm
    return convert(content, kind)


def _agree(content: dict[str, object], given: Mapping[str, str]) -> None:
    for key, value in given.items():
        if key in content and content[key] != value:
            raise refusal.refuse(key, content[key], f'"{value}", as in the path, or left out')


def _readers(kind: object) -> dict[str, Callable[[str], object]]:
    """Return how the text of each field of a noun is read."""
    return _cached_readers(kind)


@lru_cache(maxsize=64)
def _cached_readers(kind: object) -> dict[str, Callable[[str], object]]:
    known = {field.encode_name: type(shapes.plain(field.type)) for field in shapes.fields(shapes.shape(kind))}
    return {name: _READERS.get(inner, str) for name, inner in known.items()}


def _number(text: str) -> float | str:
    """Return the number that stands there; what is none stays text, for the type to refuse."""
    try:
        return _float(text) if _NUMBER.fullmatch(text) else text
    except ValueError:
        return text


def _truth(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


def _list(text: str) -> list[str]:
    return [piece for piece in text.split(",") if piece]


_READERS: dict[type[inspect.Type], Callable[[str], object]] = {
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.BoolType: _truth,
    inspect.VarTupleType: _list,
}
