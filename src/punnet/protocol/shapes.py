"""Say in English what a type allows, and find the part of it that a path names."""

import re
from functools import lru_cache
from typing import TypeAlias

from msgspec import inspect

Step: TypeAlias = str | int
"""A field's name on the wire, or a position in a list; `...` is any key of an object."""

_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_RANGES = (("ge", "at least"), ("gt", "greater than"), ("le", "at most"), ("lt", "less than"))


@lru_cache(maxsize=256)
def shape(kind: object) -> inspect.Type:
    """Return what msgspec knows about a type."""
    return inspect.type_info(kind)


def steps(path: str) -> tuple[Step, ...]:
    """Return the steps of a msgspec path such as `$.lines[0].quantity`."""
    return tuple(name or (int(index) if index.isdigit() else index) for name, index in _STEP.findall(path))


def written(path: tuple[Step, ...]) -> str:
    """Return the path as people write it: `lines[0].quantity`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def plain(known: inspect.Type) -> inspect.Type:
    """Return the type without its notes and without null; of a union the object, where it has one."""
    if isinstance(known, inspect.Metadata):
        return plain(known.type)
    if isinstance(known, inspect.UnionType):
        members = [plain(member) for member in known.types if not _is_nothing(member)]
        return next((member for member in members if isinstance(member, inspect.StructType)), members[0])
    return known


def part(known: inspect.Type, path: tuple[Step, ...]) -> inspect.Type:
    """Return the type at the path; where the path leaves what is known, anything goes."""
    for step in path:
        known = _one_step(plain(known), step)
    return known


def fields(known: inspect.Type) -> tuple[inspect.Field, ...]:
    """Return the fields of an object, of anything else none."""
    inner = plain(known)
    return inner.fields if isinstance(inner, inspect.StructType) else ()


def allowed(known: inspect.Type) -> str:
    """Return what a value of the type may be, but for null: `a whole number from 1 to 100`."""
    if isinstance(known, inspect.Metadata):
        return (known.extra or {}).get("allowed") or allowed(known.type)
    if isinstance(known, inspect.UnionType):
        return ", or ".join(allowed(member) for member in known.types if not _is_nothing(member))
    if isinstance(known, inspect.IntType | inspect.FloatType):
        return _number(known)
    if isinstance(known, inspect.ListType | inspect.VarTupleType):
        return f"a list{_between(known.min_length, known.max_length, 'elements')}"
    return _other(known)


def _other(known: inspect.Type) -> str:
    if isinstance(known, inspect.StrType):
        calm = ", none of them a control character" if known.pattern else ""
        return f"a text{_between(known.min_length, known.max_length, 'characters')}{calm}"
    if isinstance(known, inspect.EnumType):
        return "one of " + ", ".join(str(member.value) for member in known.cls)
    if isinstance(known, inspect.DateTimeType):
        return "a time with its offset, such as 2025-01-15T10:30:00Z"
    if isinstance(known, inspect.StructType):
        return "an object with " + ", ".join(_field(field) for field in known.fields)
    names = {inspect.BoolType: "true or false", inspect.DictType: "an object"}
    return names.get(type(known), "any value")


def _field(field: inspect.Field) -> str:
    return field.encode_name if field.required else f"[{field.encode_name}]"


def _number(known: inspect.IntType | inspect.FloatType) -> str:
    kind = "a whole number" if isinstance(known, inspect.IntType) else "a number"
    if known.ge is not None and known.le is not None:
        return f"{kind} from {_figure(known.ge)} to {_figure(known.le)}"
    bounds = {word: getattr(known, bound) for bound, word in _RANGES}
    said = [f"{word} {_figure(bound)}" for word, bound in bounds.items() if bound is not None]
    return f"{kind} {' and '.join(said)}" if said else kind


def _figure(number: float) -> str:
    return f"{number:.15g}"


def _between(least: int | None, most: int | None, things: str) -> str:
    if least and most:
        return f" of {least} to {most} {things}"
    if most:
        return f" of at most {most} {things}"
    return f" of at least {least} {things}" if least else ""


def _is_nothing(known: inspect.Type) -> bool:
    inner = known.type if isinstance(known, inspect.Metadata) else known
    return isinstance(inner, inspect.NoneType)


def _one_step(known: inspect.Type, step: Step) -> inspect.Type:
    if isinstance(known, inspect.StructType):
        return next((field.type for field in known.fields if field.encode_name == step), inspect.AnyType())
    if isinstance(known, inspect.ListType | inspect.VarTupleType):
        return known.item_type
    return known.value_type if isinstance(known, inspect.DictType) else inspect.AnyType()
