"""Secrets that are known again wherever a piece of one stands, however it is written."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote

PIECE = 12
"""Characters of a secret that nobody may learn together."""

AROUND = 60
"""Bytes that are shown before a piece and behind it."""


class Watch:
    """Looks through what was said for pieces of secrets."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self.looked = 0
        """How many bytes it has looked through."""
        self._pieces: dict[bytes, str] = {}

    def guard(self, name: str, secret: str) -> None:
        """Know a secret from now on by this name."""
        known = len(self._pieces)
        for written in forms(secret):
            for start in range(len(written) - PIECE + 1):
                self._pieces[written[start : start + PIECE]] = name
        assert len(self._pieces) > known, f"{name} is too short to be known again"

    def look(self, where: str, said: bytes | str, *, but: str = "") -> None:
        """Note the first piece of each secret, `but` this one, in what was said somewhere."""
        text = said.encode() if isinstance(said, str) else said
        self.looked += len(text)
        found: set[str] = set()
        for start in range(len(text) - PIECE + 1):
            name = self._pieces.get(text[start : start + PIECE])
            if name is not None and name not in found | {but}:
                found.add(name)
                shown = text[max(0, start - AROUND) : start + AROUND]
                self.leaks.append(f"{where} tells {name}: {shown!r}")


def forms(secret: str) -> Iterator[bytes]:
    """Yield a secret as it may be written: as it is, escaped, and within base64."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield quote(secret, safe="").encode()
    yield html.escape(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    yield repr(secret)[1:-1].encode()
    yield repr(raw)[2:-1].encode()
    for before in range(3):
        whole = bytes(before) + raw + bytes(-(before + len(raw)) % 3)
        # What stands at the ends depends on what else is encoded with it.
        yield b64encode(whole)[4:-4]
        yield urlsafe_b64encode(whole)[4:-4]
