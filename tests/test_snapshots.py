"""Snapshots in a file: one is trusted only where it fits, and a start with one is as good as without."""

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet import snapshots as module
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.errors import BadFile, Unavailable
from punnet.journal import Entry, Reader
from punnet.journal.memory import MemoryJournal
from punnet.journal.postgres import PostgresJournal
from punnet.snapshots import TITLE, Header, Restored, Snapshots, restore
from tests.engine.facts import did, farm, order, product
from tests.state import state

FACTS = (farm(), product("leeks"), product("kale"), order("ann", "leeks"), did("bob", "VIEW_PRODUCT", "kale"))
BODY = b"the engine, in bytes"


def header(**known: object) -> Header:
    about = {
        "journal": "hill",
        "erasures": 0,
        "last": 7,
        "records": 7,
        "seal": "x",
        "shape": snapshot.shape(),
    }
    return Header(**{**about, "version": module.__version__, **known})


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "market.db.snapshot")


@pytest.fixture
def said(caplog):
    """Return what was logged since."""
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


def files(snapshots: Snapshots) -> list[str]:
    return sorted(path.name for path in snapshots.path.parent.iterdir())


# --------------------------------------------------------------------------------------------------- the file


def test_what_was_saved_is_loaded(snapshots, said):
    size = snapshots.save(header(), BODY)
    held = snapshots.load("hill", 0)
    assert (held.header, bytes(held.body)) == (header(), BODY)
    assert size == snapshots.path.stat().st_size
    assert files(snapshots) == ["market.db.snapshot"]
    assert said() == []


def test_the_latest_takes_the_place_of_the_former(snapshots):
    snapshots.save(header(), BODY)
    snapshots.save(header(last=8), BODY * 2)
    held = snapshots.load("hill", 0)
    assert (held.header.last, bytes(held.body)) == (8, BODY * 2)


def test_what_a_snapshot_is_of_is_told_without_loading_it(snapshots):
    assert snapshots.reached("hill") is None
    snapshots.save(header(last=8), BODY)
    assert snapshots.reached("hill") == 8
    assert snapshots.reached("dale") is None
    snapshots.path.write_bytes(b"something else")
    assert snapshots.reached("hill") is None


def test_what_another_process_is_writing_is_left_to_it(snapshots):
    unfinished = snapshots.path.with_name("market.db.snapshot.abc.new")
    unfinished.touch()
    with Snapshots(snapshots.path).turn():
        assert snapshots.load("hill", 0) is None
        assert unfinished.exists()
    assert snapshots.load("hill", 0) is None
    assert not unfinished.exists()


def test_without_a_file_there_is_none_and_nothing_is_said(snapshots, said):
    assert snapshots.load("hill", 0) is None
    assert said() == []


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"journal": "dale"}, "belongs to another journal"),
        ({"version": "0.0.9"}, "was written by another version of Punnet"),
        ({"shape": "0"}, "was written by another version of Punnet"),
        ({"journal": "dale", "erasures": 3}, "belongs to another journal"),
    ],
)
def test_what_does_not_fit_is_set_aside_and_said(snapshots, said, known, why):
    snapshots.save(header(**known), BODY)
    assert snapshots.load("hill", 0) is None
    assert files(snapshots) == ["market.db.snapshot.aside"]
    assert said() == [
        f"{snapshots.path} {why}; it was set aside as {snapshots.path}.aside, "
        "and the journal is replayed from its beginning"
    ]
    assert snapshots.load("hill", 0) is None
    assert len(said()) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no snapshot that this version of Punnet can read"),
        (b"punnet snapshot 2\n" + bytes(99), "is no snapshot that this version of Punnet can read"),
        (TITLE, "is damaged"),
        (TITLE + b"{}\n" + bytes(32), "is damaged"),
    ],
)
def test_what_is_no_snapshot_is_set_aside_and_said(snapshots, said, content, why):
    snapshots.path.write_bytes(content)
    assert snapshots.load("hill", 0) is None
    assert files(snapshots) == ["market.db.snapshot.aside"]
    (sentence,) = said()
    assert sentence.startswith(f"{snapshots.path} {why}; ")


def test_a_header_of_another_kind_is_set_aside(snapshots, said):
    class Older(msgspec.Struct):
        position: int

    snapshots.save(Older(7), BODY)
    assert snapshots.load("hill", 0) is None
    assert "is no snapshot that this version of Punnet can read" in said()[0]


