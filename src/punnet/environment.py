"""Read the settings from the environment, and say where each came from."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import FieldInfo

from punnet.errors import BadSetting
from punnet.protocol import shapes
from punnet.protocol.discretion import HIDDEN, masked
from punnet.settings import FIELDS, Settings, check, is_secret, may_have_password, notes


class Source(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    OPTION = "option"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as `punnet config` shows it."""

    name: str
    value: str | int | float | bool
    source: Source
    purpose: str


def read(environment: Mapping[str, str], options: Mapping[str, str]) -> tuple[Settings, list[Listed]]:
    """Return the settings, and each of them with its source.

    Both mappings go by names in capitals; options win. A variable that is empty counts as not set. Raises
    BadSetting with a sentence that says what to write.
    """
    given = {name: text for name, text in environment.items() if text} | dict(options)
    values = {field.name: _value(field, given[_name(field)]) for field in FIELDS if _name(field) in given}
    settings = msgspec.convert(values, Settings)
    check(settings)
    return settings, [_listed(field, settings, given, options) for field in FIELDS]


def _name(field: FieldInfo) -> str:
    return field.name.upper()


def _value(field: FieldInfo, text: str) -> object:
    kind: object = field.type
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        raise _refused(field, text) from None


def _listed(
    field: FieldInfo, settings: Settings, given: Mapping[str, str], options: Mapping[str, str]
) -> Listed:
    name = _name(field)
    value = getattr(settings, field.name)
    return Listed(
        name=name,
        value=_masked(field, value) if isinstance(value, str) else value,
        source=Source.OPTION if name in options else Source.ENVIRONMENT if name in given else Source.DEFAULT,
        purpose=notes(field.type).description or "",
    )


def _refused(field: FieldInfo, text: str) -> BadSetting:
    allowed = shapes.allowed(shapes.shape(field.type))
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    without = "empty" if default == "" else default
    return BadSetting(
        f'{_name(field)} is "{_masked(field, text)}", but it takes {allowed}; without it, it is {without}'
    )


def _masked(field: FieldInfo, text: str) -> str:
    """Return `text` as it may be shown: nothing of a secret, and a URL without its password."""
    if is_secret(field):
        return HIDDEN if text else ""
    return masked(text) if may_have_password(field) or "://" in text else text
