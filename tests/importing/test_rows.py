"""Files, row by row."""

import gzip
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from punnet.errors import BadFile, Refused
from punnet.importing.rows import ROWS, Loose, Place, Spoilt, rows
from punnet.importing.tables import Row, Table, figure
from punnet.market import Farm, Product
from punnet.protocol import codec


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parquet(folder: Path, *values: dict[str, object]) -> Path:
    path = folder / "market.parquet"
    pq.write_table(pa.Table.from_pylist(list(values)), path)
    return path


def test_csv_gives_texts_under_its_columns_and_leaves_out_blanks(tmp_path):
    path = written(tmp_path, "farms.csv", 'id,name,region\nhill,Hill Farm,\n"low","Low, wet",East\n')
    first, second = rows(path)
    assert first[:3] == (2, 31, ["hill", "Hill Farm", ""])
    assert first.content == {"id": "hill", "name": "Hill Farm"}
    assert second[:3] == (3, 53, ["low", "Low, wet", "East"])
    assert first.table is second.table
    assert (first.table.columns, first.table.texts) == (("id", "name", "region"), True)


def test_csv_may_have_a_byte_order_mark_windows_line_ends_and_empty_lines(tmp_path):
    path = written(tmp_path, "farms.csv", "\ufeffid, name\r\nhill,Hill Farm\r\n\r\n,\r\nlow,Low Farm\r\n")
    found = list(rows(path))
    assert [(row.line, row.table.columns, row.content["id"]) for row in found] == [
        (2, ("id", "name"), "hill"),
        (5, ("id", "name"), "low"),
    ]


def test_a_cell_may_span_lines_and_the_row_stands_where_it_ends(tmp_path):
    path = written(tmp_path, "farms.csv", 'id,name\nhill,"Hill\nFarm"\nlow,Low\n')
    assert [row.line for row in rows(path)] == [3, 4]


def test_a_short_row_leaves_its_last_fields_out_and_a_long_one_is_spoilt(tmp_path):
    path = written(tmp_path, "farms.csv", "id,name\nhill\nlow,Low,wet\nmid,Mid\n")
    first, second, third = rows(path)
    assert first.content == {"id": "hill"}
    assert second == Spoilt(3, 25, "it has 3 cells under 2 columns.")
    assert third.content == {"id": "mid", "name": "Mid"}


def test_an_empty_file_has_no_rows(tmp_path):
    for name in ("farms.csv", "farms.ndjson"):
        assert list(rows(written(tmp_path, name, ""))) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id,id\na,b\n", "two columns have one name"),
        ("id;name\na;b\n", "semicolons stand between its columns; save it with commas"),
        ("\ufeffid\tname\na\tb\n", "tabs stand between its columns"),
        ('id,name\nhill,"Hill\n', "it is not CSV: unexpected end of data near line 2"),
        (b"id,name\nhill,H\xf6he\n", "it is not UTF-8; save it as UTF-8"),
    ],
)
def test_what_is_no_csv_is_said_to_be_none(tmp_path, content, why):
    with pytest.raises(BadFile, match=why):
        list(rows(written(tmp_path, "farms.csv", content)))


@pytest.mark.parametrize("name", ["farms.ndjson", "farms.jsonl", "FARMS.NDJSON"])
def test_ndjson_gives_what_each_line_holds(tmp_path, name):
    path = written(tmp_path, name, '{"id": "hill", "n": 1.5}\n\n{"id": "low"}')
    assert list(rows(path)) == [Loose(1, 25, {"id": "hill", "n": 1.5}), Loose(3, 39, {"id": "low"})]


def test_a_line_that_is_no_json_object_is_spoilt_and_the_next_one_is_not(tmp_path):
    path = written(tmp_path, "farms.ndjson", b'{"id": }\n[1]\n{"id": "\xff"}\n{"id": "hill"}\n')
    first, second, third, fourth = rows(path)
    assert first == Spoilt(1, 9, "it is not JSON: Expecting value at column 8.")
    assert second == Spoilt(2, 13, "it is not a JSON object.")
    assert isinstance(third, Spoilt)
    assert "UTF-8" in third.why
    assert fourth == Loose(4, 40, {"id": "hill"})


def test_parquet_gives_typed_values(tmp_path):
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    path = parquet(tmp_path, {"id": "kale", "price": 2.5, "createdAt": noon}, {"id": "leek", "price": None})
    first, second = rows(path)
    assert first.table.columns == ("id", "price", "createdAt")
    assert first[:2] == (1, path.stat().st_size // 2)
    assert first.content == {"id": "kale", "price": 2.5, "createdAt": noon}
    assert second[:2] == (2, path.stat().st_size)
    assert second.content == {"id": "leek"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("farms.csv", '\ufeffid,"name\nof it"\r\nhill,"Hill\nFarm"\r\n\r\nlow,Low,x\r\nmid\r\nlast,Läst\r\n'),
        ("farms.ndjson", '{"id": "hill"}\n\n{"id": }\n[1]\n{"id": "läst"}'),
    ],
)
def test_behind_the_place_of_a_row_come_the_rows_after_it(tmp_path, name, content):
    path = written(tmp_path, name, content)
    whole = [row[:3] for row in rows(path)]
    assert len(whole) == 4
    for count, (line, read, *_) in enumerate(whole, 1):
        assert [row[:3] for row in rows(path, Place(line, read))] == whole[count:]