def test_only_the_last_one_set_aside_stays(snapshots):
    for body in (BODY, BODY * 2):
        snapshots.save(header(journal="dale"), body)
        assert snapshots.load("hill", 0) is None
    assert files(snapshots) == ["market.db.snapshot.aside"]
    assert BODY * 2 in Path(f"{snapshots.path}.aside").read_bytes()


@given(st.data())
def test_a_changed_byte_or_a_missing_end_is_never_trusted(data):
    with TemporaryDirectory() as folder:
        snapshots = Snapshots(Path(folder) / "market.snapshot")
        size = snapshots.save(header(), BODY)
        content = bytearray(snapshots.path.read_bytes())
        if data.draw(st.booleans()):
            content = content[: data.draw(st.integers(0, size - 1))]
        else:
            content[data.draw(st.integers(0, size - 1))] ^= data.draw(st.integers(1, 255))
        snapshots.path.write_bytes(content)
        assert snapshots.load("hill", 0) is None
        assert Path(f"{snapshots.path}.aside").read_bytes() == content
        assert not snapshots.path.exists()


def test_one_from_before_an_erasure_is_deleted_and_said(snapshots, said):
    snapshots.save(header(), BODY)
    assert snapshots.load("hill", 1) is None
    assert files(snapshots) == []
    assert said() == [
        f"{snapshots.path} may hold someone who was erased since; it was deleted, "
        "and the journal is replayed from its beginning"
    ]


def test_where_people_were_erased_nothing_is_set_aside(snapshots, said):
    snapshots.save(header(journal="dale"), BODY)
    snapshots.load("hill", 0)
    snapshots.path.write_bytes(b"not known whom it holds")
    assert snapshots.load("hill", 1) is None
    assert files(snapshots) == []
    assert "it was deleted" in said()[-1]


def test_what_a_killed_writer_left_is_cleared_away(snapshots):
    snapshots.path.with_name("market.db.snapshot.abc.new").write_bytes(b"half")
    snapshots.load("hill", 0)
    assert files(snapshots) == []


def test_deleted_is_everything(snapshots):
    snapshots.save(header(journal="dale"), BODY)
    snapshots.load("hill", 0)
    snapshots.save(header(), BODY)
    snapshots.path.with_name("market.db.snapshot.abc.new").write_bytes(b"half")
    snapshots.path.with_name("market.db").write_bytes(b"the journal")
    snapshots.delete()
    assert files(snapshots) == ["market.db"]
    snapshots.delete()


def test_what_cannot_be_written_is_said_and_the_former_one_stays(snapshots, monkeypatch):
    snapshots.save(header(), BODY)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadFile, match=r"market.db.snapshot cannot be written: No space left on device"):
        snapshots.save(header(), BODY * 2)
    monkeypatch.undo()
    assert files(snapshots) == ["market.db.snapshot"]
    assert bytes(snapshots.load("hill", 0).body) == BODY


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadFile, match="cannot be written: No such file or directory"):
        Snapshots(tmp_path / "nowhere" / "market.snapshot").save(header(), BODY)


def test_what_cannot_be_read_is_said(snapshots, said):
    snapshots.path.mkdir()
    assert snapshots.load("hill", 0) is None
    assert said() == [
        f"{snapshots.path} cannot be used: Is a directory; the journal is replayed from its beginning"
    ]


def test_what_cannot_be_deleted_is_said_and_the_deletion_fails(snapshots, said):
    snapshots.path.mkdir()
    with pytest.raises(Unavailable, match="must be deleted"):
        snapshots.delete()
    (sentence,) = said()
    assert sentence.startswith(f"{snapshots.path} must be deleted, but cannot be: ")


def test_what_cannot_be_moved_is_said_and_not_trusted(snapshots, said):
    snapshots.save(header(journal="dale"), BODY)
    blocked = Path(f"{snapshots.path}.aside")
    blocked.mkdir()
    (blocked / "something").touch()
    assert snapshots.load("hill", 0) is None
    assert "; it was left where it is (Is a directory), and the journal is replayed" in said()[0]


# ---------------------------------------------------------------------------------------------------- a start


async def journal_of(*facts) -> MemoryJournal:
    journal = MemoryJournal()
    await journal.append([Entry(100.0 + number, (fact,)) for number, fact in enumerate(facts)])
    return journal


