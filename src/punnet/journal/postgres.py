"""A journal in a PostgreSQL database, shared by however many processes write it."""

import asyncio
import secrets
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import asyncpg
from asyncpg import Connection

from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.journal import (
    END,
    Batch,
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
from punnet.journal.link import Link
from punnet.journal.postgres_reader import ABOUT, FORM, HERE, PATIENCE, SCHEMA, PostgresReader
from punnet.journal.rows import row_of, unreadable
from punnet.market import Action, Fact, Order, Record

LONG = 600.0
"""Seconds that a look at every row may take."""

AGAIN_SECONDS = 0.05
"""When it is asked again who still reads what was erased."""

APPLICATION = int.from_bytes(b"Punt")
"""The first half of the names of our locks; the second is the market's."""

MAIL = int.from_bytes(b"Mail")
"""The first half of the name of the lock that the one has who sends a market's letters."""

ALONE = "SELECT pg_advisory_lock($1, $2)"
TOGETHER = "SELECT pg_advisory_lock_shared($1, $2)"
IF_FREE = "SELECT pg_try_advisory_lock($1, $2)"
HOLD = "SELECT last, erasures FROM market WHERE name = $1 FOR UPDATE"
KNOWN = "SELECT key, kind, body FROM journal WHERE market = $1 AND key = any($2::text[])"
APPEND = """
WITH place AS (
    UPDATE market SET last = last + $2 WHERE name = $1 AND erasures = $3 RETURNING last - $2 AS before
), post AS (
    INSERT INTO outbox (market, id, user_id, address, attempts, due)
    SELECT $1, post.*
    FROM place, unnest($9::text[], $10::text[], $11::text[], $12::integer[], $13::double precision[]) AS post
    ON CONFLICT (market, id) DO NOTHING
), kept AS (
    INSERT INTO journal (market, seq, at, kind, key, user_id, body)
    SELECT $1, before + number, at, kind, key, user_id, body
    FROM place, unnest($4::double precision[], $5::text[], $6::text[], $7::text[], $8::json[])
        WITH ORDINALITY AS fact (at, kind, key, user_id, body, number)
)
SELECT before FROM place
"""
"""The row of the market is locked until the commit: positions rise as the commits are made, one by one."""

OF_SHOPPER = """
SELECT seq, at, kind, body FROM journal WHERE market = $1 AND user_id = $2 AND seq > $3 ORDER BY seq
"""
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
MARK = "SELECT pg_current_xact_id()::xid"
OLDER = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND greatest(age(backend_xid), age(backend_xmin)) >= age($1::xid) LIMIT 1
"""
"""Who may read what was there before a mark; rows that died since are not removed as long as that is so."""
DUE = """
SELECT id, user_id, address, attempts FROM outbox WHERE market = $1 AND due <= $2 ORDER BY due LIMIT $3
"""
SENT = "UPDATE outbox SET due = NULL, address = '' WHERE market = $1 AND id = $2"
POSTPONE = """
UPDATE outbox SET attempts = attempts + 1, due = $3 WHERE market = $1 AND id = $2 AND due IS NOT NULL
"""


class PostgresJournal(PostgresReader):
    """Keeps the records of one market in a PostgreSQL database. Made by `open`.

    One connection writes, the other reads. Both hold the market together with those of other processes, so
    that no tables are changed under them. A third one sends letters, or waits until nobody else does.
    """

    shared = True

    def __init__(self, url: str, market: str, patience: float) -> None:
        super().__init__(url, market, patience)
        self._number = zlib.crc32(market.encode()) & 0x7FFF_FFFF
        self._reader = Link(url, patience, self._join)
        self._writer = Link(url, patience, self._join)
        self._mail = Link(url, patience, self._begin_mail)
        self._sends = False
        self._last = 0

    @classmethod
    async def open(cls, url: str, *, market: str = "main", patience: float = PATIENCE) -> "PostgresJournal":
        """Return the journal in the database at `url`, whose tables are made if they are not there.

        A server that does not answer within `patience` seconds counts as lost. Raises BadSetting when the
        database cannot be had, BadFile when what it holds is no journal that this version can read.
        """
        journal = cls(url, market, patience)
        try:
            await journal._prepare()
            async with journal._writer.use():
                return journal
        except JournalUnavailable as error:
            raise BadSetting(f"{error}; mend that, or name another database in DATABASE_URL") from error
        except (ValueError, OverflowError):
            raise BadSetting(f"DATABASE_URL is not understood; write {FORM}") from None

    async def append(self, entries: Sequence[Entry]) -> Kept:
        """Keep `entries` in one commit and return the verdicts, once they are durable."""
        async with self._writer.use() as connection:
            kept = await self._append_new(connection, entries)
            kept = kept or await self._append_some(connection, entries)
        # Only now is it committed.
        self._last = max(self._last, kept.last)
        return kept

    async def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        """Yield the records behind a position, oldest first, in batches."""
        async for batch in super().read(after, until):
            self._last = max(self._last, batch.last)
            yield batch

    async def find(self, key: str) -> Fact | None:
        """Return the fact known under `key`, if there is one."""
        async with self._reader.use() as connection:
            return (await self._known(connection, {key: key, unreadable(key): key})).get(key)

    async def records_of(self, user_id: str) -> list[Record]:
        """Return the orders and actions of a shopper. It looks at every row."""
        rows = await self._at_length(OF_SHOPPER, self._market, user_id, 0)
        return [self._record(row) for row in rows]

    async def erase(self, user_id: str, at: float) -> int:
        """Leave nothing of a shopper's orders and actions but that they were."""
        looked_until = self._last
        rows = await self._at_length(OF_SHOPPER, self._market, user_id, 0)
        if rows:
            looked_until = max(looked_until, rows[-1]["seq"])
        async with self._writer.use() as connection, connection.transaction():
            _, erasures = await self._hold(connection)
            # What came in meanwhile, from here or elsewhere; nothing more does until this is committed.
            rows += await connection.fetch(OF_SHOPPER, self._market, user_id, looked_until)
            facts = [self._fact(row["seq"], row) for row in rows]
            seqs = [row["seq"] for row in rows]
            keys = [unreadable(key_of(fact) or "") for fact in facts]
            bodies = [row_of(0, erased_of(fact)).body.decode() for fact in facts]
            await connection.execute(ERASE, self._market, user_id, seqs, keys, bodies)
            self.erasures = erasures + 1
            told = [(Entry(at, ()), Verdict.ACCEPTED, [forgotten(user_id)])]
            await self._keep(connection, told, erasures + 1)
        return len(rows)

    async def scrub(self) -> None:
        """Leave nothing of what was erased in rows that died, once nobody reads from before that."""
        link = Link(self._url, self._patience)
        try:
            async with link.use(LONG) as connection:
                await self._outlast(connection)
                await connection.execute(VACUUM)
        finally:
            await link.close()

    async def letters(self, now: float, limit: int) -> list[Letter]:
        """Return the letters that are due; none while another process sends them."""
        async with self._mail.use() as connection:
            self._sends = self._sends or await connection.fetchval(IF_FREE, MAIL, self._number)
            if not self._sends:
                return []
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
        await asyncio.gather(super().close(), self._writer.close(), self._mail.close())

    async def _join(self, connection: Connection) -> None:
        """Hold the market with a new connection, together with others."""
        try:
            await connection.execute(TOGETHER, APPLICATION, self._number)
        except asyncpg.LockNotAvailableError:
            raise JournalUnavailable(f"{self._place} is in use by another version of punnet") from None
        if await connection.fetchval(SCHEMA) != versions.latest("postgres"):
            # While the connection was away, nobody held the market.
            raise JournalUnavailable(
                f"{self._place} was brought up to date by another Punnet; start that one"
            )
        about = await connection.fetchrow(ABOUT, self._market)
        known = self.identity or (about and about["identity"])
        if about is None or about["identity"] != known or about["last"] < self._last:
            raise self._replaced()
        self.identity, self.erasures, last = about
        self._last = max(self._last, last)

    async def _begin_mail(self, _: Connection) -> None:
        """Note that with the connection the lock was lost, if it was ours."""
        self._sends = False

    async def _append_new(self, connection: Connection, entries: Sequence[Entry]) -> Kept | None:
        """Keep entries of which none is known; None where one is, and then nothing was kept."""
        # The other connection may learn of more meanwhile, whose ids were not looked up here.
        erasures = self.erasures
        if erasures and await self._known(connection, {unreadable(key): key for key in keys_of(entries)}):
            return None
        # Hardly anything is sent twice, and the index tells of it for nothing.
        with suppress(asyncpg.UniqueViolationError):
            judged = [(entry, Verdict.ACCEPTED, entry.facts) for entry in entries]
            return await self._keep(connection, judged, erasures)
        return None

    async def _append_some(self, connection: Connection, entries: Sequence[Entry]) -> Kept:
        """Keep those of the entries that are new, while nobody else adds any."""
        async with connection.transaction():
            last, erasures = await self._hold(connection)
            keys = {key: key for key in keys_of(entries)}
            known = await self._known(connection, keys | {unreadable(key): key for key in keys})
            judged = [(entry, *judge(entry.facts, known)) for entry in entries]
            kept = await self._keep(connection, judged, erasures)
            return kept or Kept([verdict for _, verdict, _ in judged], last, last)

    async def _hold(self, connection: Connection) -> tuple[int, int]:
        """Return the last position and the erasures; until the transaction ends nobody else writes."""
        about = await connection.fetchrow(HOLD, self._market)
        if about is None:
            raise self._replaced()
        self.erasures = about["erasures"]
        return about["last"], about["erasures"]

    def _replaced(self) -> JournalUnavailable:
        return JournalUnavailable(f"{self._place} holds another journal than before; start punnet again")

    async def _keep(
        self,
        connection: Connection,
        judged: Sequence[tuple[Entry, Verdict, Sequence[Fact]]],
        erasures: int,
    ) -> Kept | None:
        """Add what is to be kept; None where that is nothing, or there were more than so many erasures."""
        facts = [(entry.at, fact) for entry, _, kept in judged for fact in kept]
        letters = [(entry.letter, entry.at) for entry, _, kept in judged if kept and entry.letter]
        if not facts:
            return None
        columns = *_columns(facts), *_posts(letters)
        rows = await connection.fetch(APPEND, self._market, len(facts), erasures, *columns)
        if not rows:
            return None
        before: int = rows[0]["before"]
        return Kept([verdict for _, verdict, _ in judged], before, before + len(facts))

    async def _known(self, connection: Connection, asked: dict[str, str]) -> dict[str | None, Fact]:
        """Return what is known under any of the keys `asked`, by what each of them stands for."""
        rows = await connection.fetch(KNOWN, self._market, list(asked)) if asked else []
        return {asked[row["key"]]: self._fact(row["key"], row) for row in rows}

    async def _at_length(self, sql: str, *arguments: str | int) -> list[asyncpg.Record]:
        """Return what a long task gives, on a connection of its own, so that nothing else waits for it."""
        link = Link(self._url, self._patience)
        try:
            async with link.use(LONG) as connection:
                return await connection.fetch(sql, *arguments)
        finally:
            await link.close()

    async def _outlast(self, connection: Connection) -> None:
        """Return once all have ended who began before; JournalUnavailable where somebody takes longer."""
        mark = await connection.fetchval(MARK)
        end = time.monotonic() + self._patience
        while (reader := await connection.fetchval(OLDER, mark)) is not None:
            if time.monotonic() > end:
                raise JournalUnavailable(
                    f"{self._place} is being read by process {reader}, and what was erased still stands there"
                )
            await asyncio.sleep(AGAIN_SECONDS)

    async def _prepare(self) -> None:
        """Bring the tables of the database up to date, with this market among them."""
        link = Link(self._url, self._patience)
        try:
            async with link.use(LONG) as connection:
                await connection.execute(ALONE, APPLICATION, 0)
                await self._bring_up_to_date(connection)
                made = "INSERT INTO market (name, identity) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
                await connection.execute(made, self._market, secrets.token_hex(8))
        finally:
            await link.close()

    async def _bring_up_to_date(self, connection: Connection) -> None:
        """Raise BadFile unless these are tables of this version or before, or none, which are made."""
        if await connection.fetchval("SHOW server_encoding") != "UTF8":
            raise BadSetting(f"{self._place} does not keep Unicode; make a database with ENCODING 'UTF8'")
        version = await connection.fetchval(SCHEMA) if await connection.fetchval(HERE) else 0
        latest = versions.latest("postgres")
        if version > latest:
            raise BadFile(
                f"{self._place} was written by a newer Punnet (schema {version}); install that one to open it"
            )
        if version < latest:
            await self._change_tables(connection, version, latest)

    async def _change_tables(self, connection: Connection, version: int, latest: int) -> None:
        stamp = f"DELETE FROM punnet_schema; INSERT INTO punnet_schema VALUES ({latest});"
        try:
            await connection.execute(ALONE, APPLICATION, self._number)
            await connection.execute(f"BEGIN; {versions.script('postgres', version)} {stamp} COMMIT;")
        except asyncpg.LockNotAvailableError:
            raise JournalUnavailable(
                f"{self._place} is in use by another version of punnet; stop all that are"
            ) from None
        except asyncpg.DuplicateTableError as error:
            taken = f"{self._place} holds something of another program: {error}"
            raise BadFile(f"{taken}; make a database for Punnet alone and name it in DATABASE_URL") from None


def _columns(facts: list[tuple[float, Fact]]) -> list[list[object]]:
    """Return facts and when they were taken in as columns of the journal."""
    rows = [row_of(at, fact) for at, fact in facts]
    return [
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
