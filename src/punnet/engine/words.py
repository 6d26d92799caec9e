"""The words of a name or a search."""

import re

WORD = re.compile(r"[^\W_]+")


def words(text: str) -> set[str]:
    """Return the runs of letters and digits in `text`, without regard to case."""
    return set(WORD.findall(text.casefold()))
