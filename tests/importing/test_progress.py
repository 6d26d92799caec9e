"""Imports that are broken off, and go on."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from msgspec import structs
from pyarrow import parquet as pq

from punnet.engine.engine import Engine
from punnet.errors import BadFile
from punnet.importing import progress
from punnet.importing.importer import Importer
from punnet.importing.progress import ENDS, MOST_REFUSED, Bookmark, Likeness, Note, RefusedLine, lots_behind
from punnet.importing.units import Lot
from punnet.journal.memory import MemoryJournal
from punnet.market import Fact, Farm, Product
from punnet.pipeline import Pipeline

NOW = 1.8e9
FARM = Farm(id="hill", name="Hill Farm")
KALE = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2)


class BrokenOff(Exception):
    """The keyboard, the power, the network."""


class Stall:
    """A market that files are brought into."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.journal = MemoryJournal()
        self.pipeline = Pipeline(self.engine, self.journal, (), lambda: NOW)
        self.said: list[str] = []
        self.lines: list[RefusedLine] = []
        self.began: Note | None = None
        self.noted: list[bytes] = []

    async def bring(self, path: Path, *, until: int | None = None, most: int = 2) -> Importer:
        """Import a file in small lots, and break it off after so many of them."""
        bookmark = Bookmark(path, self.journal.identity, self.said.append)
        self.lines = []
        importer = Importer(
            self.engine, self.pipeline, lambda line, why: self.lines.append(RefusedLine(line, why))
        )
        self.began = note = await bookmark.find(self.engine, self.journal)
        if note is not None:
            importer.new, importer.known, importer.refused = note.new, note.known, len(note.refused)
            self.lines.extend(note.refused)
        done = 0

        def advance(lot: Lot) -> None:
            nonlocal done
            bookmark.reach(lot, importer, self.lines)
            self.noted.append(bookmark.path.read_bytes() if bookmark.path.is_file() else b"")
            done += 1
            if done == until:
                raise BrokenOff

        with bookmark:
            await importer.run(lots_behind(note, path, NOW, most), advance)
        return importer

    async def broken_off(self, path: Path, until: int, most: int = 2) -> None:
        with pytest.raises(BrokenOff):
            await self.bring(path, until=until, most=most)

    async def facts(self) -> Sequence[Fact]:
        return [record.fact async for batch in self.journal.read() for record in batch.records]


@asynccontextmanager
async def opened() -> AsyncIterator[Stall]:
    stall = Stall()
    stall.pipeline.start()
    await stall.pipeline.submit([(FARM,), (KALE,)])
    yield stall
    await stall.pipeline.stop()


def order_line(number: int, user_id: str = "ann") -> dict[str, object]:
    return {
        "id": f"o{number}",
        "userId": user_id,
        "placedAt": "2026-07-01T12:00:00Z",
        "productId": "kale",
        "quantity": 1 + number % 3,
        "unitPrice": 2.5,
    }


def view(user_id: str, **more: str) -> dict[str, object]:
    return {"userId": user_id, "action": "VIEW_PRODUCT", "entityId": "kale", **more}


ORDERS = [order_line(number) for number in (1, 1, 2, 3, 3, 3, 4, 5, 5, 6)]
SAME = [
    view("ann"),
    view("ann"),
    view("bob"),
    view("ann"),
    view("bob"),
    view("ann", eventId="e0"),
    view("ann"),
]
MIXED = [
    {"id": "low", "name": "Low Farm"},
    *ORDERS[:3],
    view("ann", eventId="e9"),
    *ORDERS[3:],
    *SAME,
    {"id": "leek", "name": "Leek", "farmId": "low", "category": "Greens", "price": 1},
]


def csv(folder: Path, contents: Sequence[dict[str, object]]) -> Path:
    path = folder / "file.csv"
    columns = list(dict.fromkeys(name for content in contents for name in content))
    lines = [",".join(str(content.get(name, "")) for name in columns) for content in contents]
    path.write_text("\r\n".join([",".join(columns), *lines]) + "\r\n")
    return path


def ndjson(folder: Path, contents: Sequence[dict[str, object]]) -> Path:
    path = folder / "file.ndjson"
    path.write_text("\n\n".join(map(json.dumps, contents)))
    return path


def parquet(folder: Path, contents: Sequence[dict[str, object]]) -> Path:
    path = folder / "file.parquet"
    columns = dict.fromkeys(name for content in contents for name in content)
    pq.write_table(pa.table({name: [content.get(name) for content in contents] for name in columns}), path)
    return path


