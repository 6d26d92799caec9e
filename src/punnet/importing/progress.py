"""How far an import of a file came: a note beside the file, so that one that was broken off can go on."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from punnet.engine.engine import Engine
from punnet.errors import BadFile, Refused
from punnet.importing.importer import Importer
from punnet.importing.rows import Place, rows
from punnet.importing.units import UNITS, Lot, Unit, behind, lots
from punnet.journal import Journal, key_of
from punnet.market import Farm, Product
from punnet.protocol import codec

SECONDS = 1.0
"""Between two notes."""

ENDS = 1 << 20
"""Bytes of the beginning and of the end of a file that it is known again by."""

MOST_REFUSED = 100
"""Refused lines that a note repeats; no note is made of what comes behind more."""


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that was refused, and why."""

    line: int
    why: str


class Likeness(msgspec.Struct, frozen=True):
    """What a file is known again by: bytes, when it was last changed (ns), and a digest of both its ends."""

    size: int
    changed: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> "Likeness":
        """Return that of a file; raise BadFile where it cannot be read."""
        digest = hashlib.blake2b(digest_size=16)
        try:
            with path.open("rb") as file:
                about = os.fstat(file.fileno())
                digest.update(file.read(ENDS))
                file.seek(max(about.st_size - ENDS, 0))
                digest.update(file.read(ENDS))
        except OSError as error:
            raise BadFile(f"it cannot be read: {error.strerror}") from error
        return cls(about.st_size, about.st_mtime_ns, digest.hexdigest())


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to which line all of `file` is durable in a journal, and what became of it.

    `read` and `counted` are as in Place and Lot, `last` is the sign of the last fact up to there.
    """

    journal: str
    file: Likeness
    line: int
    read: int
    counted: bool
    last: str
    new: int
    known: int
    refused: tuple[RefusedLine, ...]

    @property
    def place(self) -> Place:
        """Where to go on."""
        return Place(self.line, self.read)


class Bookmark:
    """Keeps the note about the import of one file into one journal, which is taken away when all is done.

    `complain` is told, once, why it cannot. As a context manager it writes down how far it was where
    something ends the import.
    """

    def __init__(
        self, file: Path, journal: str, complain: Callable[[str], None], *, able: bool = True
    ) -> None:
        """Raise BadFile where the file cannot be read. Where it is not `able`, no note is kept."""
        self.path = file.with_name(f"{file.name}.punnet-import")
        self.likeness = Likeness.of(file)
        self._journal = journal
        self._complain = complain
        self._able = able
        self._written = time.monotonic()
        self._begun = 0
        self._last = ""
        self._latest: Note | None = None

    async def find(self, engine: Engine, journal: Journal) -> Note | None:
        """Return the note, where there is one, and file and journal are still those that it is about.

        A journal that was put back may lack what it once had.
        """
        try:
            note = codec.read(self.path.read_bytes(), Note)
        except (OSError, Refused):
            return None
        if (note.journal, note.file) != (self._journal, self.likeness):
            return None
        if not await _is_there(note.last, engine, journal):
            return None
        self._begun, self._last = note.line, note.last
        return note

    def reach(self, lot: Lot, importer: Importer, refused: Sequence[RefusedLine]) -> None:
        """Note, now and then, that all up to the end of a lot is done.

        What a market refused it may take the next time, when it has more: there the next import goes on.
        """
        if not self._able or not importer.lasting or len(refused) > MOST_REFUSED:
            return
        if lot.end.line <= self._begun:
            return
        self._last = next((_sign(unit) for unit in reversed(lot.units) if isinstance(unit, Unit)), self._last)
        self._latest = Note(
            journal=self._journal,
            file=self.likeness,
            line=lot.end.line,
            read=lot.end.read,
            counted=lot.counted,
            last=self._last,
            new=importer.new,
            known=importer.known,
            refused=tuple(refused),
        )
        if time.monotonic() - self._written >= SECONDS:
            self._write()

    def __enter__(self) -> None:
        self._written = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        elif not issubclass(kind, BadFile):
            self._write()

    def _write(self) -> None:
        """Write down how far it is. Whatever happens meanwhile, a whole note stands there, or none."""
        if self._latest is None or not self._able:
            return
        aside = self.path.with_name(f"{self.path.name}.new")
        try:
            aside.write_bytes(codec.write(self._latest))
            aside.replace(self.path)
        except OSError as error:
            self._able = False
            self._complain(
                f"{self.path} cannot be written ({error.strerror}): an import that is broken off begins anew."
            )
            with suppress(OSError):
                aside.unlink()
        self._latest, self._written = None, time.monotonic()


def lots_behind(note: Note | None, path: Path, now: float, most: int = UNITS) -> Iterator[Lot]:
    """Return what a file holds behind what a note says of it; without one all of it."""
    if note is None:
        return lots(rows(path), now, most=most)
    if note.counted:
        # Which number an action gets depends on all that came before it.
        return behind(lots(rows(path), now, most=most), note.place)
    return lots(rows(path, note.place), now, after=note.place, most=most)


def _sign(unit: Unit) -> str:
    """Return the name under which a market knows again what a unit brought."""
    fact = unit.facts[-1]
    known = key_of(fact)
    if known is not None:
        return known
    return f"{type(fact).__name__}:{fact.id}" if isinstance(fact, Farm | Product) else ""


async def _is_there(sign: str, engine: Engine, journal: Journal) -> bool:
    kind, _, known = sign.partition(":")
    if kind == Farm.__name__:
        return engine.catalogue.farm(known) is not None
    if kind == Product.__name__:
        return engine.catalogue.product(known) is not None
    return await journal.find(sign) is not None
