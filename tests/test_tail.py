"""Several pipelines on one journal, each as in a process of its own; of one alone is test_pipeline.py."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing

import pytest
from redis import Redis

from punnet import tail as module
from punnet.bell import Bell
from punnet.engine import snapshot
from punnet.errors import JournalUnavailable
from punnet.handlers.handlers import Handlers
from punnet.handlers.registry import Handler
from punnet.journal import Entry, Verdict
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.market import UserAction
from punnet.pipeline import SLICE, Pipeline
from punnet.snapshots import Snapshots
from punnet.snapshotting import Snapshotting
from punnet.tail import SECONDS, Tail
from tests.journal.test_postgres import answers_lost, run
from tests.servers.postgres import Throwaway
from tests.test_pipeline import CATALOGUE, NAMES, NOON, Follower, Shop, order, view
from tests.waiting import until

NEVER = 3_600.0
"""Seconds that no test waits."""


@pytest.fixture(scope="module")
def server() -> Iterator[Throwaway]:
    """A PostgreSQL to stop."""
    with closing(Throwaway()) as server:
        yield server


class Process(Shop):
    """What of a process has to do with the journal; it notes what follows, and handles views."""

    def __init__(
        self,
        journal: PostgresJournal,
        clock: Callable[[], float] = time.time,
        bell: Bell | None = None,
        tail_seconds: float = SECONDS,
        **known: object,
    ) -> None:
        super().__init__(journal, clock=clock)
        self.follower = Follower()
        self.handled: list[str] = []
        note = Handler("note", frozenset({UserAction.VIEW_PRODUCT}), self._note)
        handling = (Handlers([note], self.delivery),)
        following = self.delivery, self.follower
        self.pipeline = Pipeline(
            self.engine, journal, following, clock, handling=handling, tail=Tail(bell, tail_seconds), **known
        )

    async def _note(self, event) -> None:
        self.handled.append(event.action.event_id)

    @property
    def followed(self) -> list[str]:
        """The ids of the actions that followers were told of."""
        told = [each for each in self.follower.noted if not isinstance(each, str)]
        return [deed.action.event_id for effects in told for deed in effects.deeds]

    @property
    def position(self) -> int:
        """Up to where in the journal it is."""
        return self.pipeline._position

    async def __aenter__(self) -> "Process":
        self.pipeline.start()
        return self

    def learned(self) -> bytes:
        """Return all that its engine made of the journal."""
        return snapshot.dump(self.engine)


@asynccontextmanager
async def processes(
    *urls: str, own: Sequence[Mapping[str, object]] = ({}, {}, {}), **known: object
) -> AsyncIterator[list[Process]]:
    """Yield a process for each URL, all of the same market, which is open in all; what `own` each has."""
    async with AsyncExitStack() as stack:
        started = []
        for url, more in zip(urls, own, strict=False):
            journal = await PostgresJournal.open(url)
            stack.push_async_callback(journal.close)
            started.append(await stack.enter_async_context(Process(journal, **known, **more)))
        await started[0].submit(CATALOGUE)
        for process in started:
            await process.pipeline.catch_up()
            process.follower.noted.clear()
        yield started


async def test_what_one_took_in_is_applied_followed_and_delivered_by_the_other_in_order_and_once(
    postgres_url,
):
    async with processes(postgres_url, postgres_url) as (one, other):
        wires = [process.listen("ann") for process in (one, other)]
        ids = [f"e-{name}" for name in NAMES]
        for name in NAMES:
            await one.submit([view(f"e-{name}", name)])
        await until(lambda: other.delivery.delivered == len(NAMES))
        assert one.followed == other.followed == ids
    for wire in wires:
        assert wire.types == ["RECOMMENDATION_UPDATE"] * len(NAMES)
    assert one.learned() == other.learned()
    assert (one.delivery.delivered, other.delivery.delivered) == (len(NAMES), len(NAMES))


async def test_what_several_take_in_at_once_is_the_same_market_for_all(postgres_url):
    async with processes(*[postgres_url] * 3) as shops:
        calls = [
            shop.submit(
                [
                    view(f"e{number}-{at}", NAMES[number % 4], f"shopper {number % 5}"),
                    order(f"o{number}-{at}"),
                ]
            )
            for number in range(20)
            for at, shop in enumerate(shops)
        ]
        await asyncio.gather(*calls)
        last = len(CATALOGUE) + 2 * len(calls)
        await until(lambda: {shop.position for shop in shops} == {last})
    first, *others = [shop.learned() for shop in shops]
    assert others == [first, first]
    followed = shops[0].followed
    assert Counter(followed) == Counter(f"e{number}-{at}" for number in range(20) for at in range(3))
    assert shops[1].followed == shops[2].followed == followed


async def test_the_same_action_at_both_within_half_a_second_is_reacted_to_once(postgres_url):
    async with processes(postgres_url, postgres_url, clock=NOON.timestamp) as (one, other):
        wires = [process.listen("ann") for process in (one, other)]
        await one.submit([view("e1")])
        await other.submit([view("e2"), view("e3", "leek")])
        await asyncio.gather(one.submit([view("e4", "beet")]), other.submit([view("e5", "beet")]))
        await until(lambda: one.position == other.position)
    for process, wire in zip((one, other), wires, strict=True):
        assert (process.engine.tally.total, process.engine.debounced) == (5, 2)
        assert wire.types == ["RECOMMENDATION_UPDATE"] * 3
    assert sorted(one.handled + other.handled) in (["e1", "e3", "e4"], ["e1", "e3", "e5"])


async def test_own_handlers_are_called_where_the_action_was_taken_in_and_nowhere_else(postgres_url):
    async with processes(postgres_url, postgres_url) as (one, other):
        for number, name in enumerate(NAMES):
            shop = (one, other)[number % 2]
            assert await shop.submit([view(f"e{number}", name)]) == [Verdict.ACCEPTED]
        assert await one.submit([view("e1", "leek")]) == [Verdict.DUPLICATE]
        await until(lambda: one.followed == other.followed == ["e0", "e1", "e2", "e3"])
    assert (one.handled, other.handled) == (["e0", "e2"], ["e1", "e3"])


@pytest.mark.parametrize("is_sent_again", [False, True])
async def test_own_handlers_are_called_once_when_the_answer_to_a_commit_was_lost(
    postgres_url, is_sent_again, caplog
):
    async with (
        answers_lost(postgres_url) as (lossy, cut),
        processes(lossy, postgres_url) as (one, other),
    ):
        cut.set()
        with pytest.raises(JournalUnavailable):
            await one.submit([view("e1")])
        cut.clear()
        if is_sent_again:
            assert await one.submit([view("e1")]) == [Verdict.DUPLICATE]
            assert await other.submit([view("e1")]) == [Verdict.DUPLICATE]
        await until(lambda: one.followed == other.followed == ["e1"])
        await one.submit([view("e2", "leek")])
    assert (one.handled, other.handled) == (["e1", "e2"], [])


async def test_what_could_not_be_kept_here_and_was_taken_in_elsewhere_is_handled_there_alone(
    postgres_url, caplog
):
    async with processes(postgres_url, postgres_url) as (one, other):
        await run(postgres_url, "ALTER TABLE journal ADD CONSTRAINT calm CHECK (key <> 'e:e1')")
        with pytest.raises(JournalUnavailable, match="violates check constraint"):
            await one.submit([view("e1")])
        await run(postgres_url, "ALTER TABLE journal DROP CONSTRAINT calm")
        # Who was refused here comes to another process, with the same.
        assert await other.submit([view("e1")]) == [Verdict.ACCEPTED]
        await until(lambda: one.followed == ["e1"])
        await one.submit([view("e2", "leek")])
    assert (one.handled, other.handled) == (["e2"], ["e1"])


async def test_a_bell_has_the_others_look_at_once(postgres_url, valkey):
    bells = [Bell(valkey.url, "market of this test") for _ in range(2)]
    own = [{"bell": bell} for bell in bells]
    async with processes(postgres_url, postgres_url, own=own, tail_seconds=NEVER) as (one, other):
        for bell in bells:
            bell.start()
        with Redis(port=valkey.port) as asking:
            await until(lambda: asking.pubsub_numsub(bells[0]._channel)[0][1] == 2)
        await one.submit([order("o1")])
        await until(lambda: other.engine.has_order("o1"))
        await other.pipeline.erase("ann")
        await until(lambda: not one.engine.knows("ann"))
        for bell in bells:
            await bell.stop()


async def test_a_bell_that_tells_nothing_new_has_nobody_look(postgres_url, valkey):
    bell = Bell(valkey.url, "a bell that the test rings itself")
    async with processes(postgres_url, postgres_url, own=[{}, {"bell": bell}], tail_seconds=NEVER) as (
        one,
        other,
    ):
        bell.reached = other.position
        await one.submit([order("o1")])
        for _ in range(2):
            # Who looked the first time would have read by the second.
            bell.rung.set()
            await until(lambda: not bell.rung.is_set())
        assert not other.engine.has_order("o1")
        bell.reached = one.position
        bell.rung.set()
        await until(lambda: other.engine.has_order("o1"))


async def test_a_database_that_is_stopped_is_told_once_and_nothing_is_lost(server, caplog, monkeypatch):
    monkeypatch.setattr(module, "TRY_AGAIN_SECONDS", 0.01)
    async with server.database() as url, processes(url, url, tail_seconds=0.01) as (one, other):
        await one.submit([order("o1")])
        server.stop()
        await until(lambda: one.pipeline.failing and other.pipeline.failing)
        with pytest.raises(JournalUnavailable):
            await one.submit([order("o2")])
        server.start()
        assert await other.submit([order("o3")]) == [Verdict.ACCEPTED]
        assert await one.submit([order("o2")]) == [Verdict.ACCEPTED]
        await until(lambda: one.position == other.position == len(CATALOGUE) + 3)
        await until(lambda: not (one.pipeline.failing or other.pipeline.failing))
        for shop in (one, other):
            assert all(shop.engine.has_order(name) for name in ("o1", "o2", "o3"))
    said = Counter(caplog.messages)
    # Both may meet the server's farewell before they are refused; none says anything again.
    assert max(said.values()) <= 2
    assert said["the journal can be read again"] == 2


async def test_who_is_erased_in_one_is_forgotten_by_the_other(postgres_url, tmp_path):
    snapshots = Snapshots(tmp_path / "market.snapshot")
    own = {}, {"snapshotting": Snapshotting(snapshots, ("false",), {}, journal="j", every=0)}
    async with processes(postgres_url, postgres_url, own=own) as (one, other):
        ann, bob = other.listen("ann"), other.listen("bob")
        ann.ready = False
        await one.submit([order("o1"), view("e1"), view("e2", "leek", "bob")])
        await until(lambda: other.delivery.delivered == 2)
        snapshots.path.write_bytes(b"ann")
        assert await one.pipeline.erase("ann") == 2
        await until(lambda: not snapshots.path.exists())
        ann.ready = True
        for connection in other.hub.of_user("ann"):
            connection.drained()
        await until(lambda: one.position == other.position)
    assert "forget ann" in other.follower.noted
    assert (ann.messages, bob.types) == ([], ["RECOMMENDATION_UPDATE"])
    assert (other.engine.knows("ann"), other.engine.knows("bob")) == (False, True)
    assert one.learned() == other.learned()


async def test_who_was_erased_elsewhere_meanwhile_is_forgotten_with_the_next_that_comes_in(postgres_url):
    async with processes(postgres_url, postgres_url, tail_seconds=NEVER) as (one, other):
        await other.submit([order("o1")])
        assert await one.pipeline.erase("ann") == 1
        assert other.engine.knows("ann")
        await other.submit([view("e1", user_id="bob")])
        assert not other.engine.knows("ann")
        assert await other.submit([order("o1")]) == [Verdict.DUPLICATE]


async def test_who_gives_up_looking_disturbs_nothing(postgres_url):
    async with processes(postgres_url, postgres_url, tail_seconds=NEVER) as (one, other):
        await one.submit([view(f"e{number}") for number in range(3 * SLICE)])
        looking = asyncio.create_task(other.pipeline.catch_up())
        while other.engine.tally.total < SLICE:  # noqa: ASYNC110 (the middle of it is short)
            await asyncio.sleep(0)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        await other.pipeline.catch_up()
        assert other.engine.tally.total == 3 * SLICE
        assert other.followed == one.followed
        assert other.learned() == one.learned()


async def test_a_journal_that_is_not_shared_is_not_looked_at():
    async with Shop(MemoryJournal()) as shop:
        await shop.journal.append([Entry(1.0, (order("o1"),))])
        await shop.pipeline.catch_up()
        assert not shop.engine.has_order("o1")
