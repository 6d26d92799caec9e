"""Large input from little."""

import re

PIECE = b"\x02%b\x03"
"""How a piece is marked that is to be there many times."""

TIMES = 1_500
MOST = 40_000
"""Bytes that an input has at most once it has swollen."""

_PIECE = re.compile(rb"\x02([^\x02\x03]{1,40})\x03")


def swollen(data: bytes) -> bytes:
    """Return the input with each marked piece repeated, so that a few bytes can be deep or endless."""
    return _PIECE.sub(lambda piece: piece[1] * TIMES, data)[:MOST]
