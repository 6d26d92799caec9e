"""What the program logs: a line for each message, and nothing that is secret."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TypeAlias

from punnet.protocol.discretion import HIDDEN, discreet, passwords
from punnet.settings import FIELDS, is_secret, may_have_password

SHORTEST = 4
"""Characters of the shortest secret that is hidden: less of it occurs in any sentence."""


Trace: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Hides `secrets`, keys and tokens, and has nothing that was sent begin a line."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        known = sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known)) or r"(?!)")

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as it is written."""
        return self._secrets.sub(HIDDEN, discreet(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name that logging calls)
        """Return what is said, on one line."""
        return _printable(super().formatMessage(record))

    def formatException(self, ei: Trace) -> str:  # noqa: N802
        """Return a traceback, set in: what an error says may have lines of its own."""
        told = super().formatException(ei)
        return "\n".join(f"  {_printable(line)}" for line in told.splitlines())


def secrets_in(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is secret in the settings of an environment."""
    for field in FIELDS:
        text = environment.get(field.name.upper(), "")
        if is_secret(field):
            yield text
        elif may_have_password(field):
            yield from passwords(text)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
