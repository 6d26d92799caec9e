"""From facts that come in to those who listen."""

import asyncio
import itertools
import logging
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from punnet.calls import GROUP
from punnet.delivery import Delivery
from punnet.engine.effects import Deed, Effects
from punnet.engine.engine import Engine
from punnet.errors import JournalUnavailable, TooBusy
from punnet.handlers.handlers import Handlers
from punnet.handlers.registry import Handler
from punnet.hub import Hub
from punnet.journal import Entry, Journal, Kept, Letter, Verdict, forgotten
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import (
    Action,
    EntityType,
    Erased,
    Fact,
    Farm,
    Order,
    OrderLine,
    Product,
    Query,
    Record,
    UserAction,
)
from punnet.pipeline import SLICE, Pipeline
from punnet.protocol.frames import Numbers
from punnet.snapshots import Snapshots
from punnet.snapshotting import Snapshotting
from punnet.tail import Tail
from tests.waiting import until
from tests.wires import Reel

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FARM = Farm(id="hill", name="Hill Farm")
NAMES = ("kale", "leek", "beet", "dill")
CATALOGUE: list[Fact] = [
    FARM,
    *(Product(id=name, name=name, farm_id="hill", category="Greens", price=2.0) for name in NAMES),
]


def order(order_id: str, product_id: str = "kale", user_id: str = "ann") -> Order:
    line = OrderLine(product_id=product_id, quantity=1, unit_price=2)
    return Order(id=order_id, user_id=user_id, placed_at=NOON, lines=(line,))


def view(event_id: str, product_id: str = "kale", user_id: str = "ann") -> Action:
    return Action(
        event_id=event_id,
        user_id=user_id,
        action=UserAction.VIEW_PRODUCT,
        entity_id=product_id,
        entity_type=EntityType.PRODUCT,
    )


