"""Orders whose lines are rows: read at once, they are what they are line by line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.importing.baskets import _at_once, _line_by_line, basket
from punnet.importing.rows import Spoilt
from punnet.importing.tables import Row, Table
from punnet.market import Order

COLUMNS = ("unitPrice", "id", "userId", "latitude", "placedAt", "productId", "quantity", "longitude")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)

TEXTS = (
    ("2.5", "0", "-1", "", "x"),
    ("o1",),
    ("ann", ""),
    ("39.1", "", "91"),
    ("2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00", "2026-07-01T12:00:00"),
    ("kale", "", "a\nb"),
    ("1", "0.5", "0", "1e7", "nan", ""),
    ("-84.5", ""),
)
VALUES = (
    (2.5, 0, -1, None, "2", float("nan"), True),
    ("o1",),
    ("ann", None, ""),
    (39.1, None, 91, float("nan"), ""),
    (NOON, NOON.replace(tzinfo=None), "2026-07-01T12:00:00Z"),
    ("kale", None, 7),
    (1, 0.5, 0, None),
    (-84.5, None),
)


def row_of(cells: tuple[tuple[object, ...], ...]) -> st.SearchStrategy[tuple[object, ...]]:
    """Rows of which each cell is most often the first that it may be."""
    return st.tuples(
        *(st.one_of(st.just(choice[0]), st.just(choice[0]), st.sampled_from(choice)) for choice in cells)
    )


@pytest.mark.parametrize(("cells", "texts"), [(TEXTS, True), (VALUES, False)])
def test_an_order_read_at_once_is_the_one_read_line_by_line(cells, texts):
    table = Table(COLUMNS, texts=texts)
    whole = []

    @given(st.lists(row_of(cells), min_size=1, max_size=3), st.booleans())
    def compare(contents: list[tuple[object, ...]], alike: bool) -> None:
        shared = [at for at, name in enumerate(COLUMNS) if name not in ("productId", "quantity", "unitPrice")]
        if alike:
            first = contents[0]
            contents = [
                tuple(first[at] if at in shared else cell for at, cell in enumerate(row)) for row in contents
            ]
        group = [Row(line, 10 * line, list(content), table) for line, content in enumerate(contents, 2)]
        slow = _line_by_line("o1", group)
        at_once = _at_once(group)
        assert at_once in (None, slow)
        assert basket("o1", group) == slow
        if alike and isinstance(slow, Order):
            assert at_once is not None
            whole.append(len(slow.lines))

    compare()
    assert {1, 2} <= set(whole)


def test_half_a_place_leaves_the_order_out():
    cells = ["2.5", "o1", "ann", "39.1", "2026-07-01T12:00:00Z", "kale", "1", ""]
    (spoilt,) = basket("o1", [Row(2, 20, cells, Table(COLUMNS, texts=True))])
    assert spoilt.why == "latitude and longitude come together or not at all. Order o1 is left out."


def test_a_table_without_prices_names_what_is_missing():
    table = Table(("id", "userId", "placedAt", "productId", "quantity"), texts=True)
    (spoilt,) = basket("o1", [Row(2, 20, ["o1", "ann", "2026-07-01T12:00:00Z", "kale", "1"], table)])
    assert isinstance(spoilt, Spoilt)
    assert spoilt.why.startswith("unitPrice is missing")