@pytest.mark.parametrize(
    ("write", "contents"),
    [(csv, ORDERS), (parquet, ORDERS), (ndjson, ORDERS), (csv, SAME), (parquet, SAME), (ndjson, MIXED)],
)
async def test_wherever_it_is_broken_off_the_market_is_the_one_of_an_import_at_once(
    tmp_path, write, contents
):
    path = write(tmp_path, contents)
    async with opened() as whole:
        importer = await whole.bring(path)
        facts, count = await whole.facts(), importer.new
    breaks = 0
    for first in range(1, count):
        async with opened() as stall:
            await stall.broken_off(path, first, most=1)
            already = len(await stall.facts())
            importer = await stall.bring(path)
            assert stall.began is not None
            assert (importer.new, importer.known, importer.refused) == (count, 0, 0)
            assert await stall.facts() == facts
            assert already == 2 + first
            assert not (tmp_path / f"{path.name}.punnet-import").exists()
            breaks += 1
    assert breaks > 4


async def test_it_can_be_broken_off_twice(tmp_path):
    path = ndjson(tmp_path, MIXED)
    async with opened() as whole:
        await whole.bring(path)
        facts = await whole.facts()
    async with opened() as stall:
        await stall.broken_off(path, 3)
        await stall.broken_off(path, 3)
        assert stall.began is not None
        before = stall.began.line
        await stall.bring(path)
        assert stall.began.line > before
        assert await stall.facts() == facts


async def test_broken_off_again_while_it_counts_up_to_its_place_it_keeps_that(tmp_path):
    path = csv(tmp_path, SAME)
    async with opened() as stall:
        await stall.broken_off(path, 4, most=1)
        await stall.broken_off(path, 1, most=1)
        importer = await stall.bring(path)
        assert stall.began is not None
        assert stall.began.line == 5
        assert (importer.new, importer.known) == (len(SAME), 0)


def test_rows_that_no_number_depends_on_are_not_read_again(tmp_path):
    path = csv(tmp_path, ORDERS)
    beginning, kept, rest = path.read_bytes().partition(b"o2,")
    path.write_bytes(beginning.replace(b"ann", b"\xff\xff\xff") + kept + rest)
    note = noted(path, line=3, read=len(beginning))
    assert [lot.end.line for lot in lots_behind(note, path, NOW)] == [11]
    with pytest.raises(BadFile, match="UTF-8"):
        list(lots_behind(structs.replace(note, counted=True), path, NOW))


def noted(path: Path, *, line: int, read: int) -> Note:
    return Note(
        journal="x",
        file=Likeness.of(path),
        line=line,
        read=read,
        counted=False,
        last="o:o1",
        new=1,
        known=0,
        refused=(),
    )


async def test_a_file_that_changed_is_gone_through_from_the_start(tmp_path):
    path = ndjson(tmp_path, MIXED)
    text, about = path.read_bytes(), path.stat()
    async with opened() as stall:
        await stall.broken_off(path, 3)
        bookmark = Bookmark(path, stall.journal.identity, stall.said.append)
        assert await bookmark.find(stall.engine, stall.journal) is not None
        for other, changed in [
            (text, about.st_mtime_ns + 1),
            (text + b"\n", about.st_mtime_ns),
            (text.replace(b"Low", b"low"), about.st_mtime_ns),
            (text.replace(b"Leek", b"leek"), about.st_mtime_ns),
        ]:
            path.write_bytes(other)
            os.utime(path, ns=(changed, changed))
            bookmark = Bookmark(path, stall.journal.identity, stall.said.append)
            assert await bookmark.find(stall.engine, stall.journal) is None


def test_a_large_file_is_known_again_by_both_its_ends(tmp_path):
    path = tmp_path / "farms.csv"

    def digest(at: int) -> str:
        content = bytearray(3 * ENDS)
        content[at] = 1
        path.write_bytes(content)
        return Likeness.of(path).digest

    assert len({digest(at) for at in (0, ENDS - 1, 2 * ENDS, 3 * ENDS - 1)}) == 4
    assert digest(ENDS) == digest(2 * ENDS - 1)


async def test_another_journal_takes_all_of_the_file(tmp_path):
    path = csv(tmp_path, ORDERS)
    async with opened() as stall, opened() as other:
        await stall.broken_off(path, 2)
        assert (await other.bring(path)).new == 6
        assert other.began is None