class Counted(MemoryJournal):
    """A journal that remembers how many records each commit had."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[int] = []

    async def append(self, entries: Sequence[Entry]) -> Kept:
        self.commits.append(sum(len(entry.facts) for entry in entries))
        return await super().append(entries)


@asynccontextmanager
async def kept_in(path: Path, **known: object) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path, **known)
    yield journal
    await journal.close()


@asynccontextmanager
async def locking(path: Path) -> AsyncIterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as other:
        yield other


class Shop:
    """A pipeline with everything it needs, under a clock that never stands still, or another one."""

    def __init__(
        self,
        journal: Journal,
        capacity: int = 10_000,
        clock: Callable[[], float] | None = None,
        **known: object,
    ) -> None:
        self.journal = journal
        self.engine = Engine()
        ticks = itertools.count(NOON.timestamp())
        self.clock = clock or (lambda: float(next(ticks)))
        self.hub = Hub(self.clock, Numbers("x", "y"))
        self.delivery = Delivery(self.engine, self.hub, self.clock)
        self.pipeline = Pipeline(self.engine, journal, (self.delivery,), self.clock, capacity, **known)

    async def submit(self, facts: Sequence[Fact]) -> list[Verdict]:
        """Submit each fact as an entry of its own."""
        return await self.pipeline.submit([(fact,) for fact in facts])

    def listen(self, user_id: str) -> Reel:
        """Return the wire of a new connection."""
        wire = Reel()
        self.hub.register(user_id, wire)
        return wire

    async def records(self) -> list[Record]:
        return [record async for batch in self.journal.read() for record in batch.records]

    async def facts(self) -> list[Fact]:
        return [record.fact for record in await self.records()]

    async def __aenter__(self) -> "Shop":
        self.pipeline.start()
        await self.submit(CATALOGUE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pipeline.stop()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop(Counted()) as shop:
        yield shop


async def test_what_was_submitted_is_in_the_journal_and_in_the_engine(shop):
    assert await shop.submit([order("o1"), view("e1")]) == [Verdict.ACCEPTED] * 2
    assert await shop.facts() == [*CATALOGUE, order("o1"), view("e1")]
    assert shop.engine.has_order("o1")
    assert shop.engine.tally.total == 1


async def test_a_record_bears_the_time_it_was_submitted_at(shop):
    before = shop.clock()
    await shop.submit([order("o1"), view("e1")])
    *_, first, second = await shop.records()
    assert before < first.at == second.at < shop.clock()


async def test_the_same_id_again_changes_nothing(shop):
    await shop.submit([order("o1"), view("e1")])
    again = [view("e1"), order("o1"), order("o1", "leek"), view("e2")]
    verdicts = [Verdict.DUPLICATE, Verdict.DUPLICATE, Verdict.CONFLICT, Verdict.ACCEPTED]
    assert await shop.submit(again) == verdicts
    assert shop.engine.tally.total == 2
    assert shop.engine.has_order("o1")
    assert shop.engine.order_count == 1


async def test_nothing_submitted_is_fine(shop):
    assert await shop.submit([]) == []


async def test_calls_that_come_together_share_a_commit_and_stay_whole(shop):
    calls = [[order(f"o{number}"), view(f"e{number}")] for number in range(50)]
    verdicts = await asyncio.gather(*(shop.submit(call) for call in calls))
    assert verdicts == [[Verdict.ACCEPTED] * 2] * 50
    assert (await shop.facts())[len(CATALOGUE) :] == [fact for call in calls for fact in call]
    assert len(shop.journal.commits) < 5


async def test_each_call_of_a_commit_gets_its_own_verdicts(shop):
    calls = [[order("o1")], [order("o1"), order("o2")], [order("o2", "leek")]]
    verdicts = await asyncio.gather(*(shop.submit(call) for call in calls))
    assert verdicts == [[Verdict.ACCEPTED], [Verdict.DUPLICATE, Verdict.ACCEPTED], [Verdict.CONFLICT]]


async def test_a_commit_grows_to_its_limit_and_no_further(shop):
    many = [[view(f"{call}-{number}") for number in range(GROUP // 2)] for call in range(3)]
    await asyncio.gather(*(shop.submit(call) for call in many))
    assert max(shop.journal.commits) == GROUP
    assert shop.engine.tally.total == 3 * (GROUP // 2)


async def test_while_much_is_applied_others_have_their_turn(shop):
    applied: list[int] = []
    call = asyncio.create_task(shop.submit([view(f"e{number}") for number in range(3 * SLICE)]))
    while not call.done():
        applied.append(shop.engine.tally.total)
        await asyncio.sleep(0)
    assert {0, SLICE, 2 * SLICE} <= set(applied)


async def test_a_new_engine_brought_up_to_the_journal_answers_the_same(tmp_path: Path):
    async with kept_in(tmp_path / "market.db") as journal:
        async with Shop(journal) as first:
            await first.submit([order("o1"), order("o2", "leek", "bob"), order("o3", "kale", "bob")])
            await first.submit([view("e1", "dill"), view("e1", "dill")])
        second = Shop(journal)
        assert await second.pipeline.replay() == len(CATALOGUE) + 4
        later = NOON.timestamp() + 3600
        for user_id in ("ann", "bob", "cem"):
            query = Query(user_id=user_id)
            assert second.engine.answer(query, later) == first.engine.answer(query, later)


async def test_when_the_journal_cannot_be_written_nothing_changes_and_later_it_can(tmp_path: Path, caplog):
    path = tmp_path / "market.db"
    async with kept_in(path, patience=0.01) as journal, locking(path) as other, Shop(journal) as shop:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(JournalUnavailable, match="locked"):
                await shop.submit([order("o1")])
        assert shop.pipeline.failing
        other.rollback()
        assert not shop.engine.has_order("o1")
        assert await shop.facts() == CATALOGUE
        assert shop.pipeline.waiting == 0
        assert await shop.submit([order("o1")]) == [Verdict.ACCEPTED]
        assert await shop.submit([order("o2")]) == [Verdict.ACCEPTED]
        assert not shop.pipeline.failing
    trouble, end = caplog.messages
    assert trouble.endswith("database is locked")
    assert end == "the journal can be written again"


class Forgetful(MemoryJournal):
    """A journal whose answer is sometimes lost."""

    loses = False

    async def append(self, entries: Sequence[Entry]) -> Kept:
        kept = await super().append(entries)
        if self.loses:
            raise JournalUnavailable("the connection was lost")
        return kept


async def test_a_commit_whose_answer_was_lost_is_found_before_the_next(caplog):
    async with Shop(Forgetful()) as shop:
        shop.journal.loses = True
        with pytest.raises(JournalUnavailable, match="lost"):
            await shop.submit([order("o1"), view("e1")])
        assert not shop.engine.has_order("o1")
        shop.pipeline.letters_came.clear()
        shop.journal.loses = False
        assert await shop.submit([view("e1"), view("e2")]) == [Verdict.DUPLICATE, Verdict.ACCEPTED]
        assert shop.engine.has_order("o1")
        assert shop.engine.tally.total == 2
        assert await shop.facts() == [*CATALOGUE, order("o1"), view("e1"), view("e2")]
        assert shop.pipeline.letters_came.is_set()


async def test_what_an_answer_that_was_lost_was_about_is_reacted_to_once(caplog):
    async with Shop(Forgetful()) as shop:
        ann = shop.listen("ann")
        shop.journal.loses = True
        with pytest.raises(JournalUnavailable, match="lost"):
            await shop.submit([view("e1")])
        shop.journal.loses = False
        assert await shop.submit([view("e1")]) == [Verdict.DUPLICATE]
    assert shop.delivery.delivered == len(ann.messages) == 1


async def test_an_entry_is_applied_whole_or_not_at_all(shop):
    await shop.submit([view("e1")])
    entries = [(order("o1"), view("e1", "leek")), (order("o2"), view("e2"))]
    assert await shop.pipeline.submit(entries) == [Verdict.CONFLICT, Verdict.ACCEPTED]
    assert (shop.engine.has_order("o1"), shop.engine.has_order("o2")) == (False, True)


def letter_for(facts: tuple[Fact, ...], now: float) -> Letter | None:
    """Return a letter about each order."""
    bought = facts[-1]
    return Letter(id=bought.id, user_id="ann", address=f"{now}") if isinstance(bought, Order) else None


async def test_a_letter_is_kept_with_what_asks_for_it_and_told_of():
    async with Shop(MemoryJournal(), letter_for=letter_for) as shop:
        await shop.submit([view("e1")])
        assert not shop.pipeline.letters_came.is_set()
        await shop.submit([order("o1")])
        assert shop.pipeline.letters_came.is_set()
        at = (await shop.records())[-1].at
        assert await shop.journal.letters(at, 9) == [Letter(id="o1", user_id="ann", address=f"{at}")]


async def test_what_is_not_accepted_asks_for_no_letter():
    async with Shop(MemoryJournal(), letter_for=letter_for) as shop:
        await shop.submit([order("o1")])
        shop.pipeline.letters_came.clear()
        await shop.submit([order("o1"), order("o1", "leek")])
        assert not shop.pipeline.letters_came.is_set()


async def test_with_too_much_waiting_the_next_call_is_refused_and_nothing_taken_is_lost(tmp_path: Path):
    path = tmp_path / "market.db"
    async with kept_in(path, patience=30) as journal, locking(path) as other, Shop(journal, 10) as shop:
        other.execute("BEGIN IMMEDIATE")
        calls = [
            asyncio.create_task(shop.submit([view(f"{call}-{number}") for number in range(6)]))
            for call in range(2)
        ]
        await asyncio.sleep(0)
        assert shop.pipeline.waiting == 12
        with pytest.raises(TooBusy, match="12 facts and reactions are waiting"):
            await shop.submit([view("one more")])
        other.rollback()
        assert await asyncio.gather(*calls) == [[Verdict.ACCEPTED] * 6] * 2
        assert shop.pipeline.waiting == 0
        assert await shop.submit([view("one more")]) == [Verdict.ACCEPTED]


async def test_before_it_starts_and_once_it_stops_nothing_is_taken_in():
    shop = Shop(MemoryJournal())
    with pytest.raises(TooBusy, match="starting or stopping"):
        await shop.submit([FARM])
    async with shop:
        assert shop.pipeline.taking_in
    with pytest.raises(TooBusy, match="starting or stopping"):
        await shop.submit([FARM])


async def test_when_it_stops_what_was_taken_in_is_kept_and_answered():
    shop = Shop(MemoryJournal())
    async with shop:
        calls = [asyncio.create_task(shop.submit([order(f"o{number}")])) for number in range(20)]
        await asyncio.sleep(0)
    assert all(call.done() for call in calls)
    assert (await shop.facts())[len(CATALOGUE) :] == [order(f"o{number}") for number in range(20)]


async def test_it_stops_although_the_journal_does_not_answer(monkeypatch):
    monkeypatch.setattr("punnet.pipeline.SECONDS_TO_FINISH", 0.05)
    journal = Gated()
    async with Shop(journal) as shop:
        journal.open.clear()
        call = asyncio.create_task(shop.submit([order("o1")]))
        await until(lambda: shop.pipeline.waiting == 1)
        async with asyncio.timeout(20):
            await shop.pipeline.stop()
    call.cancel()


async def test_a_caller_that_went_away_delays_nobody_and_what_it_sent_is_kept(shop):
    gone = asyncio.create_task(shop.submit([order("o1")]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await shop.submit([order("o1")]) == [Verdict.DUPLICATE]


async def test_who_left_before_the_journal_failed_is_not_told(tmp_path: Path, caplog):
    path = tmp_path / "market.db"
    async with kept_in(path, patience=0.01) as journal, locking(path) as other, Shop(journal) as shop:
        other.execute("BEGIN IMMEDIATE")
        gone = asyncio.create_task(shop.submit([order("o1")]))
        stays = asyncio.create_task(shop.submit([order("o2")]))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(JournalUnavailable):
            await stays
        other.rollback()


async def test_a_fact_that_cannot_be_written_down_fails_its_caller_and_nobody_after(tmp_path: Path, caplog):
    async with kept_in(tmp_path / "market.db") as journal, Shop(journal) as shop:
        with pytest.raises(UnicodeEncodeError):
            await shop.submit([order("o1"), order("\ud800")])
        assert await shop.submit([order("o1")]) == [Verdict.ACCEPTED]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_the_caller_goes_on_before_who_listens_gets_the_answer(shop):
    ann, bob = shop.listen("ann"), shop.listen("bob")
    await shop.submit([order("o1", "leek", "bob"), view("e1")])
    assert (shop.delivery.delivered, ann.messages) == (0, [])
    await shop.delivery.flush()
    assert ann.types == ["RECOMMENDATION_UPDATE"]
    assert shop.delivery.delivered == 1
    assert bob.messages == []


async def test_a_view_known_already_is_not_answered_again(shop):
    ann = shop.listen("ann")
    await shop.submit([view("e1")])
    await shop.submit([view("e1")])
    await shop.pipeline.stop()
    assert len(ann.messages) == shop.delivery.delivered == 1


async def test_what_the_journal_had_already_is_not_answered(tmp_path: Path):
    async with kept_in(tmp_path / "market.db") as journal:
        async with Shop(journal) as first:
            await first.submit([view("e1")])
        second = Shop(journal)
        second.listen("ann")
        await second.pipeline.replay()
        assert second.pipeline.waiting == 0


async def test_answers_that_wait_count_until_they_are_cleared_and_what_is_recorded_stays():
    async with Shop(MemoryJournal(), 10) as shop:
        shop.listen("ann")
        searches = [
            Action(event_id=f"e{n}", user_id="ann", action=UserAction.SEARCH, entity_id=f"{n}")
            for n in range(10)
        ]
        await shop.submit(searches)
        assert shop.pipeline.waiting == 10
        with pytest.raises(TooBusy, match="10 facts and reactions are waiting"):
            await shop.submit([order("o1")])
        assert shop.delivery.clear() == 10
        assert await shop.submit([order("o1")]) == [Verdict.ACCEPTED]
        assert shop.engine.tally.total == 10
    assert shop.delivery.delivered == 0


class Follower:
    """Someone who follows what comes of facts, and notes it."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting
        self.noted: list[object] = []

    def start(self) -> None:
        self.noted.append("start")

    async def stop(self) -> None:
        self.noted.append("stop")

    def take(self, effects: Effects) -> None:
        self.noted.append(effects)

    def forget(self, user_id: str) -> None:
        self.noted.append(f"forget {user_id}")


