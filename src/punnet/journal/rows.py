"""Records as rows of a database table."""

from typing import NamedTuple

import msgspec

from punnet.core.digest import digest
from punnet.journal import key_of
from punnet.market import (
    Action,
    Erased,
    Fact,
    Farm,
    FarmChange,
    Forgotten,
    Order,
    Product,
    ProductChange,
    Removal,
    Reset,
)
from punnet.protocol import codec

KINDS: dict[type[Fact], str] = {
    Farm: "farm",
    Product: "product",
    FarmChange: "farm change",
    ProductChange: "product change",
    Removal: "removal",
    Order: "order",
    Action: "action",
    Erased: "erased",
    Forgotten: "forgotten",
    Reset: "reset",
}
DECODERS: dict[str, msgspec.json.Decoder[Fact]] = {
    kind: msgspec.json.Decoder(noun) for noun, kind in KINDS.items()
}


class Row(NamedTuple):
    """One record as a table holds it, beside its market and its position."""

    at: float
    kind: str
    key: str | None
    body: bytes


def row_of(at: float, fact: Fact) -> Row:
    """Return `fact`, taken in at `at`, as a row."""
    return Row(at, KINDS[type(fact)], key_of(fact), codec.write(fact))


def fact_of(kind: str, body: bytes | str) -> Fact:
    """Return the fact that a row holds; ValueError where it holds none."""
    try:
        return DECODERS[kind].decode(body)
    except KeyError:
        raise ValueError(f'its kind is "{kind}"') from None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def unreadable(key: str) -> str:
    """Return what stands for the key of an erased record: it can be recognised, not read."""
    return f"x:{digest(key)}"
