"""What a value may be, in words, and what a noun is made of."""

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import NamedTuple

import msgspec
from msgspec import inspect

from punnet import market
from punnet.protocol import shapes
from punnet.protocol.messages import MessageId
from tools.reference.markdown import code, link, table


class Named(NamedTuple):
    """A kind of values that comes again and again, and what one and several of them are called."""

    kind: object
    one: str
    several: str


NAMED = (
    Named(market.Id, "an id", "ids"),
    Named(market.Name, "a name", "names"),
    Named(market.Words, "some words", "words"),
    Named(market.Price, "a price", "prices"),
    Named(market.Stock, "a stock", "stocks"),
    Named(market.Latitude, "a latitude", "latitudes"),
    Named(market.Longitude, "a longitude", "longitudes"),
    Named(market.Moment, "a time", "times"),
    Named(MessageId, "a message id", "message ids"),
)
_KNOWN = [(inspect.type_info(named.kind), named) for named in NAMED]

SHORT = 5
"""The most words of an enumeration that a field spells out."""

Nouns = dict[str, inspect.StructType]


class Homes(dict[str, str]):
    """Where a noun or an enumeration is described: a file, or a place in one; else a heading of the page."""

    def link(self, name: str) -> str:
        """Return a link to what describes it."""
        home = self.get(name, "")
        return f"[{name}]({home})" if "#" in home else link(name, name, home)


def named_kinds() -> str:
    """Return the table of the kinds that have a name."""
    rows = [(named.one, shapes.allowed(shapes.shape(named.kind))) for named in NAMED]
    return table(("what is called", "is"), rows)


def nouns(kinds: Iterable[object]) -> Nouns:
    """Return the objects among the types and all that they hold, by name, in the order they are met."""
    found: Nouns = {}
    for kind in kinds:
        for part in _all_parts(inspect.type_info(kind), set()):
            if isinstance(part, inspect.StructType):
                found[part.cls.__name__] = part
    return found


def enumerations(kinds: Iterable[object]) -> dict[str, inspect.EnumType]:
    """Return the enumerations among the types and all that they hold that no field spells out, by name."""
    found = {
        part.cls.__name__: part
        for kind in kinds
        for part in _all_parts(inspect.type_info(kind), set())
        if isinstance(part, inspect.EnumType) and len(part.cls) > SHORT
    }
    return dict(sorted(found.items()))


def described(
    noun: inspect.StructType, homes: Homes, *, taken: bool, known: Iterable[str] = (), of: str = ""
) -> Iterator[str]:
    """Yield what is said of a noun: its docstring, and its fields.

    What is `taken` says what a field is when it is left out. Of a noun that has all fields of one of those
    `known` only the others are told. `of` names what they are fields of.
    """
    yield about(noun.cls)
    parent = noun.cls.__mro__[1].__name__
    same: set[str] = set()
    if parent in known:
        same = {field.encode_name for field in nouns([noun.cls.__mro__[1]])[parent].fields}
        yield f"It has all fields of {homes.link(parent)}, and"
    fields = [field for field in noun.fields if field.encode_name not in same]
    head = f"field of `{of}`" if of else "field"
    if taken:
        yield _taken(head, fields, homes, stays=noun.cls.__name__.endswith("Patch"))
    else:
        yield _given(head, fields, homes)


def about(kind: type) -> str:
    """Return what a docstring says, a paragraph a line."""
    return "\n\n".join(each.replace("\n", " ") for each in cleandoc(kind.__doc__ or "").split("\n\n"))


def values(kind: inspect.EnumType) -> Iterator[str]:
    """Yield what is said of an enumeration."""
    yield about(kind.cls)
    yield ", ".join(code(member.value) for member in kind.cls)


def words(kind: inspect.Type, homes: Homes) -> str:
    """Return what a value of the type may be, with links to the nouns."""
    if named := _named(kind):
        return named.one
    if isinstance(kind, inspect.Metadata):
        allowed = (kind.extra or {}).get("allowed")
        return str(allowed) if allowed else words(kind.type, homes)
    if isinstance(kind, inspect.UnionType):
        said = [words(member, homes) for member in kind.types if not isinstance(member, inspect.NoneType)]
        choices = [*said, "null"] if kind.includes_none else said
        return (", or " if " or " in said[0] else " or ").join(choices)
    if isinstance(kind, inspect.StructType):
        return homes.link(kind.cls.__name__)
    return _other(kind, homes)


def several(kind: inspect.ListType | inspect.VarTupleType, homes: Homes) -> str:
    """Return what the elements of a list are, and how many: `1 to 100 ids`."""
    item = kind.item_type
    named = _named(item)
    what = named.several if named else words(item, homes)
    if not kind.max_length:
        return what
    of = "of " if isinstance(item, inspect.EnumType) else ""
    return f"{kind.min_length or 0} to {kind.max_length} {of}{what}"


def default(field: inspect.Field) -> str:
    """Return what a field is when it is left out, in the form in which it is written; nothing for nothing."""
    if field.default_factory is not msgspec.NODEFAULT:
        return "{}"
    return "" if field.default is msgspec.NODEFAULT else msgspec.json.encode(field.default).decode()


def _taken(head: str, fields: Iterable[inspect.Field], homes: Homes, *, stays: bool) -> str:
    def left_out(field: inspect.Field) -> str:
        if field.required:
            return "*must be there*"
        return "stays as it is" if stays else code(default(field))

    rows = [(code(field.encode_name), words(field.type, homes), left_out(field)) for field in fields]
    return table((head, "value", "when left out"), rows)


def _given(head: str, fields: Iterable[inspect.Field], homes: Homes) -> str:
    def value(field: inspect.Field) -> str:
        # What has no default and need not be there is UNSET where there is nothing to say.
        missing = not field.required and not default(field)
        return words(field.type, homes) + ("; not always there" if missing else "")

    return table((head, "value"), [(code(field.encode_name), value(field)) for field in fields])


def _named(kind: inspect.Type) -> Named | None:
    return next((named for known, named in _KNOWN if known == kind), None)


def _other(kind: inspect.Type, homes: Homes) -> str:
    if isinstance(kind, inspect.EnumType):
        return _enumeration(kind, homes)
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(code(f'"{value}"') for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"a list of {several(kind, homes)}"
    if isinstance(kind, inspect.DictType) and not isinstance(kind.value_type, inspect.CustomType):
        key = words(kind.key_type, homes).removeprefix("an ").removeprefix("a ")
        return f"an object: {words(kind.value_type, homes)} by {key}"
    return "a time" if isinstance(kind, inspect.DateTimeType) else shapes.allowed(kind)


def _enumeration(kind: inspect.EnumType, homes: Homes) -> str:
    if len(kind.cls) > SHORT:
        return homes.link(kind.cls.__name__)
    *first, last = (code(member.value) for member in kind.cls)
    return f"{', '.join(first)} or {last}" if first else last


def _all_parts(kind: inspect.Type, seen: set[type]) -> Iterator[inspect.Type]:
    """Yield the type and all that it is made of, at whatever depth; a noun once."""
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
    yield kind
    for part in _parts(kind):
        yield from _all_parts(part, seen)


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields)
    elif isinstance(kind, inspect.UnionType):
        yield from kind.types
    elif isinstance(kind, inspect.Metadata):
        yield kind.type
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield kind.item_type
    elif isinstance(kind, inspect.DictType):
        yield from (kind.key_type, kind.value_type)