async def test_all_who_follow_are_told_what_came_of_each_commit_and_whom_to_forget():
    shop = Shop(MemoryJournal())
    followers = Follower(), Follower()
    shop.pipeline = Pipeline(shop.engine, shop.journal, followers, shop.clock)
    async with shop:
        await shop.submit([view("e1"), order("o1"), order("o1", "leek")])
        [at] = [record.at for record in await shop.records() if record.fact == view("e1")]
        await shop.pipeline.erase("ann")
    for follower in followers:
        assert follower.noted == [
            "start",
            Effects(products=list(NAMES), farms=["hill"]),
            Effects([Deed(view("e1"), at, False)], [view("e1")], buyers=["ann"], shoppers=["ann", "ann"]),
            Effects(),
            "forget ann",
            Effects(erasures=1),
            "stop",
        ]


async def test_what_those_who_follow_have_to_do_counts_as_waiting():
    shop = Shop(MemoryJournal())
    followers = Follower(4), Follower(5)
    shop.pipeline = Pipeline(shop.engine, shop.journal, followers, shop.clock, 10)
    async with shop:
        assert (shop.pipeline.waiting, shop.pipeline.full) == (9, False)
        followers[0].waiting += 1
        with pytest.raises(TooBusy, match="10 facts and reactions are waiting"):
            await shop.submit([order("o1")])


