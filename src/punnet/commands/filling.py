"""`punnet import` and `punnet snapshot`: work on a journal that comes to an end."""

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from punnet.bootstrap import Snapped, build, running, snap
from punnet.commands.running import READING
from punnet.commands.terminal import bar, meanwhile
from punnet.errors import BadFile
from punnet.importing.importer import Importer
from punnet.importing.rows import rows
from punnet.importing.units import units
from punnet.settings import Settings
from punnet.web.shop import Shop


class Imported(msgspec.Struct, frozen=True):
    """What became of one file; `error` is why it could not be read to its end."""

    file: str
    new: int
    known: int
    refused: int
    lines: tuple["RefusedLine", ...]
    error: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all of it could be brought in."""
        return not self.refused and self.error is None


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that was refused, and why."""

    line: int
    why: str


async def import_files(settings: Settings, sizes: Mapping[Path, int], *, quiet: bool) -> list[Imported]:
    """Bring files in, and say of each what became of it, unless it is to be `quiet`.

    Nobody is thanked for the purchases of the past.
    """
    with meanwhile(READING):
        server = await build(msgspec.structs.replace(settings, smtp_url=""))
    async with running(server) as shop:
        return [await _import_file(shop, path, size, quiet=quiet) for path, size in sizes.items()]


async def make_snapshot(settings: Settings) -> Snapped:
    """Make a snapshot of a journal."""
    with meanwhile(READING):
        return await snap(settings)


async def _import_file(shop: Shop, path: Path, size: int, *, quiet: bool) -> Imported:
    lines: list[RefusedLine] = []

    def refuse(line: int, why: str) -> None:
        lines.append(RefusedLine(line, why))
        if not quiet:
            click.echo(f"{path}:{line}: {why}", err=True)

    error = None
    with bar(path.name, size) as advance:
        importer = Importer(shop.engine, shop.pipeline, refuse, advance)
        try:
            await importer.run(units(rows(path), shop.clock()))
        except BadFile as bad:
            error = f"{bad}."
    imported = Imported(str(path), importer.new, importer.known, importer.refused, tuple(lines), error)
    if not quiet:
        _tell(imported)
    return imported


def _tell(imported: Imported) -> None:
    if imported.error is not None:
        click.echo(f"{imported.file}: {imported.error}", err=True)
    refused = f"{imported.refused:,} refused"
    if imported.refused:
        refused = click.style(refused, fg="red")
    click.echo(f"{imported.file}: {imported.new:,} new, {imported.known:,} known already, {refused}")
