"""A journal in a PostgreSQL database, held by one process at a time."""

import secrets
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import asyncpg
from asyncpg import Connection

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import Batch, Entry, Kept, Letter, Verdict, erased_of, judge, key_of, keys_of, versions
from punnet.journal.link import Link, place
from punnet.journal.postgres_reader import ABOUT, FORM, HERE, PATIENCE, SCHEMA, PostgresReader
from punnet.journal.rows import row_of, unreadable
from punnet.market import Action, Fact, Order, Record

LONG = 600.0
"""Seconds that a look at every row may take."""

APPLICATION = int.from_bytes(b"Punt")
"""The first half of the names of our locks; the second is the market's."""

LOCK = "SELECT pg_advisory_lock($1, $2)"
LET_GO = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND pid = $3
"""
KNOWN = "SELECT key, kind, body FROM journal WHERE market = $1 AND key = any($2::text[])"
INSERT = """
WITH post AS (
    INSERT INTO outbox (market, id, user_id, address, attempts, due)
    SELECT $1, * FROM unnest($8::text[], $9::text[], $10::text[], $11::integer[], $12::double precision[])
    ON CONFLICT (market, id) DO NOTHING
)
INSERT INTO journal (market, seq, at, kind, key, user_id, body)
SELECT $1, * FROM unnest(
    $2::bigint[], $3::double precision[], $4::text[], $5::text[], $6::text[], $7::json[]
)
"""
OF_SHOPPER = "SELECT seq, at, kind, body FROM journal WHERE market = $1 AND user_id = $2 ORDER BY seq"
ERASE = """
WITH post AS (
    DELETE FROM outbox WHERE market = $1 AND user_id = $2
), counted AS (
    UPDATE market SET erasures = erasures + 1 WHERE name = $1
)
UPDATE journal SET kind = 'erased', user_id = NULL, key = erased.key, body = erased.body
FROM unnest($3::bigint[], $4::text[], $5::json[]) AS erased (seq, key, body)
WHERE journal.market = $1 AND journal.seq = erased.seq
"""
VACUUM = "VACUUM (INDEX_CLEANUP ON) journal, outbox"
DUE = """
SELECT id, user_id, address, attempts FROM outbox WHERE market = $1 AND due <= $2 ORDER BY due LIMIT $3
"""
SENT = "UPDATE outbox SET due = NULL, address = '' WHERE market = $1 AND id = $2"
POSTPONE = "UPDATE outbox SET attempts = attempts + 1, due = $3 WHERE market = $1 AND id = $2"


class PostgresJournal(PostgresReader):
    """Keeps the records of one market in a PostgreSQL database. Made by `open`.

    One connection writes, and holds a lock on the market while it lives; the other reads.
    """

    def __init__(self, url: str, market: str, patience: float) -> None:
        super().__init__(url, market, patience)
        self._lock = APPLICATION, zlib.crc32(market.encode()) & 0x7FFF_FFFF
        self._writer = Link(url, patience, self._take_over)
        self._last = 0

    @classmethod
    async def open(cls, url: str, *, market: str = "main", patience: float = PATIENCE) -> "PostgresJournal":
        """Return the journal in the database at `url`, whose tables are made if they are not there.

        A server that does not answer within `patience` seconds counts as lost. Raises BadSetting when the
        database cannot be had, BadFile when what it holds is no journal that this version can read.
        """
        journal = cls(url, market, patience)
        try:
            await _prepare(url, market, patience)
            async with journal._writer.use():
                return journal
        except JournalUnavailable as error:
            raise BadSetting(f"{error}; mend that, or name another database in DATABASE_URL") from error
        except (ValueError, OverflowError):
            raise BadSetting(f"DATABASE_URL is not understood; write {FORM}") from None

    async def append(self, entries: Sequence[Entry]) -> Kept:
        """Keep `entries` in one commit and return the verdicts, once they are durable."""
        async with self._writer.use() as connection:
            erased = {unreadable(key): key for key in keys_of(entries)} if self.erasures else {}
            known = await self._known(connection, erased)
            if not known:
                # Hardly anything is sent twice, and the index tells of it for nothing.
                with suppress(asyncpg.UniqueViolationError):
                    everything = [(entry, Verdict.ACCEPTED, entry.facts) for entry in entries]
                    return await self._keep(connection, everything)
            known |= await self._known(connection, {key: key for key in keys_of(entries)})
            return await self._keep(connection, [(entry, *judge(entry.facts, known)) for entry in entries])

    async def read(self, after: int = 0) -> AsyncIterator[Batch]:
        """Yield the records behind a position, oldest first, in batches."""
        # A commit that is not answered yet is made or not, once the lock is ours again.
        async with self._writer.use():
            pass
        async for batch in super().read(after):
            yield batch

    async def find(self, key: str) -> Fact | None:
        """Return the fact known under `key`, if there is one."""
        async with self._reader.use() as connection:
            return (await self._known(connection, {key: key, unreadable(key): key})).get(key)

    async def records_of(self, user_id: str) -> list[Record]:
        """Return the orders and actions of a shopper. It looks at every row."""
        return [self._record(row) for row in await self._rows_of(user_id)]

    async def erase(self, user_id: str) -> int:
        """Leave nothing of a shopper's orders and actions but that they were."""
        rows = await self._rows_of(user_id)
        facts = [self._fact(row["seq"], row) for row in rows]
        seqs = [row["seq"] for row in rows]
        keys = [unreadable(key_of(fact) or "") for fact in facts]
        bodies = [row_of(0, erased_of(fact)).body.decode() for fact in facts]
        async with self._writer.use() as connection:
            await connection.execute(ERASE, self._market, user_id, seqs, keys, bodies)
            self.erasures += 1
        return len(rows)

    async def scrub(self) -> None:
        """Leave nothing of what was erased in rows that died."""
        await self._at_length(VACUUM)

    async def letters(self, now: float, limit: int) -> list[Letter]:
        """Return the letters that are due."""
        async with self._reader.use() as connection:
            rows = await connection.fetch(DUE, self._market, now, limit)
        return [Letter(**row) for row in rows]

    async def sent(self, letter_id: str) -> None:
        """Note that a letter was sent."""
        async with self._writer.use() as connection:
            await connection.execute(SENT, self._market, letter_id)

    async def postpone(self, letter_id: str, until: float) -> None:
        """Note a vain attempt."""
        async with self._writer.use() as connection:
            await connection.execute(POSTPONE, self._market, letter_id, until)

    async def close(self) -> None:
        """Let go of the connections, and with them of the market."""
        await super().close()
        await self._writer.close()

    async def _take_over(self, connection: Connection, before: int) -> None:
        """Hold the market with a new connection; `before` is the server's process of the lost one."""
        if before:
            # What it still does would be done behind our back.
            await connection.execute(LET_GO, *self._lock, before)
        try:
            await connection.execute(LOCK, *self._lock)
        except asyncpg.LockNotAvailableError:
            raise JournalUnavailable(f"{self._place} is in use by another punnet") from None
        about = await connection.fetchrow(ABOUT, self._market)
        if about is None or (before and (about["identity"] != self.identity or about["last"] < self._last)):
            raise JournalUnavailable(f"{self._place} holds another journal than before; start punnet again")
        self.identity, self.erasures, self._last = about

    async def _keep(
        self, connection: Connection, judged: Sequence[tuple[Entry, Verdict, Sequence[Fact]]]
    ) -> Kept:
        facts = [(entry.at, fact) for entry, _, kept in judged for fact in kept]
        letters = [(entry.letter, entry.at) for entry, _, kept in judged if kept and entry.letter]
        if facts:
            columns = *_columns(facts, self._last + 1), *_posts(letters)
            await connection.execute(INSERT, self._market, *columns)
            self._last += len(facts)
        return Kept([verdict for _, verdict, _ in judged], self._last)

    async def _known(self, connection: Connection, asked: dict[str, str]) -> dict[str | None, Fact]:
        """Return what is known under any of the keys `asked`, by what each of them stands for."""
        rows = await connection.fetch(KNOWN, self._market, list(asked)) if asked else []
        return {asked[row["key"]]: self._fact(row["key"], row) for row in rows}

    async def _rows_of(self, user_id: str) -> list[asyncpg.Record]:
        return await self._at_length(OF_SHOPPER, self._market, user_id)

    async def _at_length(self, sql: str, *arguments: str) -> list[asyncpg.Record]:
        """Return what a long task gives, on a connection of its own, so that nothing else waits for it."""
        link = Link(self._url, self._patience)
        try:
            async with link.use(LONG) as connection:
                return await connection.fetch(sql, *arguments)
        finally:
            await link.close()