async def test_what_is_applied_in_slices_is_told_as_one():
    shop = Shop(MemoryJournal())
    follower = Follower()
    shop.pipeline = Pipeline(shop.engine, shop.journal, (follower,), shop.clock)
    async with shop:
        await shop.submit([order(f"o{number}") for number in range(2 * SLICE + 1)])
    everyone = ["ann"] * (2 * SLICE + 1)
    assert follower.noted[2:-1] == [Effects(buyers=everyone, shoppers=everyone)]


async def test_own_handlers_are_called_after_what_is_new_and_not_repeated_at_once():
    shop = Shop(MemoryJournal())
    called, counted = [], []

    async def note(event):
        called.append(event.action.event_id)
        counted.append(shop.engine.tally.total)

    handlers = Handlers([Handler("note", frozenset({UserAction.VIEW_PRODUCT}), note)], shop.delivery)
    noon = NOON.timestamp()
    shop.pipeline = Pipeline(shop.engine, shop.journal, (shop.delivery, handlers), lambda: noon)
    async with shop:
        await shop.submit([view("e1"), view("e1"), view("e2"), view("e3", "leek"), order("o1")])
        assert (shop.pipeline.waiting, called) == (2, [])
        await shop.submit([view("e1")])
    assert (called, counted) == (["e1", "e3"], [3, 3])
    again = Pipeline(Engine(), shop.journal, (shop.delivery, handlers), shop.clock)
    assert await again.replay() == len(CATALOGUE) + 4
    assert again.waiting == 0


