"""Two shoppers; whatever is private of one of them has a number in it that nobody else writes."""

import base64
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import jwt

from tests.web.stall import NOW

SECRET = "a secret of at least thirty-two bytes"
NAMES = ("ann", "bob")
LASTS = 1e8
"""Seconds for which a token is good, which no sequence takes."""

DIGITS = 11
"""Of a number: so many that no score has them by chance, and not more than a float keeps."""


class Shopper(NamedTuple):
    """Someone with a number, which is in their ids and words, and behind the point of their figures."""

    name: str
    number: str
    south: int
    """Whole degrees of where they are, so far from the other one that they share no area."""

    @property
    def user_id(self) -> str:
        """What the server knows them by."""
        return f"{self.name}-{self.number}"

    @property
    def place(self) -> tuple[float, float]:
        """Where they are, in degrees."""
        return self.figure(self.south), self.figure(20)

    def figure(self, whole: int) -> float:
        """Return a figure of theirs: a price, a rating, a number of degrees."""
        return float(f"{whole}.{self.number}")

    def token(self, secret: str | None = SECRET, lasts: float = LASTS, algorithm: str = "HS256") -> str:
        """Return a token that names them."""
        return jwt.encode({"sub": self.user_id, "exp": NOW + lasts}, secret, algorithm)


def pair(chance: Random) -> tuple[Shopper, Shopper]:
    """Return two shoppers whom nobody has met."""
    first, second = (str(chance.randrange(10 ** (DIGITS - 2), 10 ** (DIGITS - 1))) for _ in NAMES)
    # A zero at the end would be lost, and with different last digits they are not the same.
    return Shopper(NAMES[0], f"{first}1", 39), Shopper(NAMES[1], f"{second}7", 12)


def bent(own: Shopper, other: Shopper) -> str:
    """Return a token with the content of another's and one's own signature."""
    head, _, signature = own.token().split(".")
    return f"{head}.{other.token().split('.')[1]}.{signature}"


FORGED: dict[str, Callable[[Shopper, Shopper], str]] = {
    "of another secret": lambda _, other: other.token("another secret of at least thirty-two bytes"),
    "not signed": lambda _, other: other.token(None, algorithm="none"),
    "expired": lambda own, _: own.token(lasts=-60),
    "bent": bent,
    "a name": lambda _, other: other.user_id,
}
"""What somebody without another's token may show instead."""


def shown(kind: str, own: Shopper, other: Shopper) -> str:
    """Return what stands in Authorization, empty for nothing."""
    match kind:
        case "own":
            return f"Bearer {own.token()}"
        case "own, in small letters":
            return f"bearer {own.token()}"
        case "nothing":
            return ""
        case "a password":
            return f"Basic {base64.b64encode(other.user_id.encode()).decode()}"
        case _:
            return f"Bearer {FORGED[kind](own, other)}"


NOT_VALID = (*FORGED, "a password")
"""What is refused wherever it is shown."""
