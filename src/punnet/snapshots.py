"""The engine at some position of its journal, in a file: a start then replays only what came later."""

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from punnet import __version__
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.errors import BadFile, Unavailable
from punnet.journal import Reader
from punnet.market import Record
from punnet.turns import take_turn

TITLE = b"punnet snapshot 1\n"
"""The first line. The second is the header; the body follows it, then a digest of all that is before."""

DIGEST_BYTES = 32

LONGEST_HEADER = 4_096
"""Bytes that are looked at for a header."""

INSTEAD = "the journal is replayed from its beginning"
"""What is done where there is no snapshot to trust."""

logger = logging.getLogger(__name__)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a body belongs to: a journal that people were erased from so often, up to the position `last`.

    `records` are in it; `seal` is a digest of the last of them, `shape` one of the engine that was dumped.
    """

    journal: str
    erasures: int
    last: int
    records: int
    seal: str
    shape: str
    version: str


class Held(NamedTuple):
    """A snapshot that belongs to the journal in question."""

    header: Header
    body: memoryview


class Snapshots:
    """Keeps one snapshot in the file at `path`; what cannot be trusted is moved out of the way, and said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = path.with_name(f"{path.name}.aside")

    def load(self, journal: str, erasures: int) -> Held | None:
        """Return the snapshot of a journal with so many erasures, None where there is none to trust."""
        try:
            return self._load(journal, erasures)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("%s cannot be used: %s; %s", self.path, error.strerror, INSTEAD)
            return None

    def reached(self, journal: str) -> int | None:
        """Return the position of a journal that the snapshot claims to be of, None where there is none.

        The header alone is read, so that this is quick; whether to trust it is seen when it is loaded.
        """
        try:
            with self.path.open("rb") as file:
                written = file.read(len(TITLE) + LONGEST_HEADER)
            header = _header(written[: written.find(b"\n", len(TITLE))])
        except (OSError, BadFile):
            return None
        return None if _misfit(header, journal) else header.last

    def turn(self) -> ExitStack | None:
        """Return what is to be held while a snapshot is made; None while another process holds it."""
        return take_turn(self.path.parent)

    def set_aside(self, why: str, erasures: int) -> None:
        """Move the snapshot out of the way and say so; where people were erased, whom it holds is unknown."""
        try:
            if erasures:
                self.path.unlink()
                done = "deleted"
            else:
                self.path.replace(self._aside)
                done = f"set aside as {self._aside}"
        except OSError as error:
            done = f"left where it is ({error.strerror})"
        logger.warning("%s %s; it was %s, and %s", self.path, why, done, INSTEAD)

    def save(self, header: Header, body: bytes) -> int:
        """Put a snapshot in the place of the former one and return its size in bytes.

        Raises BadFile when it cannot be written; the former one then stays.
        """
        try:
            return self._save(TITLE + msgspec.json.encode(header) + b"\n", body)
        except OSError as error:
            raise BadFile(f"{self.path} cannot be written: {error.strerror}") from error

    def delete(self) -> None:
        """Leave no snapshot, nor one that was set aside or is being written.

        Raises Unavailable where one cannot be deleted.
        """
        try:
            for path in (self._aside, *self._unfinished(), self.path):
                path.unlink(missing_ok=True)
        except OSError as error:
            sentence = f"{self.path} must be deleted, but cannot be: {error.strerror}; delete it"
            logger.error("%s", sentence)
            raise Unavailable(sentence) from error

    def _load(self, journal: str, erasures: int) -> Held | None:
        if (turn := self.turn()) is not None:
            with turn:
                for unfinished in self._unfinished():
                    unfinished.unlink(missing_ok=True)
        if erasures:
            self._aside.unlink(missing_ok=True)
        try:
            held = _parsed(self.path.read_bytes())
        except BadFile as error:
            self.set_aside(str(error), erasures)
            return None
        header = held.header
        if header.journal == journal and header.erasures != erasures:
            self.path.unlink()
            logger.warning(
                "%s may hold someone who was erased since; it was deleted, and %s", self.path, INSTEAD
            )
        elif (why := _misfit(header, journal)) is not None:
            self.set_aside(why, erasures)
        else:
            return held
        return None

    def _save(self, head: bytes, body: bytes) -> int:
        folder = self.path.parent
        descriptor, name = tempfile.mkstemp(prefix=f"{self.path.name}.", suffix=".new", dir=folder)
        unfinished, digest = Path(name), blake2b(digest_size=DIGEST_BYTES)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for part in (head, body):
                    digest.update(part)
                    file.write(part)
                file.write(digest.digest())
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync(folder)
        return len(head) + len(body) + DIGEST_BYTES

    def _unfinished(self) -> list[Path]:
        """Return what is being written, or was when a process was killed."""
        return list(self.path.parent.glob(f"{escape(self.path.name)}.*.new"))