async def test_calls_of_handlers_count_while_they_wait_and_none_is_lost_at_the_end():
    shop = Shop(MemoryJournal())
    go_on = asyncio.Event()

    async def wait(_event):
        await go_on.wait()

    handlers = Handlers([Handler("wait", frozenset(UserAction), wait)], shop.delivery)
    shop.pipeline = Pipeline(shop.engine, shop.journal, (shop.delivery, handlers), shop.clock, 10)
    async with shop:
        await shop.submit([view(f"e{number}", user_id=f"shopper {number}") for number in range(11)])
        with pytest.raises(TooBusy, match="are waiting, which is more than this server takes"):
            await shop.submit([view("one more")])
        go_on.set()
    assert (handlers.called, shop.pipeline.waiting) == (11, 0)


async def test_it_knows_how_long_an_action_takes():
    shop = Shop(MemoryJournal())
    async with shop:
        await shop.submit([order("o1")])
        assert shop.pipeline.calls.average_seconds == 0
        await shop.submit([order("o2"), view("e1")])
    assert 0 < shop.pipeline.calls.average_seconds < 10


async def test_it_measures_anew_when_it_is_told_to(shop):
    await shop.submit([view("e1")])
    assert shop.pipeline.calls.average_seconds > 0
    shop.pipeline.calls.reset()
    assert shop.pipeline.calls.average_seconds == 0


async def test_a_pipeline_goes_on_where_its_engine_is(tmp_path: Path):
    async with kept_in(tmp_path / "market.db") as journal:
        async with Shop(journal) as first:
            await first.submit([order("o1")])
        assert await Shop(journal, position=len(CATALOGUE)).pipeline.replay() == 1
        assert await Shop(journal, position=len(CATALOGUE) + 1).pipeline.replay() == 0


async def test_snapshots_follow_what_is_applied_and_forget_who_is_erased(tmp_path: Path):
    mark, snapshots = tmp_path / "marks", Snapshots(tmp_path / "market.snapshot")
    command = (sys.executable, "-c", f"open({str(mark)!r}, 'a').write('x')")
    journal = MemoryJournal()

    def made(expected: int) -> Callable[[], bool]:
        return lambda: mark.exists() and mark.stat().st_size == expected

    snapshotting = Snapshotting(snapshots, command, {}, journal="j", every=20)
    await journal.append([Entry(1.0, (order(f"o{number}"),)) for number in range(20)])
    async with Shop(journal, position=20, snapshotting=snapshotting) as shop:
        await until(made(1))
        await shop.submit([view(f"e{number}") for number in range(20)])
        await until(made(2))
        snapshots.path.write_bytes(b"ann")
        await shop.pipeline.erase("ann")
        assert not snapshots.path.exists()
        await until(made(3))


