"""What people look at while a command works: colours, one line that changes, columns."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

ERASED = "\r\x1b[K"
"""Takes back what stands on the line."""

NARROWEST = 24
"""Characters that the last column needs beside the others, else it goes below them."""


def coloured(environment: Mapping[str, str]) -> bool | None:
    """Return whether to use colours: as no-color.org and CLICOLOR have it, else None, only on a terminal."""
    if environment.get("NO_COLOR") or environment.get("CLICOLOR") == "0" or environment.get("TERM") == "dumb":
        return False
    forced = (environment.get(name, "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    return True if any(text not in ("", "0") for text in forced) else None


BELOW = "    "
"""What stands before a cell that goes below the others."""


@contextmanager
def line_that_changes(stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Yield what shows a text in place of the one before; the last one is taken back at the end.

    A text that is too long for the line is cut. Where there is no terminal nothing is shown.
    """
    stream = stream or sys.stderr
    seen, there = stream.isatty(), False

    def show(text: str) -> None:
        nonlocal there
        if seen:
            there = True
            stream.write(f"{ERASED}{text[: shutil.get_terminal_size().columns - 1]}")
            stream.flush()

    try:
        yield show
    finally:
        if there:
            show("")


@contextmanager
def meanwhile(text: str) -> Iterator[None]:
    """Show what is being done, until it is, where all that is said goes to a terminal.

    A program that a server starts says only on stderr what is wrong, and that may be the server's terminal.
    """
    with line_that_changes() as show:
        if sys.stdout.isatty():
            show(text)
        yield


@contextmanager
def bar(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far it is, and yield what is told how much of `length` is done."""
    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=length < 10**6
    ) as shown:
        yield lambda done: shown.update(done - shown.pos)


def columns(rows: Sequence[Sequence[str]], width: int | None) -> Iterator[list[str]]:
    """Yield each row as lines in which cells stand below each other.

    With a width, the last cell is broken where the line ends, and goes below the others where there is too
    little room beside them. Without one, each row is one line.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    start = sum(widths) + 2 * len(widths)
    for *cells, last in rows:
        first = "".join(f"{cell:{size}}  " for cell, size in zip(cells, widths, strict=True))
        if width is None:
            yield [f"{first}{last}"]
        elif width - start >= NARROWEST:
            yield _wrapped(last, width, first, " " * start)
        else:
            above = [first.rstrip()] if start - 2 <= width else _folded(cells, width)
            yield [*above, *_wrapped(last, width, BELOW, BELOW)]


def _wrapped(text: str, width: int, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _folded(cells: Sequence[str], width: int) -> list[str]:
    """Return cells beside each other where they fit, else below each other."""
    whole = "  ".join(cells)
    return [whole] if len(whole) <= width else [cells[0], *(f"{BELOW}{cell}" for cell in cells[1:])]
