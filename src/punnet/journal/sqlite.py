"""A journal in one SQLite file, held by one process."""

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import (
    Entry,
    Kept,
    Letter,
    Verdict,
    erased_of,
    forgotten,
    judge,
    key_of,
    keys_of,
    versions,
)
from punnet.journal.rows import row_of, unreadable
from punnet.journal.sqlite_reader import APPLICATION, VERSION, SqliteReader, about, connect, stamp
from punnet.market import Fact, Record
from punnet.protocol import codec

StoredRow: TypeAlias = tuple[int, float, str, bytes]
"""Position, time, kind and body."""

CACHE_KIB = 65_536
"""How much of the file SQLite may hold in memory: client-made ids fall all over the index of keys."""

CHECKPOINT_PAGES = 16_000
"""How long the write-ahead log grows: pages written often in the meantime go into the file once."""

INSERT = """
INSERT INTO journal (seq, market, at, kind, key, body) VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT))
"""
KNOWN = """
SELECT key, kind, CAST(body AS BLOB) FROM journal
WHERE market = ? AND key IN (SELECT value FROM json_each(?))
"""
OF_SHOPPER = """
SELECT seq, at, kind, CAST(body AS BLOB) FROM journal
WHERE market = ? AND kind IN ('order', 'action') AND json_extract(body, '$.userId') = ? ORDER BY seq
"""
SENT = "UPDATE outbox SET due = NULL, address = '' WHERE market = ? AND id = ?"
POSTPONE = """
UPDATE outbox SET attempts = attempts + 1, due = ? WHERE market = ? AND id = ? AND due IS NOT NULL
"""
ERASE = "UPDATE journal SET kind = ?, key = ?, body = CAST(? AS TEXT) WHERE seq = ?"
POST = """
INSERT OR IGNORE INTO outbox (market, id, user_id, address, attempts, due) VALUES (?, ?, ?, ?, ?, ?)
"""
DUE = """
SELECT id, user_id, address, attempts FROM outbox WHERE market = ? AND due <= ? ORDER BY due LIMIT ?
"""


class SqliteJournal(SqliteReader):
    """Keeps the records of one market in a SQLite file. Made by `open`."""

    shared = False

    def __init__(self, path: Path, lock: int, market: str, patience: float) -> None:
        self._lock = lock
        self._patience = patience
        self._database = _open(path, market, patience)
        super().__init__(path, market)

    @classmethod
    async def open(cls, path: Path, *, market: str = "main", patience: float = 1.0) -> "SqliteJournal":
        """Return the journal in the file at `path`, made if it is not there.

        `patience` is how many seconds a commit waits for another program that holds the file. Raises
        BadSetting when the file cannot be had, BadFile when it is no journal that this version can read.
        """
        lock = _hold(path)
        try:
            return cls(path, lock, market, patience)
        except BaseException:
            os.close(lock)
            raise

    async def append(self, entries: Sequence[Entry]) -> Kept:
        """Keep `entries` in one commit and return the verdicts, once they are on the disk."""
        return await self._in_thread(lambda: self._append(entries))

    async def find(self, key: str) -> Fact | None:
        """Return the fact known under `key`, if there is one."""
        return (await self._in_thread(lambda: self._known({key: key, unreadable(key): key}))).get(key)

    async def records_of(self, user_id: str) -> list[Record]:
        """Return the orders and actions of a shopper.

        It looks at every row, a second for a million, while others are written.
        """

        def rows() -> list[StoredRow]:
            with closing(connect(self._path, "ro", self._patience)) as database:
                return _rows_of(database, self._market, user_id)

        return [self._record(*row) for row in await self._in_thread(rows, beside=True)]

    async def erase(self, user_id: str, at: float) -> int:
        """Leave nothing of a shopper's orders and actions but that they were."""
        count = await self._in_thread(lambda: self._erase(user_id, at))
        self.erasures += 1
        return count

    async def scrub(self) -> None:
        """Leave nothing of what was erased in the log: in the file it is overwritten already."""
        empty = "PRAGMA wal_checkpoint(TRUNCATE)"
        (busy, *_) = await self._in_thread(lambda: self._database.execute(empty).fetchone())
        if busy:
            raise JournalUnavailable(
                f"{self._path} is being read, and what was erased still stands in {self._path}-wal"
            )

    async def letters(self, now: float, limit: int) -> list[Letter]:
        """Return the letters that are due."""
        due = self._market, now, limit
        rows = await self._in_thread(lambda: self._database.execute(DUE, due).fetchall())
        return [
            Letter(id=order_id, user_id=user_id, address=address, attempts=attempts)
            for order_id, user_id, address, attempts in rows
        ]

    async def sent(self, letter_id: str) -> None:
        """Note that a letter was sent."""
        await self._in_thread(lambda: self._database.execute(SENT, (self._market, letter_id)))

    async def postpone(self, letter_id: str, until: float) -> None:
        """Note a vain attempt."""
        await self._in_thread(lambda: self._database.execute(POSTPONE, (until, self._market, letter_id)))

    async def close(self) -> None:
        """Close the file and let another process have it."""
        await self._in_thread(self._database.close)
        os.close(self._lock)

    def _renew(self) -> None:
        """Open the file anew if its connection is worn: who opened a file read-only can never write it."""
        # Until the file can be written the old connection is good for reading.
        if not (self._worn and os.access(self._path, os.W_OK, effective_ids=True)):
            return
        self._database.close()
        _let_be_written(self._path)
        try:
            self._database = _open(self._path, self._market, self._patience)
        except BadSetting as error:
            raise JournalUnavailable(str(error)) from error
        known = about(self._database, self._market)
        if known is None or known[0] != self.identity:
            raise BadFile(f"{self._path} is another journal than it was; put back the one it was, or restart")
        self._worn = False

    def _append(self, entries: Sequence[Entry]) -> Kept:
        self._renew()
        known = self._known({unreadable(key): key for key in keys_of(entries)}) if self.erasures else {}
        if not known:
            # Hardly anything is sent twice, and the index tells of it for nothing.
            with suppress(sqlite3.IntegrityError):
                return self._keep([(entry, Verdict.ACCEPTED, entry.facts) for entry in entries])
        known |= self._known({key: key for key in keys_of(entries)})
        return self._keep([(entry, *judge(entry.facts, known)) for entry in entries])

    def _keep(self, judged: Sequence[tuple[Entry, Verdict, Sequence[Fact]]]) -> Kept:
        database = self._database
        rows = [row_of(entry.at, fact) for entry, _, kept in judged for fact in kept]
        letters = [(entry.letter, entry.at) for entry, _, kept in judged if kept and entry.letter]
        with _transaction(database):
            last = _last(database)
            database.executemany(
                INSERT, ((seq, self._market, *row) for seq, row in enumerate(rows, last + 1))
            )
            database.executemany(POST, [self._post(letter, at) for letter, at in letters])
        return Kept([verdict for _, verdict, _ in judged], last, last + len(rows))

    def _known(self, asked: dict[str, str]) -> dict[str | None, Fact]:
        """Return what is known under any of the keys `asked`, by what each of them stands for."""
        rows = self._database.execute(KNOWN, (self._market, codec.write(list(asked))))
        return {asked[key]: self._fact(key, kind, body) for key, kind, body in rows}

    def _erase(self, user_id: str, at: float) -> int:
        database = self._database
        with _transaction(database):
            rows = _rows_of(database, self._market, user_id)
            for seq, _, kind, body in rows:
                fact = self._fact(seq, kind, body)
                erased = row_of(0, erased_of(fact))
                database.execute(ERASE, (erased.kind, unreadable(key_of(fact) or ""), erased.body, seq))
            told = row_of(at, forgotten(user_id))
            database.execute(INSERT, (_last(database) + 1, self._market, *told))
            database.execute("DELETE FROM outbox WHERE market = ? AND user_id = ?", (self._market, user_id))
            database.execute("UPDATE market SET erasures = erasures + 1 WHERE name = ?", (self._market,))
        return len(rows)

    def _post(self, letter: Letter, due: float) -> tuple[object, ...]:
        return self._market, letter.id, letter.user_id, letter.address, letter.attempts, due