def test_parquet_goes_on_in_the_middle_of_what_is_read_at_once(tmp_path):
    path = tmp_path / "market.parquet"
    count = 2 * ROWS + 5
    pq.write_table(pa.table({"id": [f"f{number}" for number in range(count)]}), path)
    whole = [row[:3] for row in rows(path)]
    for line in (1, ROWS - 1, ROWS, ROWS + 1, count - 1, count):
        assert [row[:3] for row in rows(path, Place(line, 0))] == whole[line:]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_times_of_parquet_are_utc_wherever_they_were_written(tmp_path, unit):
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    path = tmp_path / "market.parquet"
    times = pa.array([noon, None, noon, noon.replace(hour=13)], pa.timestamp(unit, "Europe/Berlin"))
    pq.write_table(pa.table({"createdAt": times}), path)
    found = [row.cell("createdAt") for row in rows(path)]
    assert found == [noon, None, noon, noon.replace(hour=13)]
    assert {time.tzinfo for time in found if time} == {UTC}


def test_parquet_may_hold_lists_dictionaries_and_nothing(tmp_path):
    path = tmp_path / "market.parquet"
    columns = {
        "lines": pa.array([[{"quantity": 1}], None]),
        "userId": pa.array([None, "ann"]).dictionary_encode(),
        "organic": pa.array([True, None]),
        "unit": pa.nulls(2),
    }
    pq.write_table(pa.table(columns), path)
    assert [row.content for row in rows(path)] == [
        {"lines": [{"quantity": 1}], "organic": True},
        {"userId": "ann"},
    ]


def test_two_columns_of_one_name_are_refused_in_parquet_too(tmp_path):
    path = tmp_path / "market.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"]), path)
    with pytest.raises(BadFile, match="two columns have one name"):
        list(rows(path))


def test_reading_parquet_does_not_load_pandas(tmp_path):
    path = parquet(tmp_path, {"id": "kale", "createdAt": datetime(2026, 7, 1, tzinfo=UTC)}, {"id": "leek"})
    program = (
        "import sys; from pathlib import Path; from punnet.importing.rows import rows\n"
        f"assert len(list(rows(Path({str(path)!r})))) == 2; assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_empty_parquet_file_has_no_rows(tmp_path):
    path = tmp_path / "market.parquet"
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), path)
    assert list(rows(path)) == []


def test_what_is_no_parquet_is_said_to_be_none(tmp_path):
    with pytest.raises(BadFile, match="it is not Parquet") as refused:
        list(rows(written(tmp_path, "farms.parquet", "id,name\n")))
    assert not str(refused.value).endswith(".")


def test_without_pyarrow_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    path = parquet(tmp_path, {"id": "kale"})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadFile, match=r"pip install 'punnet\[parquet\]'"):
        list(rows(path))


def test_another_ending_is_refused(tmp_path):
    path = written(tmp_path, "farms.csv.gz", gzip.compress(b"id,name\n"))
    with pytest.raises(BadFile, match=r"ends in none of \.csv, \.ndjson, \.jsonl, \.parquet"):
        list(rows(path))


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(BadFile, match="it cannot be read: No such file or directory"):
        list(rows(tmp_path / "farms.csv"))


def test_texts_are_read_by_the_type_of_their_field():
    content = {
        "id": "kale",
        "name": "3",
        "farmId": "hill",
        "category": "Greens",
        "price": "2.5",
        "organic": "true",
    }
    row = Row(2, 0, list(content.values()), Table(tuple(content), texts=True))
    assert row.noun(Product) == Product(
        id="kale", name="3", farm_id="hill", category="Greens", price=2.5, organic=True
    )


def test_a_row_that_is_not_the_noun_is_refused_by_field():
    with pytest.raises(Refused) as refused:
        Row(2, 0, ["hill", "Hill", "north"], Table(("id", "name", "latitude"), texts=True)).noun(Farm)
    assert refused.value.field == "latitude"
    with pytest.raises(Refused) as refused:
        Loose(2, 0, {"id": "hill", "name": 7}).noun(Farm)
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    "text", ["1", "-0", "2.50", "1e3", "1e400", "1_0", " 1", "01", "nan", "١", "9" * 18, "9" * 19]
)
def test_a_number_of_a_table_is_the_one_that_a_query_string_would_hold(text):
    class Wanted(msgspec.Struct):
        figure: int | float | str

    assert repr(figure(text)) == repr(codec.read_texts([("figure", text)], Wanted).figure)


def test_a_table_with_truths_in_it_has_its_numbers_read_as_well():
    columns = ("id", "name", "farmId", "category", "price", "stock", "organic")
    row = Row(2, 0, ["kale", "Kale", "hill", "Greens", "2.50", "7", "false"], Table(columns, texts=True))
    found = row.noun(Product)
    assert (found.price, found.stock, found.organic) == (2.5, 7, False)
