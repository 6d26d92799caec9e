"""Files, row by row."""

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from punnet.errors import BadFile, Refused
from punnet.importing.rows import Row, Spoilt, rows
from punnet.market import Farm, Product


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
    assert list(rows(path)) == [
        Row(2, 31, {"id": "hill", "name": "Hill Farm"}, ("id", "name", "region"), texts=True),
        Row(3, 53, {"id": "low", "name": "Low, wet", "region": "East"}, ("id", "name", "region"), texts=True),
    ]


def test_csv_may_have_a_byte_order_mark_windows_line_ends_and_empty_lines(tmp_path):
    path = written(tmp_path, "farms.csv", "\ufeffid, name\r\nhill,Hill Farm\r\n\r\n,\r\nlow,Low Farm\r\n")
    found = list(rows(path))
    assert [(row.line, row.columns, row.content["id"]) for row in found] == [
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
    assert list(rows(path)) == [Row(1, 25, {"id": "hill", "n": 1.5}), Row(3, 39, {"id": "low"})]


def test_a_line_that_is_no_json_object_is_spoilt_and_the_next_one_is_not(tmp_path):
    path = written(tmp_path, "farms.ndjson", b'{"id": }\n[1]\n{"id": "\xff"}\n{"id": "hill"}\n')
    first, second, third, fourth = rows(path)
    assert isinstance(first, Spoilt)
    assert "not JSON" in first.why
    assert second == Spoilt(2, 13, "it is not a JSON object.")
    assert isinstance(third, Spoilt)
    assert "UTF-8" in third.why
    assert fourth == Row(4, 40, {"id": "hill"})


def test_parquet_gives_typed_values(tmp_path):
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    path = parquet(tmp_path, {"id": "kale", "price": 2.5, "createdAt": noon}, {"id": "leek", "price": None})
    first, second = rows(path)
    columns = ("id", "price", "createdAt")
    assert first == Row(1, path.stat().st_size // 2, {"id": "kale", "price": 2.5, "createdAt": noon}, columns)
    assert second == Row(2, path.stat().st_size, {"id": "leek"}, columns)


def test_an_empty_parquet_file_has_no_rows(tmp_path):
    path = tmp_path / "market.parquet"
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), path)
    assert list(rows(path)) == []


def test_what_is_no_parquet_is_said_to_be_none(tmp_path):
    with pytest.raises(BadFile, match="it is not Parquet"):
        list(rows(written(tmp_path, "farms.parquet", "id,name\n")))


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
    row = Row(2, 0, content, tuple(content), texts=True)
    assert row.noun(Product) == Product(
        id="kale", name="3", farm_id="hill", category="Greens", price=2.5, organic=True
    )


def test_a_row_that_is_not_the_noun_is_refused_by_field():
    with pytest.raises(Refused) as refused:
        Row(
            2, 0, {"id": "hill", "name": "Hill", "latitude": "north"}, ("id", "name", "latitude"), texts=True
        ).noun(Farm)
    assert refused.value.field == "latitude"
    with pytest.raises(Refused) as refused:
        Row(2, 0, {"id": "hill", "name": 7}).noun(Farm)
    assert refused.value.field == "name"