async def test_a_snapshot_that_knew_more_than_the_engine_is_dropped_too(tmp_path: Path, postgres_url):
    one, other = [await PostgresJournal.open(postgres_url) for _ in range(2)]
    snapshots = Snapshots(tmp_path / "market.snapshot")
    never = Tail(seconds=3_600)
    async with Shop(
        one, snapshotting=Snapshotting(snapshots, (), {}, journal="j", every=0), tail=never
    ) as shop:
        await other.append([Entry(1.0, (order("o1"),))])
        snapshots.path.write_bytes(b"ann")
        await other.erase("ann", 9)
        await shop.pipeline.catch_up()
        await until(lambda: not snapshots.path.exists())
    await one.close()
    await other.close()


async def test_of_who_is_erased_nothing_is_left_and_nothing_is_sent(shop):
    ann, bob = shop.listen("ann"), shop.listen("bob")
    ann.ready = False
    await shop.submit([order("o1"), order("o2", "leek", "bob"), view("e1"), view("e2", "leek", "bob")])
    assert await shop.pipeline.erase("ann") == 2
    await shop.pipeline.stop()
    ann.ready = True
    for connection in shop.hub.of_user("ann"):
        connection.drained()
    assert ann.messages == []
    assert len(bob.messages) == 1
    assert (shop.engine.has_order("o1"), shop.engine.has_order("o2")) == (False, True)
    assert [fact for fact in await shop.facts() if getattr(fact, "user_id", "") == "ann"] == []
    assert shop.engine.tally.total == 2


class Gated(MemoryJournal):
    """A journal whose commits wait until it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def append(self, entries: Sequence[Entry]) -> Kept:
        await self.open.wait()
        return await super().append(entries)


class Away(MemoryJournal):
    """A journal that cannot be had."""

    async def append(self, entries: Sequence[Entry]) -> Kept:
        raise JournalUnavailable(f"{len(entries)} came while it was away")


async def test_while_the_journal_is_away_what_is_noted_of_it_has_an_end():
    shop = Shop(Away(), capacity=5)
    shop.pipeline.start()
    for number in range(20):
        with pytest.raises(JournalUnavailable):
            await shop.submit([view(f"e{number}")])
    assert len(shop.pipeline._unsure) == 5
    await shop.pipeline.stop()


async def test_what_was_submitted_before_an_erasure_is_erased_with_the_rest():
    async with Shop(Gated()) as shop:
        shop.journal.open.clear()
        calls = []
        for user_id in ("bob", "ann"):
            calls.append(asyncio.create_task(shop.submit([view(f"by {user_id}", user_id=user_id)])))
            # Lets the writer begin with the first before the second is there.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        erasing = asyncio.create_task(shop.pipeline.erase("ann"))
        await asyncio.sleep(0)
        shop.journal.open.set()
        assert await asyncio.gather(*calls) == [[Verdict.ACCEPTED]] * 2
        assert await erasing == 1
        assert (await shop.facts())[-3:] == [
            view("by bob", user_id="bob"),
            Erased(action=UserAction.VIEW_PRODUCT),
            forgotten("ann"),
        ]


async def test_who_is_erased_does_not_come_back_by_being_sent_again(shop):
    await shop.submit([order("o1"), view("e1")])
    await shop.pipeline.erase("ann")
    assert await shop.submit([order("o1"), view("e1")]) == [Verdict.DUPLICATE] * 2
    assert await shop.pipeline.erase("ann") == 0
    assert (shop.engine.has_order("o1"), shop.engine.tally.total) == (False, 1)


async def test_an_erasure_that_is_not_done_yet_says_so_and_the_next_one_ends_it(tmp_path: Path):
    path = tmp_path / "market.db"
    async with kept_in(path, patience=0.01) as journal, Shop(journal) as shop:
        await shop.submit([order("o1"), view("e1")])
        async with locking(path) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM journal").fetchall()
            with pytest.raises(JournalUnavailable, match="what was erased still stands in"):
                await shop.pipeline.erase("ann")
            assert not shop.engine.has_order("o1")
            assert await shop.submit([order("o2", user_id="bob")]) == [Verdict.ACCEPTED]
        assert await shop.pipeline.erase("ann") == 0
        assert b'"ann"' not in b"".join(each.read_bytes() for each in tmp_path.iterdir())