class Restored(NamedTuple):
    """An engine up to the position `last`, which `seal` is the digest of.

    So many `records` of the journal came with a snapshot; those behind it were `replayed`.
    """

    engine: Engine
    last: int
    seal: str
    records: int
    replayed: int


async def restore(journal: Reader, snapshots: Snapshots | None, tuning: Tuning) -> Restored:
    """Return the engine that `journal` makes, with the help of a snapshot where there is one to trust.

    Raises BadFile or JournalUnavailable where the journal cannot be read.
    """
    with _growing():
        return await _restore(journal, snapshots, tuning)


@contextmanager
def _growing() -> Iterator[None]:
    """Have the garbage collector not walk again and again over what only grows inside."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


async def _restore(journal: Reader, snapshots: Snapshots | None, tuning: Tuning) -> Restored:
    start, known = Restored(Engine(tuning), last=0, seal="", records=0, replayed=0), journal.erasures
    if snapshots is not None:
        start = await _snapped(journal, snapshots, tuning) or start
    engine, last, seal, records, _ = start
    replayed = 0
    async for batch in journal.read(last):
        effects = engine.apply(batch.records)
        if snapshots is not None and effects.erasures and (start.last or not known):
            # Somebody was erased since the journal was opened, whom the snapshot may hold.
            with suppress(Unavailable):
                snapshots.delete()
        last, seal = batch.last, _sealed(batch.records[-1])
        replayed += len(batch.records)
    return Restored(engine, last, seal, records, replayed)


def header_of(restored: Restored, journal: Reader) -> Header:
    """Return the header for a snapshot of what `restored` from `journal`."""
    return Header(
        journal=journal.identity,
        erasures=journal.erasures,
        last=restored.last,
        records=restored.records + restored.replayed,
        seal=restored.seal,
        shape=snapshot.shape(),
        version=__version__,
    )


async def _snapped(journal: Reader, snapshots: Snapshots, tuning: Tuning) -> Restored | None:
    held = snapshots.load(journal.identity, journal.erasures)
    if held is None:
        return None
    header, body = held
    if await _seal_at(journal, header.last) != header.seal:
        snapshots.set_aside("holds what is not in the journal", journal.erasures)
        return None
    try:
        return Restored(snapshot.load(body, tuning), header.last, header.seal, header.records, replayed=0)
    except BadFile as error:
        snapshots.set_aside(f"fits no engine: {error}", journal.erasures)
        return None


async def _seal_at(journal: Reader, position: int) -> str | None:
    async for batch in journal.read(position - 1):
        return _sealed(batch.records[0])
    return None


def _sealed(record: Record) -> str:
    return blake2b(msgspec.json.encode(record), digest_size=16).hexdigest()


def _parsed(content: bytes) -> Held:
    """Return what was saved; raise BadFile with what is wrong with it."""
    if not content.startswith(TITLE):
        raise BadFile("is no snapshot that this version of Punnet can read")
    written, digest = memoryview(content)[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if blake2b(written, digest_size=DIGEST_BYTES).digest() != digest:
        raise BadFile("is damaged")
    end = content.find(b"\n", len(TITLE))
    return Held(_header(written[:end]), written[end + 1 :])


def _header(written: bytes | memoryview) -> Header:
    """Return what stands in the second line; raise BadFile where that is no header."""
    try:
        return msgspec.json.decode(written[len(TITLE) :], type=Header)
    except msgspec.DecodeError:
        raise BadFile("is no snapshot that this version of Punnet can read") from None


def _misfit(header: Header, journal: str) -> str | None:
    """Return why a snapshot with this header is not to be used, if it is not."""
    if (header.version, header.shape) != (__version__, snapshot.shape()):
        return "was written by another version of Punnet"
    if header.journal != journal:
        return "belongs to another journal"
    return None


def _sync(folder: Path) -> None:
    """Have the names in `folder` on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
