"""Pieces of a page."""

import re
from collections.abc import Iterable, Sequence


def page(title: str, source: str, *parts: str) -> str:
    """Return a page that says where it comes from."""
    origin = f"<!-- Written by ./dev docs from {source}. Change it there. -->"
    return "\n\n".join((origin, f"# {title}", *(part for part in parts if part))) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; without rows, nothing."""
    lines = [_row(map(_cell, row)) for row in rows]
    return "\n".join([_row(heads), "|" + "---|" * len(heads), *lines]) if lines else ""


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {item}" for item in items)


def code(text: object) -> str:
    """Return something as a reader types it."""
    return f"`{text}`"


def link(text: str, heading: str, file: str = "") -> str:
    """Return a link to a heading of the page, or of another file."""
    return f"[{text}]({file}#{slug(heading)})"


def slug(heading: str) -> str:
    """Return what a heading is called in an address, by a forge and by MyST alike."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', ':', '!')) else '.'}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
