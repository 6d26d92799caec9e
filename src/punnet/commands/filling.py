"""`punnet import` and `punnet snapshot`: work on a journal that comes to an end."""

import asyncio
import gc
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from punnet.bootstrap import NEW_OBJECTS, Snapped, build, running, snap
from punnet.commands.running import READING
from punnet.commands.terminal import bar, meanwhile
from punnet.errors import BadFile
from punnet.importing.importer import Importer
from punnet.importing.progress import Bookmark, Note, RefusedLine, lots_behind
from punnet.importing.units import Lot, lots
from punnet.importing.warehouse import Warehouse, opened
from punnet.settings import MEMORY, Settings
from punnet.web.shop import Shop


class Imported(msgspec.Struct, frozen=True):
    """What became of one file or table; `error` is why it could not be read to its end.

    An import that went on behind the line `after` counts what was brought in before.
    """

    file: str
    new: int
    known: int
    refused: int
    lines: tuple[RefusedLine, ...]
    error: str | None = None
    after: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of it could be brought in."""
        return not self.refused and self.error is None


class _Teller:
    """Says what becomes of a file or a table, unless it is to be quiet, and remembers what was refused."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self.name = name
        self.after = 0
        self.lines: list[RefusedLine] = []
        self._quiet = quiet

    def refuse(self, line: int, why: str) -> None:
        """Say which line was refused, and why."""
        self.lines.append(RefusedLine(line, why))
        self.say(f"{self.name}:{line}: {why}")

    def go_on(self, note: Note) -> None:
        """Say where an import that was broken off goes on, and what was refused before."""
        self.after = note.line
        self.say(f"{self.name}: it goes on behind line {note.line:,}; up to there it is in the market.")
        for refused in note.refused:
            self.refuse(refused.line, refused.why)

    def say(self, sentence: str) -> None:
        """Say something that is not the result."""
        if not self._quiet:
            click.echo(sentence, err=True)

    def tell(self, imported: Imported) -> None:
        """Say what became of all of it."""
        if imported.error is not None:
            self.say(f"{imported.file}: {imported.error}")
        if not self._quiet:
            refused = f"{imported.refused:,} refused"
            if imported.refused:
                refused = click.style(refused, fg="red")
            click.echo(f"{imported.file}: {imported.new:,} new, {imported.known:,} known already, {refused}")


async def import_all(
    settings: Settings, sources: Sequence[Path | str], *, quiet: bool, from_start: bool
) -> list[Imported]:
    """Bring files in, and tables that are named by `URL#TABLE`; say of each what became of it.

    An import of a file that was broken off goes on, unless it is to begin `from_start`. Nothing is said where
    it is to be `quiet`. Nobody is thanked for the purchases of the past.
    """
    with meanwhile(READING):
        server = await build(msgspec.structs.replace(settings, smtp_url=""))
    # Of a market in memory nothing is left to go on with.
    noted = settings.database_url != MEMORY
    async with running(server) as shop:
        with _seldom_collecting():
            imported = [
                await _import_file(shop, source, quiet=quiet, noted=noted, from_start=from_start)
                if isinstance(source, Path)
                else await _import_table(shop, Warehouse.of(source), quiet=quiet)
                for source in sources
            ]
    if not noted and not quiet:
        click.echo("Nothing was kept: the journal is in memory.", err=True)
    return imported


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Spare the garbage collector a market that stays, and the rows of a lot, which are no garbage yet."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def make_snapshot(settings: Settings) -> Snapped:
    """Make a snapshot of a journal."""
    with meanwhile(READING):
        return await snap(settings)


async def _import_file(shop: Shop, path: Path, *, quiet: bool, noted: bool, from_start: bool) -> Imported:
    teller = _Teller(str(path), quiet=quiet)
    importer = Importer(shop.engine, shop.pipeline, teller.refuse)

    async def bring() -> None:
        bookmark = Bookmark(path, shop.journal.identity, teller.say, able=noted)
        note = None if from_start else await bookmark.find(shop.engine, shop.journal)
        if note is not None:
            importer.new, importer.known, importer.refused = note.new, note.known, len(note.refused)
            teller.go_on(note)
        with bar(path.name, bookmark.likeness.size) as show, bookmark:

            def advance(lot: Lot) -> None:
                show(lot.end.read)
                bookmark.reach(lot, importer, teller.lines)

            await importer.run(lots_behind(note, path, shop.clock()), advance)

    return await _told(teller, importer, bring())


async def _import_table(shop: Shop, warehouse: Warehouse, *, quiet: bool) -> Imported:
    teller = _Teller(warehouse.name, quiet=quiet)
    importer = Importer(shop.engine, shop.pipeline, teller.refuse)

    async def bring() -> None:
        with opened(warehouse) as reading, bar(warehouse.table, reading.length) as show:
            await importer.run(lots(reading.rows(), shop.clock()), lambda lot: show(lot.end.read))

    return await _told(teller, importer, bring())


async def _told(teller: _Teller, importer: Importer, bringing: Coroutine[None, None, None]) -> Imported:
    """Return and say what became of a file or a table, once it is brought in as far as it can be read."""
    error = None
    try:
        await bringing
    except BadFile as bad:
        error = f"{bad}."
    except asyncio.CancelledError:
        teller.say(f"{teller.name}: it was broken off; run the same command again to go on.")
        raise
    imported = Imported(
        teller.name,
        importer.new,
        importer.known,
        importer.refused,
        tuple(teller.lines),
        error,
        teller.after,
    )
    teller.tell(imported)
    return imported
