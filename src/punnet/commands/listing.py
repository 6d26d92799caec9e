"""`punnet config`: every setting, one below the other."""

from collections.abc import Iterator, Sequence

import click

from punnet.commands.terminal import columns
from punnet.environment import Listed, Source


def listed(listing: Sequence[Listed], width: int | None) -> Iterator[str]:
    """Yield the lines of the listing for a terminal of that width; what is not the default stands out."""
    rows = [(line.name, _written(line.value), str(line.source), line.purpose) for line in listing]
    for line, lines in zip(listing, columns(rows, width), strict=True):
        bold = line.source is not Source.DEFAULT
        yield from (click.style(text, bold=True, fg="yellow") if bold else text for text in lines)


def _written(value: str | float | bool) -> str:
    """Return a value as it is set; what is empty as a dash, so that every column has something in it."""
    return str(value).lower() if isinstance(value, bool) else str(value) or "-"
