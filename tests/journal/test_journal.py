"""What every journal does, whatever it is made of."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from punnet.journal import BATCH, Journal, Verdict, key_of
from punnet.journal.memory import MemoryJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.market import (
    Action,
    EntityType,
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
    UserAction,
)

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
)


def records(*facts: Fact, at: float = 1e9) -> list[Record]:
    return [Record(at=at + step / 7, fact=fact) for step, fact in enumerate(facts)]


def read(journal: Journal) -> list[Record]:
    return [record for batch in journal.read() for record in batch]


def of_memory(_: Path) -> MemoryJournal:
    return MemoryJournal()


def of_sqlite(folder: Path) -> SqliteJournal:
    return SqliteJournal(folder / "market.db")


@pytest.fixture(params=[of_memory, of_sqlite])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    make: Callable[[Path], Journal] = request.param
    journal = make(tmp_path)
    yield journal
    journal.close()


def test_an_empty_journal_reads_nothing(journal):
    assert read(journal) == []
    assert journal.append([]) == []


def test_every_kind_of_fact_comes_back_as_it_went_in(journal):
    kept = records(*FACTS)
    assert journal.append(kept) == [Verdict.ACCEPTED] * len(FACTS)
    assert read(journal) == kept


def test_records_come_back_in_the_order_they_were_appended(journal):
    first, second = records(order("z"), action("m"), FARM, at=500), records(order("a"), FARM, at=100)
    journal.append(first)
    journal.append(second)
    assert read(journal) == first + second


def test_the_same_order_again_is_a_duplicate_and_not_kept(journal):
    journal.append(records(order("o1"), FARM))
    assert journal.append(records(order("o2"), order("o1"), at=2e9)) == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert [record.fact for record in read(journal)] == [order("o1"), FARM, order("o2")]


def test_the_very_same_record_again_is_a_duplicate(journal):
    again = records(order("o1"), action("e1"))
    assert journal.append([*again, *again]) == [Verdict.ACCEPTED] * 2 + [Verdict.DUPLICATE] * 2
    assert journal.append(again) == [Verdict.DUPLICATE] * 2
    assert read(journal) == again


def test_an_order_twice_in_one_batch_is_kept_once(journal):
    verdicts = journal.append(records(order("o1"), order("o1"), order("o1", quantity=3)))
    assert verdicts == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.CONFLICT]
    assert [record.fact for record in read(journal)] == [order("o1")]


def test_a_known_id_with_other_content_is_a_conflict_and_changes_nothing(journal):
    journal.append(records(order("o1"), action("e1", category="Greens")))
    again = records(order("o1", quantity=1), action("e1", category="Herbs"), action("e2"))
    assert journal.append(again) == [Verdict.CONFLICT, Verdict.CONFLICT, Verdict.ACCEPTED]
    kept = [order("o1"), action("e1", category="Greens"), action("e2")]
    assert [record.fact for record in read(journal)] == kept


def test_the_order_of_metadata_makes_no_difference(journal):
    journal.append(records(action("e1", a=1, b=2)))
    assert journal.append(records(action("e1", b=2, a=1))) == [Verdict.DUPLICATE]


def test_an_order_and_an_action_may_share_an_id(journal):
    assert journal.append(records(order("x"), action("x"))) == [Verdict.ACCEPTED] * 2


def test_the_catalogue_may_say_the_same_twice(journal):
    assert journal.append(records(FARM, PRODUCT, FARM, PRODUCT)) == [Verdict.ACCEPTED] * 4
    assert len(read(journal)) == 4


def test_a_long_journal_is_read_in_batches(journal):
    kept = records(*(action(f"e{number}") for number in range(BATCH + 10)))
    journal.append(kept)
    batches = list(journal.read())
    assert [len(batch) for batch in batches] == [BATCH, 10]
    assert [record for batch in batches for record in batch] == kept


def test_only_orders_and_actions_are_known_again():
    assert [key_of(fact) for fact in FACTS] == [None, None, None, None, "order:o1", "event:e1", None]