def _last(database: sqlite3.Connection) -> int:
    last: int = database.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    return last


def _rows_of(database: sqlite3.Connection, market: str, user_id: str) -> list[StoredRow]:
    return database.execute(OF_SHOPPER, (market, user_id)).fetchall()


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Make durable at the end what is done inside, all of it or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself when, say, the disk is full.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _hold(path: Path) -> int:
    """Lock the file beside `path` for as long as the descriptor returned is open."""
    try:
        lock = os.open(f"{path}.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
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


def _open(path: Path, market: str, patience: float) -> sqlite3.Connection:
    """Open the journal at `path`, or make it, with `market` in it."""
    try:
        database = connect(path, "rwc", patience)
    except sqlite3.Error as error:
        raise BadSetting(f"{path} cannot be used: {error}; name another file in DATABASE_URL") from error
    try:
        _bring_up_to_date(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        # Not tried where it is not needed: a file that cannot be written serves for reading.
        if not database.execute("SELECT 1 FROM market WHERE name = ?", (market,)).fetchone():
            made = market, secrets.token_hex(8)
            database.execute("INSERT INTO market (name, identity) VALUES (?, ?)", made)
    except sqlite3.Error as error:
        database.close()
        raise BadFile(f"{path} is no journal: {error}; name another file in DATABASE_URL") from error
    except BadFile:
        database.close()
        raise
    return database


def _let_be_written(path: Path) -> None:
    """Let the log and its index be written as the file may be: SQLite made them as it was then."""
    for suffix in ("-wal", "-shm"):
        with suppress(OSError):
            Path(f"{path}{suffix}").chmod(path.stat().st_mode & 0o777)


def _bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    """Raise BadFile unless this is a journal of this version or before, or an empty file that becomes one."""
    application, version = stamp(database)
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == APPLICATION and version > VERSION:
        raise BadFile(f"{path} was written by a newer Punnet (schema {version}); install that one to open it")
    if application != APPLICATION and tables:
        raise BadFile(f"{path} belongs to another program; name another file in DATABASE_URL")
    if application == APPLICATION and version == VERSION:
        return
    sql = versions.script("sqlite", version if tables else 0)
    marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
    database.executescript(f"BEGIN; {sql} {marks} COMMIT;")
