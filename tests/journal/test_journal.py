"""What every journal does, whatever it is made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from msgspec import structs

from punnet.journal import BATCH, Entry, Journal, Letter, Verdict, forgotten, key_of
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import (
    Action,
    EntityType,
    Erased,
    Fact,
    Farm,
    FarmChange,
    FarmPatch,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    Record,
    Removal,
    Reset,
    ResetType,
    UserAction,
)
from tests.servers.postgres import Given

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FARM = Farm(id="hill", name="Hill Farm", latitude=39.1, longitude=-84.5, region="Høje")
PRODUCT = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2.5, created_at=NOON)


def order(order_id: str, quantity: float = 2) -> Order:
    line = OrderLine(product_id="kale", quantity=quantity, unit_price=2.5)
    return Order(id=order_id, user_id="ann", placed_at=NOON, lines=(line,))


def action(event_id: str, **metadata: object) -> Action:
    return Action(event_id=event_id, user_id="ann", action=UserAction.SEARCH, metadata=metadata)


FACTS: tuple[Fact, ...] = (
    FARM,
    PRODUCT,
    FarmChange(id="hill", patch=FarmPatch(name="Low Farm", region=None)),
    ProductChange(id="kale", patch=ProductPatch(price=2.25, stock=None)),
    order("o1"),
    action("e1", searchQuery="grünkohl \u0000 \U0001f96c", deep={"list": [1, 2.5, None, True, 2**80]}),
    Removal(entity_type=EntityType.PRODUCT, id="kale"),
    Reset(reset_type=ResetType.ALL),
)


def records(*facts: Fact, at: float = 1e9) -> list[Record]:
    return [Record(at=at + step / 7, fact=fact) for step, fact in enumerate(facts)]


async def append(journal: Journal, records: Sequence[Record]) -> list[Verdict]:
    entries = [Entry(record.at, (record.fact,)) for record in records]
    return (await journal.append(entries)).verdicts


async def read(journal: Journal) -> list[Record]:
    return [record async for batch in journal.read() for record in batch.records]


@asynccontextmanager
async def of_memory(_: pytest.FixtureRequest) -> AsyncIterator[MemoryJournal]:
    yield MemoryJournal()


@asynccontextmanager
async def of_sqlite(request: pytest.FixtureRequest) -> AsyncIterator[SqliteJournal]:
    yield await SqliteJournal.open(request.getfixturevalue("tmp_path") / "market.db")


@asynccontextmanager
async def of_postgres(request: pytest.FixtureRequest) -> AsyncIterator[PostgresJournal]:
    server: Given = request.getfixturevalue("postgres")
    async with server.database() as url:
        yield await PostgresJournal.open(url)


@pytest.fixture(params=[of_memory, of_sqlite, of_postgres])
async def journal(request: pytest.FixtureRequest) -> AsyncIterator[Journal]:
    async with request.param(request) as journal:
        yield journal
        await journal.close()


async def test_an_empty_journal_reads_nothing(journal):
    assert await read(journal) == []
    assert await append(journal, []) == []


async def test_every_kind_of_fact_comes_back_as_it_went_in(journal):
    kept = records(*FACTS)
    assert await append(journal, kept) == [Verdict.ACCEPTED] * len(FACTS)
    assert await read(journal) == kept


async def test_records_come_back_in_the_order_they_were_appended(journal):
    first, second = records(order("z"), action("m"), FARM, at=500), records(order("a"), FARM, at=100)
    await append(journal, first)
    await append(journal, second)
    assert await read(journal) == first + second


async def test_the_same_order_again_is_a_duplicate_and_not_kept(journal):
    await append(journal, records(order("o1"), FARM))
    assert await append(journal, records(order("o2"), order("o1"), at=2e9)) == [
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
    ]
    assert [record.fact for record in await read(journal)] == [order("o1"), FARM, order("o2")]


async def test_the_very_same_record_again_is_a_duplicate(journal):
    again = records(order("o1"), action("e1"))
    assert await append(journal, [*again, *again]) == [Verdict.ACCEPTED] * 2 + [Verdict.DUPLICATE] * 2
    assert await append(journal, again) == [Verdict.DUPLICATE] * 2
    assert await read(journal) == again


async def test_an_order_twice_in_one_batch_is_kept_once(journal):
    verdicts = await append(journal, records(order("o1"), order("o1"), order("o1", quantity=3)))
    assert verdicts == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.CONFLICT]
    assert [record.fact for record in await read(journal)] == [order("o1")]


async def test_a_known_id_with_other_content_is_a_conflict_and_changes_nothing(journal):
    await append(journal, records(order("o1"), action("e1", category="Greens")))
    again = records(order("o1", quantity=1), action("e1", category="Herbs"), action("e2"))
    assert await append(journal, again) == [Verdict.CONFLICT, Verdict.CONFLICT, Verdict.ACCEPTED]
    kept = [order("o1"), action("e1", category="Greens"), action("e2")]
    assert [record.fact for record in await read(journal)] == kept


async def test_the_order_of_metadata_makes_no_difference(journal):
    await append(journal, records(action("e1", a=1, b=2)))
    assert await append(journal, records(action("e1", b=2, a=1))) == [Verdict.DUPLICATE]


async def test_an_order_and_an_action_may_share_an_id(journal):
    assert await append(journal, records(order("x"), action("x"))) == [Verdict.ACCEPTED] * 2


async def test_the_catalogue_may_say_the_same_twice(journal):
    assert await append(journal, records(FARM, PRODUCT, FARM, PRODUCT)) == [Verdict.ACCEPTED] * 4
    assert len(await read(journal)) == 4


async def test_a_long_journal_is_read_in_batches(journal):
    kept = records(*(action(f"e{number}") for number in range(BATCH + 10)))
    await append(journal, kept)
    batches = [batch async for batch in journal.read()]
    assert [len(batch.records) for batch in batches] == [BATCH, 10]
    assert [record for batch in batches for record in batch.records] == kept


async def test_only_orders_and_actions_are_known_again():
    assert [key_of(fact) for fact in FACTS] == [None, None, None, None, "o:o1", "e:e1", None, None]


def purchase(event_id: str, bought: Order) -> tuple[Fact, ...]:
    by = UserAction.COMPLETE_PURCHASE
    return bought, Action(event_id=event_id, user_id=bought.user_id, action=by, entity_id=bought.id)


def letter(order_id: str, user_id: str = "ann") -> Letter:
    return Letter(id=order_id, user_id=user_id, address=f"{user_id}@example.org")


async def facts(journal: Journal) -> list[Fact]:
    return [record.fact for record in await read(journal)]


async def test_what_lies_behind_a_position_is_read_alone(journal):
    first = await journal.append([Entry(1, (FARM,)), Entry(1, (PRODUCT,))])
    second = await journal.append([Entry(2, purchase("e1", order("o1"))), Entry(3, (FARM,))])
    (batch,) = [batch async for batch in journal.read(first.last)]
    assert [record.at for record in batch.records] == [2, 2, 3]
    assert batch.last == second.last
    assert [batch async for batch in journal.read(second.last)] == []


async def test_an_entry_is_known_by_its_last_fact(journal):
    bought = purchase("e1", order("o1"))
    assert (await journal.append([Entry(1, bought), Entry(1, bought)])).verdicts == [
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
    ]
    later = structs.replace(order("o1"), placed_at=NOON.replace(hour=13))
    assert (await journal.append([Entry(2, purchase("e1", later))])).verdicts == [Verdict.DUPLICATE]
    assert await facts(journal) == list(bought)


async def test_an_entry_is_kept_whole_or_not_at_all(journal):
    await append(journal, records(action("e1"), order("o1")))
    entries = [Entry(1, purchase("e1", order("o2"))), Entry(1, purchase("e2", order("o1", quantity=9)))]
    assert (await journal.append(entries)).verdicts == [Verdict.CONFLICT] * 2
    assert await facts(journal) == [action("e1"), order("o1")]


async def test_an_order_that_is_there_already_is_not_kept_twice(journal):
    await append(journal, records(order("o1")))
    later = structs.replace(order("o1"), placed_at=NOON.replace(hour=13))
    bought = purchase("e1", later)
    assert (await journal.append([Entry(1, bought)])).verdicts == [Verdict.ACCEPTED]
    assert await facts(journal) == [order("o1"), bought[1]]


async def test_what_is_known_can_be_found(journal):
    await append(journal, records(order("o1"), action("e1"), FARM))
    assert [await journal.find(key) for key in ("o:o1", "e:e1", "o:e1")] == [order("o1"), action("e1"), None]


async def test_a_letter_is_due_from_the_moment_its_purchase_is_kept_until_it_is_sent(journal):
    kept = [Entry(5, purchase(f"e{number}", order(f"o{number}")), letter(f"o{number}")) for number in (2, 1)]
    await journal.append([*kept, Entry(4, purchase("e3", order("o3")), letter("o3"))])
    assert await journal.letters(3.9, 10) == []
    assert [owed.id for owed in await journal.letters(4, 10)] == ["o3"]
    assert {owed.id for owed in await journal.letters(5, 10)} == {"o1", "o2", "o3"}
    assert [owed.id for owed in await journal.letters(5, 1)] == ["o3"]
    await journal.postpone("o3", until=60)
    await journal.sent("o1")
    assert await journal.letters(59, 10) == [letter("o2")]
    assert await journal.letters(60, 10) == [letter("o2"), structs.replace(letter("o3"), attempts=1)]


async def test_a_letter_that_was_sent_is_not_postponed_by_who_tried_before_that(journal):
    await journal.append([Entry(1, purchase("e1", order("o1")), letter("o1"))])
    await journal.sent("o1")
    await journal.postpone("o1", 2)
    assert await journal.letters(9, 10) == []


async def test_of_a_letter_that_was_erased_nothing_more_is_noted(journal):
    await journal.append([Entry(1, purchase("e1", order("o1")), letter("o1"))])
    await journal.erase("ann", 9)
    await journal.postpone("o1", 2)
    await journal.sent("o1")
    assert await journal.letters(9, 10) == []


async def test_an_order_gets_one_letter_and_what_is_not_kept_gets_none(journal):
    bought = purchase("e1", order("o1"))
    await journal.append([Entry(1, bought, letter("o1")), Entry(1, bought, letter("o1"))])
    await journal.sent("o1")
    await journal.append([Entry(2, purchase("e2", order("o1")), letter("o1"))])
    await journal.append([Entry(2, purchase("e1", order("o9")), letter("o9"))])
    assert await journal.letters(9, 10) == []


async def test_the_records_of_a_shopper_are_told_alone(journal):
    other = structs.replace(order("o2"), user_id="bob")
    kept = records(FARM, order("o1"), other, action("e1", userId="bob"))
    await append(journal, kept)
    assert await journal.records_of("ann") == [kept[1], kept[3]]
    assert await journal.records_of("bob") == [kept[2]]
    assert await journal.records_of("cem") == []


async def test_of_who_is_erased_stays_that_something_was(journal):
    bob = structs.replace(action("e2"), user_id="bob")
    await append(journal, records(order("o1"), FARM, bob, action("e1")))
    await journal.append([Entry(7, purchase("e3", order("o3")), letter("o3"))])
    assert journal.erasures == 0
    assert await journal.erase("ann", 9) == 4
    await journal.scrub()
    assert journal.erasures == 1
    gone = Erased(), Erased(action=UserAction.SEARCH), Erased(), Erased(action=UserAction.COMPLETE_PURCHASE)
    assert await facts(journal) == [gone[0], FARM, bob, *gone[1:], forgotten("ann")]
    assert await journal.letters(9, 10) == []
    assert await journal.records_of("ann") == []


async def test_what_was_erased_does_not_come_back_when_it_is_sent_again(journal):
    await append(journal, records(order("o1"), action("e1", searchQuery="kale")))
    await journal.erase("ann", 9)
    again = records(order("o1", quantity=9), action("e1"), action("e2"))
    assert await append(journal, again) == [Verdict.DUPLICATE, Verdict.DUPLICATE, Verdict.ACCEPTED]
    assert isinstance(await journal.find("o:o1"), Erased)
