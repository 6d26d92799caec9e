"""How a caller can name a shopper: themselves, the other one, both at once, or somebody who looks alike."""

import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from tests.web.strangers.steps import Statuses

DONE, FORBIDDEN, UNKNOWN = frozenset({200}), frozenset({403}), frozenset({401})
WRONG = frozenset({400, 403})
TWICE = frozenset({400})
EITHER = DONE | WRONG

SAME: tuple[Callable[[str], str], ...] = (
    str,
    str,
    lambda name: "".join(f"%{ord(letter):02X}" for letter in name),
    lambda name: f"%{ord(name[0]):02x}{name[1:]}",
    lambda name: f"{name[:-1]}%{ord(name[-1]):02X}",
)
"""Ways to write a name in an address."""

ALIKE: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.capitalize,
    lambda name: f"{name} ",
    lambda name: f" {name}",
    lambda name: f"{name}\u200b",
    lambda name: f"{name}\u0301",
    lambda name: name.replace("a", "\u0430").replace("o", "\u043e"),
    lambda name: "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else letter for letter in name),
    lambda name: f"%{ord(name[0]):02x}{name[1:]}",
    lambda name: f"{name}\0",
    lambda name: f"{name}\t",
    lambda name: f"{name}/",
    lambda name: f'"{name}"',
    lambda name: f"{name},x",
    lambda name: f"../{name}",
    lambda name: name[:-1],
)
"""Names of other people."""

SEVERAL: tuple[tuple[str, Statuses], ...] = (
    ("userId={own}&userId={other}", TWICE),
    ("userId={other}&userId={own}", TWICE),
    ("userId={own}&userId={own}", TWICE),
    ("userId={own}&%75serId={other}", TWICE),
    ("%75serId={other}&userId={own}", TWICE),
    ("%75serId={other}", FORBIDDEN),
    ("%75serId={own}", DONE),
    ("userId=&userId={other}", FORBIDDEN),
    ("userId={other}&userId=", FORBIDDEN),
    ("userId={own}&userId=", DONE),
    ("userid={other}&userId={own}", DONE),
    ("USERID={other}", TWICE),
    ("user_id={other}&userId={own}", DONE),
    ("userId[]={other}&userId={own}", DONE),
    ("xuserId={other}&userId={own}", DONE),
    ("sub={other}&userId={own}", DONE),
    ("&userId={own}&&", DONE),
    ("=&userId={other}", FORBIDDEN),
    ("userId={own};userId={other}", WRONG),
    ("userId={own}%26userId={other}", WRONG),
    ("userId={own}%00{other}", WRONG),
    ("userId={own},{other}", WRONG),
    ("userId={own}|{other}", WRONG),
    ("userId==&userId={own}", TWICE),
    ("", TWICE),
)
"""Parameters that name nobody, or two, and what becomes of them."""


def in_query(chance: Random, own: str, other: str) -> tuple[str, Statuses]:
    """Return parameters that name somebody, and the statuses that `own` may meet with them."""
    roll = chance.random()
    if roll < 0.55:
        return f"userId={chance.choice(SAME)(own)}", DONE
    if roll < 0.75:
        return f"userId={chance.choice(SAME)(other)}", FORBIDDEN
    if roll < 0.87:
        return f"userId={quote(chance.choice(ALIKE)(chance.choice((own, other))))}", WRONG
    text, allowed = chance.choice(SEVERAL)
    return text.format(own=own, other=other), allowed


def in_path(chance: Random, name: str) -> str:
    """Return a name as it can stand in a path."""
    return quote(chance.choice(ALIKE)(name), safe="") if chance.random() < 0.2 else chance.choice(SAME)(name)


def in_body(chance: Random, own: str, other: str) -> tuple[list[str], list[str], Statuses]:
    """Return members of an object that name somebody, to stand first and last in it, and the statuses."""
    roll = chance.random()
    if roll < 0.65:
        return [_member(chance, own)], [], DONE
    if roll < 0.78:
        return [_member(chance, other)], [], FORBIDDEN
    if roll < 0.88:
        return [f'"userId": {json.dumps(chance.choice(ALIKE)(chance.choice((own, other))))}'], [], WRONG
    text, allowed = chance.choice((
        ('["{own}"]', TWICE),
        ('["{other}"]', TWICE),
        ('{{"userId": "{other}"}}', TWICE),
        ("null", TWICE),
        ('"{own}", "user_id": "{other}"', TWICE),
        ('"{own}", "userID": "{other}"', TWICE),
        ('"{own}", "sub": "{other}"', TWICE),
        ("", EITHER),
        ("", EITHER),
    ))  # fmt: skip
    if text:
        return [f'"userId": {text.format(own=own, other=other)}'], [], allowed
    first, last = chance.choice(((own, other), (other, own)))
    return [_member(chance, first)], [_member(chance, last)], allowed


def _member(chance: Random, name: str) -> str:
    """Return the member that names somebody, now and then with an escape."""
    letter = f"\\u{ord(name[0]):04x}" if chance.random() < 0.2 else name[0]
    return f'"userId": "{letter}{name[1:]}"'