def _columns(facts: list[tuple[float, Fact]], first: int) -> list[list[object]]:
    """Return facts and when they were taken in as columns of the journal, from position `first` on."""
    rows = [row_of(at, fact) for at, fact in facts]
    return [
        list(range(first, first + len(rows))),
        [row.at for row in rows],
        [row.kind for row in rows],
        [row.key for row in rows],
        [fact.user_id if isinstance(fact, Order | Action) else None for _, fact in facts],
        [row.body.decode() for row in rows],
    ]


def _posts(letters: list[tuple[Letter, float]]) -> list[list[object]]:
    """Return letters and when they are due as columns of the outbox."""
    rows = [(post.id, post.user_id, post.address, post.attempts, due) for post, due in letters]
    return [list(column) for column in zip(*rows, strict=True)] or [[]] * 5


async def _prepare(url: str, market: str, patience: float) -> None:
    """Bring the tables of a database up to date, with `market` among them."""
    link = Link(url, patience)
    try:
        async with link.use(LONG) as connection:
            await connection.execute(LOCK, APPLICATION, 0)
            await _bring_up_to_date(connection, place(url))
            made = "INSERT INTO market (name, identity) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
            await connection.execute(made, market, secrets.token_hex(8))
    finally:
        await link.close()


async def _bring_up_to_date(connection: Connection, where: str) -> None:
    """Raise BadFile unless these are tables of this version or before, or none, which are made."""
    if await connection.fetchval("SHOW server_encoding") != "UTF8":
        raise BadSetting(f"{where} does not keep Unicode; make a database with ENCODING 'UTF8'")
    version = 0
    if await connection.fetchval(HERE):
        version = await connection.fetchval(SCHEMA)
    latest = versions.latest("postgres")
    if version > latest:
        raise BadFile(
            f"{where} was written by a newer Punnet (schema {version}); install that one to open it"
        )
    if version < latest:
        stamp = f"DELETE FROM punnet_schema; INSERT INTO punnet_schema VALUES ({latest});"
        try:
            await connection.execute(f"BEGIN; {versions.script('postgres', version)} {stamp} COMMIT;")
        except asyncpg.DuplicateTableError as error:
            taken = f"{where} holds something of another program: {error}"
            raise BadFile(f"{taken}; make a database for Punnet alone and name it in DATABASE_URL") from None
