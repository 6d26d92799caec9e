"""API keys: what each may do, what is shown once, and what of it is kept."""

import re
import secrets
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import msgspec

from punnet.errors import Refused

NOTE_LENGTH = 200
"""Characters that a note may have."""

SECRET_BYTES = 32
"""Random bytes of a key; as 43 characters they stand in it."""


class Role(StrEnum):
    """Who shows a key: a shop's page, a shop's back end, or who runs the server."""

    SHOP = "shop"
    BACK_END = "back-end"
    ADMIN = "admin"


PREFIX = "punnet_"
"""What keys begin with, and no token does."""

WELL_FORMED = re.compile(rf"{PREFIX}({'|'.join(Role)})_[A-Za-z0-9_-]{{43}}")


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key: never the key, only its digest; `created_at` is in seconds since 1970."""

    id: str
    role: Role
    digest: str
    note: str
    created_at: float

    def __repr__(self) -> str:
        """Return what may stand in a log: not the digest."""
        return f"StoredKey(id={self.id!r}, role={self.role.value!r})"


class Chance(Protocol):
    """What makes up random texts, as the module secrets does."""

    def token_urlsafe(self, nbytes: int, /) -> str:
        """Return so many random bytes, as characters that URLs let stand."""
        ...

    def token_hex(self, nbytes: int, /) -> str:
        """Return so many random bytes in hexadecimal."""
        ...


def new_key(role: Role, chance: Chance = secrets, *, at: float, note: str = "") -> tuple[str, StoredKey]:
    """Return a key to show once, and what to keep of it; `at` is when it was made, in seconds.

    Raises Refused at a note that is too long or does not fit on a line.
    """
    if len(note) > NOTE_LENGTH or not note.isprintable():
        allowed = f"one line of at most {NOTE_LENGTH} characters"
        raise Refused(f"The note of a key is {allowed}.", field="note", value=note, allowed=allowed)
    shown = f"{PREFIX}{role.value}_{chance.token_urlsafe(SECRET_BYTES)}"
    stored = StoredKey(id=chance.token_hex(4), role=role, digest=digest_of(shown), note=note, created_at=at)
    return shown, stored


def digest_of(shown: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal."""
    # A slow hash protects what can be guessed. Nobody tries 256 random bits one after the other.
    return sha256(shown.encode()).hexdigest()


def is_well_formed(shown: str) -> bool:
    """Whether a text could be a key."""
    return WELL_FORMED.fullmatch(shown) is not None