@pytest.mark.parametrize("contents", [ORDERS, SAME, [{"id": f"f{at}", "name": "Farm"} for at in range(6)]])
async def test_a_journal_that_was_put_back_is_brought_what_it_lacks(tmp_path, contents):
    path = ndjson(tmp_path, contents)
    async with opened() as stall, opened() as restored:
        await stall.broken_off(path, 2)
        restored.journal.identity = stall.journal.identity
        assert (await restored.bring(path)).new > 4
        assert restored.began is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"line": 3}'])
async def test_a_note_that_is_torn_is_none(tmp_path, text):
    path = csv(tmp_path, ORDERS)
    async with opened() as stall:
        await stall.broken_off(path, 2)
        (tmp_path / "file.csv.punnet-import").write_text(text)
        importer = await stall.bring(path)
        assert (importer.new, importer.known) == (2, 4)


async def test_what_the_market_refused_is_tried_again_when_it_may_have_more(tmp_path):
    leeks = {**order_line(2), "productId": "leek"}
    path = csv(tmp_path, [order_line(1), leeks, *(order_line(number) for number in range(3, 9))])
    async with opened() as stall:
        await stall.broken_off(path, 4, most=1)
        assert [refused.line for refused in stall.lines] == [3]
        await stall.pipeline.submit([(structs.replace(KALE, id="leek"),)])
        importer = await stall.bring(path)
        assert stall.began is not None
        assert stall.began.line == 2
        assert (importer.new, importer.known, importer.refused) == (6, 2, 0)


async def test_what_any_market_refuses_is_told_again_and_kept_count_of(tmp_path):
    path = csv(
        tmp_path, [order_line(1), {**order_line(2), "quantity": 0}, *(order_line(at) for at in (3, 4, 5))]
    )
    async with opened() as whole:
        await whole.bring(path)
        assert len(whole.lines) == 1
    async with opened() as stall:
        await stall.broken_off(path, 4, most=1)
        importer = await stall.bring(path)
        assert stall.began is not None
        assert stall.began.line == 5
        assert stall.lines == whole.lines
        assert (importer.new, importer.known, importer.refused) == (4, 0, 1)


async def test_a_note_repeats_no_more_than_so_many_refusals(tmp_path):
    bad = [{**order_line(number), "quantity": 0} for number in range(1, MOST_REFUSED + 2)]
    path = csv(tmp_path, [order_line(0), *bad, order_line(999), order_line(1_000)])
    async with opened() as stall:
        await stall.broken_off(path, MOST_REFUSED + 3, most=1)
        await stall.bring(path)
        assert stall.began is not None
        assert stall.began.line == MOST_REFUSED + 2
        assert len(stall.lines) == MOST_REFUSED + 1


async def test_where_no_note_can_be_left_it_is_said_once_and_all_comes_in(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    path = csv(tmp_path, ORDERS)
    (tmp_path / "file.csv.punnet-import").mkdir()
    async with opened() as stall:
        await stall.broken_off(path, 3, most=1)
        assert stall.said == [
            f"{tmp_path}/file.csv.punnet-import cannot be written (Is a directory): "
            "an import that is broken off begins anew."
        ]
        assert {entry.name for entry in tmp_path.iterdir()} == {"file.csv", "file.csv.punnet-import"}
        assert (await stall.bring(path)).known == 3


@pytest.mark.parametrize(("seconds", "lines"), [(0, [3, 4, 7, 8]), (3_600, [])])
async def test_a_note_is_written_while_it_goes_on_but_not_all_the_time(tmp_path, monkeypatch, seconds, lines):
    monkeypatch.setattr(progress, "SECONDS", seconds)
    async with opened() as stall:
        await stall.broken_off(csv(tmp_path, ORDERS), 4, most=1)
        assert [json.loads(note)["line"] for note in stall.noted if note] == lines


async def test_a_file_that_cannot_be_read_to_its_end_leaves_no_note(tmp_path):
    path = csv(tmp_path, ORDERS)
    path.write_bytes(path.read_bytes() + b'"')
    async with opened() as stall:
        with pytest.raises(BadFile):
            await stall.bring(path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["file.csv"]


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(BadFile, match="it cannot be read: No such file or directory"):
        Bookmark(tmp_path / "farms.csv", "x", print)
