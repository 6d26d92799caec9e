"""A journal in one SQLite file, held by one process."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import BATCH, Verdict, key_of
from punnet.market import Action, Fact, Farm, FarmChange, Order, Product, ProductChange, Record, Removal
from punnet.protocol import codec

APPLICATION = int.from_bytes(b"Punt")
"""What SQLite's application_id is in a file of ours."""

VERSION = 1
"""The schema written here. A file of a later one is left alone."""

CACHE_KIB = 65_536
"""How much of the file SQLite may hold in memory: client-made ids fall all over the index of keys."""

SCHEMA = f"""
BEGIN;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    market TEXT NOT NULL DEFAULT 'main',
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    body TEXT NOT NULL,
    UNIQUE (market, key)
);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""

INSERT = "INSERT INTO journal (market, at, kind, key, body) VALUES (?, ?, ?, ?, CAST(? AS TEXT))"
KNOWN = """
SELECT key, CAST(body AS BLOB) FROM journal
WHERE market = ? AND key IN (SELECT value FROM json_each(?))
"""
READ = "SELECT seq, at, kind, CAST(body AS BLOB) FROM journal WHERE market = ? ORDER BY seq"

KINDS: dict[type[Fact], str] = {
    Farm: "farm",
    Product: "product",
    FarmChange: "farm change",
    ProductChange: "product change",
    Removal: "removal",
    Order: "order",
    Action: "action",
}
DECODERS: dict[str, msgspec.json.Decoder[Fact]] = {
    kind: msgspec.json.Decoder(noun) for noun, kind in KINDS.items()
}


class Row(NamedTuple):
    """One record as the table holds it."""

    market: str
    at: float
    kind: str
    key: str | None
    body: bytes


class SqliteJournal:
    """Keeps the records of one market in the SQLite file at `path`, made if it is not there.

    `patience` is how many seconds a commit waits for another program that holds the file.
    Raises BadSetting when the file cannot be had, BadFile when it is no journal of this version.
    """

    def __init__(self, path: Path, *, market: str = "main", patience: float = 1.0) -> None:
        self._path = path
        self._market = market
        self._lock = _hold(path)
        try:
            self._database = _open(path, patience)
        except BaseException:
            os.close(self._lock)
            raise

    def append(self, records: Sequence[Record]) -> list[Verdict]:
        """Keep `records` in one commit and return a verdict on each, once they are on the disk."""
        rows = [self._row(record) for record in records]
        try:
            return self._commit(rows)
        except sqlite3.Error as error:
            raise JournalUnavailable(f"{self._path} cannot be written: {error}") from error

    def read(self) -> Iterator[list[Record]]:
        """Yield every kept record, oldest first, in batches; raise BadFile at one that cannot be read."""
        with closing(_connect(self._path, "ro", patience=1.0)) as database:
            try:
                rows = database.execute(READ, (self._market,))
                while batch := rows.fetchmany(BATCH):
                    yield [self._record(*row) for row in batch]
            except sqlite3.Error as error:
                raise BadFile(f"{self._path} cannot be read: {error}") from error

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._database.close()
        os.close(self._lock)

    def _row(self, record: Record) -> Row:
        fact = record.fact
        return Row(self._market, record.at, KINDS[type(fact)], key_of(fact), codec.write(fact))

    def _record(self, seq: int, at: float, kind: str, body: bytes) -> Record:
        try:
            return Record(at=at, fact=DECODERS[kind].decode(body))
        except (msgspec.DecodeError, KeyError) as error:
            raise BadFile(f"record {seq} of {self._path} cannot be read: {error}") from error

    def _commit(self, rows: list[Row]) -> list[Verdict]:
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            keys = [row.key for row in rows if row.key is not None]
            known: dict[str, bytes] = dict(database.execute(KNOWN, (self._market, codec.write(keys))))
            verdicts = [_verdict(row, known) for row in rows]
            judged = zip(rows, verdicts, strict=True)
            database.executemany(INSERT, (row for row, verdict in judged if verdict is Verdict.ACCEPTED))
            database.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself when, say, the disk is full.
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        return verdicts


def _verdict(row: Row, known: dict[str, bytes]) -> Verdict:
    """Judge `row` against the bodies `known` by key, and add it to them when it is new."""
    if row.key is None:
        return Verdict.ACCEPTED
    if row.key not in known:
        known[row.key] = row.body
        return Verdict.ACCEPTED
    body, decode = known[row.key], DECODERS[row.kind].decode
    return Verdict.DUPLICATE if body == row.body or decode(body) == decode(row.body) else Verdict.CONFLICT


def _hold(path: Path) -> int:
    """Lock the file beside `path` for as long as the descriptor returned is open."""
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise BadSetting(
            f"{path} cannot be used: {error.strerror}; name a file in a folder of yours in DATABASE_URL"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise BadSetting(
            f"{path} is in use by another punnet; stop that one, or name another file in DATABASE_URL"
        ) from None
    return lock


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
        # The pipeline appends from one thread of its own, never from two at once.
        check_same_thread=False,
    )


def _open(path: Path, patience: float) -> sqlite3.Connection:
    """Open the journal at `path`, or make it."""
    try:
        database = _connect(path, "rwc", patience)
    except sqlite3.Error as error:
        raise BadSetting(f"{path} cannot be used: {error}; name another file in DATABASE_URL") from error
    try:
        _identify(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except sqlite3.Error as error:
        database.close()
        raise BadFile(f"{path} is no journal: {error}; name another file in DATABASE_URL") from error
    except BadFile:
        database.close()
        raise
    return database


def _identify(database: sqlite3.Connection, path: Path) -> None:
    """Raise BadFile unless this is a journal of this version, or an empty file that becomes one."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == APPLICATION and version > VERSION:
        raise BadFile(f"{path} was written by a newer Punnet (schema {version}); install that one to open it")
    if application != APPLICATION and tables:
        raise BadFile(f"{path} belongs to another program; name another file in DATABASE_URL")
    if not tables:
        database.executescript(SCHEMA)