async def snap(journal: Reader, snapshots: Snapshots) -> Restored:
    """Save what `journal` makes, as it is now."""
    restored = await restore(journal, snapshots, Tuning())
    snapshots.save(module.header_of(restored, journal), snapshot.dump(restored.engine))
    return restored


async def plain(journal: MemoryJournal) -> Engine:
    """Return the engine that the whole journal makes."""
    engine = Engine()
    async for batch in journal.read():
        engine.apply(batch.records)
    return engine


async def test_without_a_snapshot_everything_is_replayed(snapshots):
    journal = await journal_of(*FACTS)
    for kept in (None, snapshots):
        restored = await restore(journal, kept, Tuning())
        assert (restored.last, restored.records, restored.replayed) == (5, 0, 5)
        assert state(restored.engine) == state(await plain(journal))


async def test_an_empty_journal_makes_an_empty_engine(snapshots):
    restored = await restore(MemoryJournal(), snapshots, Tuning())
    assert restored[1:] == (0, "", 0, 0)
    assert state(restored.engine) == state(Engine())


@pytest.mark.parametrize("cut", range(1, 6))
async def test_with_a_snapshot_only_what_came_later_is_replayed(snapshots, said, cut):
    journal = await journal_of(*FACTS[:cut])
    await snap(journal, snapshots)
    for fact in FACTS[cut:]:
        await journal.append([Entry(200.0, (fact,))])
    restored = await restore(journal, snapshots, Tuning(weight_content=0.5))
    assert (restored.last, restored.records, restored.replayed) == (5, cut, 5 - cut)
    expected = Engine(Tuning(weight_content=0.5))
    async for batch in journal.read():
        expected.apply(batch.records)
    assert state(restored.engine) == state(expected)
    assert said() == []


async def test_a_snapshot_of_a_snapshot_knows_how_many_records_are_in_it(snapshots):
    journal = await journal_of(*FACTS[:3])
    await snap(journal, snapshots)
    await journal.append([Entry(200.0, (FACTS[3],))])
    await snap(journal, snapshots)
    await snap(journal, snapshots)
    restored = await restore(journal, snapshots, Tuning())
    assert (restored.last, restored.records, restored.replayed) == (4, 4, 0)


@pytest.mark.parametrize("others", [2, 4, 5])
async def test_a_snapshot_of_what_is_not_in_the_journal_is_set_aside(snapshots, said, others):
    journal = await journal_of(*FACTS[:4])
    await snap(journal, snapshots)
    # A copy of the file from before was put back, and the market went another way.
    other = await journal_of(*FACTS[:2], *(product(f"plums-{number}") for number in range(others - 2)))
    other.identity = journal.identity
    restored = await restore(other, snapshots, Tuning())
    assert (restored.records, restored.replayed) == (0, others)
    assert "holds what is not in the journal; it was set aside" in said()[0]


async def test_a_body_that_makes_no_engine_is_set_aside(snapshots, said):
    journal = await journal_of(*FACTS)
    restored = await snap(journal, snapshots)
    snapshots.save(module.header_of(restored, journal), b"kale")
    again = await restore(journal, snapshots, Tuning())
    assert state(again.engine) == state(restored.engine)
    assert again.replayed == 5
    assert "fits no engine: the engine cannot be read: " in said()[0]
    assert files(snapshots) == ["market.db.snapshot.aside"]


async def test_after_an_erasure_the_snapshot_is_not_used(snapshots):
    journal = await journal_of(*FACTS)
    await snap(journal, snapshots)
    await journal.erase("ann", 9)
    restored = await restore(journal, snapshots, Tuning())
    assert (restored.records, restored.replayed) == (0, 6)
    assert restored.engine.order_count == 0
    assert files(snapshots) == []


@pytest.mark.parametrize("facts", [FACTS, FACTS[:-1]])
async def test_who_is_erased_elsewhere_during_a_start_is_in_no_snapshot(postgres_url, snapshots, facts):
    one, other = [await PostgresJournal.open(postgres_url) for _ in range(2)]
    await one.append([Entry(1.0, (fact,)) for fact in facts])
    await snap(one, snapshots)
    await other.erase("ann", 9)
    restored = await restore(one, snapshots, Tuning())
    assert restored.engine.order_count == 0
    assert files(snapshots) == []
    await one.close()
    await other.close()
