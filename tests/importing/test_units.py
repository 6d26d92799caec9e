"""Rows that become facts."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from punnet.errors import BadFile
from punnet.importing.baskets import LONGEST_ORDER
from punnet.importing.rows import Loose, Place, Spoilt
from punnet.importing.tables import Row, Table
from punnet.importing.units import Lot, Unit, behind, lots
from punnet.market import Action, EntityType, Farm, Order, OrderLine, Product, UserAction

NOW = 1.8e9
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
BASKETS = ("id", "userId", "placedAt", "productId", "quantity", "unitPrice")
ACTIONS = ("eventId", "userId", "action", "entityId", "metadata", "timestamp")


def loose(*contents: dict[str, object]) -> list[Loose]:
    """Rows of NDJSON."""
    return [Loose(line, 10 * line, content) for line, content in enumerate(contents, 1)]


def table(columns: tuple[str, ...], *cells: str) -> list[Row]:
    """Rows of CSV, each written with spaces between its cells; a dash is blank."""
    common = Table(columns, texts=True)
    return [
        Row(line, 10 * line, ["" if cell == "-" else cell for cell in row.split()], common)
        for line, row in enumerate(cells, 2)
    ]


def typed(columns: tuple[str, ...], *cells: tuple[object, ...]) -> list[Row]:
    """Rows of Parquet."""
    common = Table(columns)
    return [Row(line, 10 * line, row, common) for line, row in enumerate(cells, 1)]


def units(rows: Iterable[Row | Loose | Spoilt], now: float) -> list[Unit | Spoilt]:
    """What the rows bring."""
    return [unit for lot in lots(rows, now) for unit in lot.units]


def order(order_id: str, *product_ids: str, user_id: str = "ann") -> Order:
    lines = tuple(OrderLine(product_id=product_id, quantity=1.5, unit_price=2) for product_id in product_ids)
    return Order(id=order_id, user_id=user_id, placed_at=NOON, lines=lines)


def facts(rows: Iterable[Row | Loose | Spoilt]) -> list[object]:
    """The facts of units of one fact, and the reasons of what is spoilt."""
    return [note.why if isinstance(note, Spoilt) else note.facts[0] for note in units(rows, NOW)]


def basket(order_id: str, product_id: str, user_id: str = "ann") -> str:
    return f"{order_id} {user_id} 2026-07-01T12:00:00Z {product_id} 1.5 2"


def test_what_a_row_is_is_seen_by_its_names():
    product = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2)
    line = {"productId": "kale", "quantity": 1.5, "unitPrice": 2}
    rows = loose(
        {"id": "hill", "name": "Hill Farm"},
        {"id": "kale", "name": "Kale", "farmId": "hill", "category": "Greens", "price": 2},
        {"id": "o1", "userId": "ann", "placedAt": "2026-07-01T12:00:00Z", "lines": [line]},
        {"eventId": "e1", "userId": "ann", "action": "VIEW_PRODUCT", "entityId": "kale"},
        {"id": "o2", "userId": "ann", "placedAt": "2026-07-01T12:00:00Z", **line},
    )
    assert facts(rows) == [
        Farm(id="hill", name="Hill Farm"),
        product,
        order("o1", "kale"),
        Action(
            event_id="e1",
            user_id="ann",
            action=UserAction.VIEW_PRODUCT,
            entity_id="kale",
            entity_type=EntityType.PRODUCT,
        ),
        order("o2", "kale"),
    ]


def test_a_blank_cell_does_not_make_a_product_a_farm():
    rows = table(("id", "name", "farmId", "category", "price"), "kale Kale - Greens 2")
    assert facts(rows) == [
        "farmId is missing: it must be a text of 1 to 128 characters, none of them a control character."
    ]


def test_a_unit_knows_its_line_and_a_lot_the_place_where_it_ends():
    rows = loose(*({"id": name, "name": "Farm"} for name in ("hill", "low", "mid")))
    first, last = lots(rows, NOW, most=2)
    assert [unit.line for unit in first.units] == [1, 2]
    assert first[1:] == (Place(2, 20), False)
    assert [unit.line for unit in last.units] == [3]
    assert last[1:] == (Place(3, 30), False)


def test_a_lot_ends_after_four_mebibytes_however_few_its_units_are():
    rows = [Loose(line, (2 << 20) * line, {"id": f"f{line}", "name": "Farm"}) for line in range(1, 6)]
    assert [lot.end.line for lot in lots(rows, NOW)] == [2, 4, 5]
    assert [lot.end.line for lot in lots(rows[2:], NOW, after=Place(2, 4 << 20))] == [4, 5]


def test_no_order_goes_on_behind_a_lot_whatever_is_wrong_with_it():
    rows = table(BASKETS, *[basket("o1", "kale")] * 3, *[basket("o2", "kale")] * 2)
    for at, ends in enumerate([[2, 4, 6], [4, 6], [4, 6], [5, 6]]):
        torn = Spoilt(rows[at].line, rows[at].read, "it is torn.")
        told = list(lots([*rows[:at], torn, *rows[at + 1 :]], NOW, most=1))
        assert [lot.end.line for lot in told] == ends


def test_a_lot_says_whether_actions_were_numbered_up_to_its_end():
    rows = table(
        ACTIONS, "e1 ann VIEW_PRODUCT kale - -", "- ann VIEW_PRODUCT kale - -", "e2 ann VIEW_PRODUCT kale - -"
    )
    assert [lot.counted for lot in lots(rows, NOW, most=1)] == [False, True, True]


def test_behind_a_place_the_same_ids_come_as_when_all_is_gone_through():
    view = "- ann VIEW_PRODUCT kale - -"
    rows = table(ACTIONS, view, view, "- bob VIEW_PRODUCT kale - -", view)
    whole = list(lots(rows, NOW, most=1))
    rest = list(behind(lots(rows, NOW, most=3), Place(3, 30)))
    assert [lot.units for lot in rest] == [[*whole[2].units], [*whole[3].units]]
    assert rest[0].end == whole[2].end


def test_what_came_before_a_torn_end_is_told_first():
    def torn():
        yield from loose({"id": "hill", "name": "Hill Farm"})
        raise BadFile("it is torn")

    told = lots(torn(), NOW)
    assert next(told) == Lot([Unit(1, (Farm(id="hill", name="Hill Farm"),))], Place(1, 10), False)
    with pytest.raises(BadFile):
        next(told)


def test_a_row_that_names_nothing_is_spoilt_and_the_next_one_is_not():
    first, second = facts(loose({"id": "x"}, {"id": "hill", "name": "Hill Farm"}))
    assert str(first).startswith("It names nothing of a market: a product has a farmId")
    assert second == Farm(id="hill", name="Hill Farm")


def test_a_row_that_is_refused_says_why():
    (why,) = facts(loose({"id": "hill", "name": "Hill Farm", "latitude": 91, "longitude": 0}))
    assert why == "latitude is 91: it must be a number from -90 to 90."


def test_what_is_spoilt_already_stays_so():
    spoilt = Spoilt(7, 70, "it is torn.")
    assert list(units([spoilt], NOW)) == [spoilt]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (("id", "title"), "the columns id, title name nothing of a market"),
        (
            ("id", "name", "lattitude"),
            "the column lattitude is not known; the columns are id, name, ",
        ),
    ],
)
def test_a_table_whose_columns_make_no_sense_is_refused_as_a_whole(columns, why):
    with pytest.raises(BadFile, match=why):
        list(units(table(columns, " ".join(columns)), NOW))


def test_the_rows_of_an_order_become_one_order():
    rows = table(
        BASKETS, basket("o1", "kale"), basket("o1", "leek"), basket("o2", "kale"), basket("o1", "dill")
    )
    assert list(units(rows, NOW)) == [
        Unit(3, (order("o1", "kale", "leek"),)),
        Unit(4, (order("o2", "kale"),)),
        Unit(5, (order("o1", "dill"),)),
    ]


def test_an_order_with_a_bad_line_is_left_out_as_a_whole():
    bad = "o1 ann 2026-07-01T12:00:00Z leek 0 2"
    rows = table(BASKETS, basket("o1", "kale"), bad, basket("o1", "dill"), basket("o2", "kale"))
    first, second = units(rows, NOW)
    assert isinstance(first, Spoilt)
    assert first.line == 3
    assert first.why.startswith("quantity is 0: it must be a number")
    assert first.why.endswith("Order o1 is left out.")
    assert second == Unit(5, (order("o2", "kale"),))


def test_an_order_with_an_unreadable_row_inside_is_left_out():
    first, last = table(BASKETS, basket("o1", "kale"), basket("o1", "dill"))
    noted = list(units([first, Spoilt(3, 30, "it is torn."), last], NOW))
    assert noted == [Spoilt(3, 30, "it is torn. Order o1 is left out.")]


def test_rows_that_disagree_about_their_order_leave_it_out():
    rows = table(BASKETS, basket("o1", "kale"), basket("o1", "leek", user_id="bob"))
    assert facts(rows) == ["userId differs from the first line of the order. Order o1 is left out."]


def test_an_order_line_without_an_id_is_spoilt():
    (why,) = facts(table(BASKETS, basket("-", "kale")))
    assert str(why).startswith("id is missing")


def test_an_order_may_have_a_thousand_lines_and_no_more():
    most = [basket("o1", "kale")] * LONGEST_ORDER
    assert len(facts(table(BASKETS, *most))[0].lines) == LONGEST_ORDER
    assert facts(table(BASKETS, *most, most[0])) == ["order o1 has more than 1000 lines."]


def test_a_place_belongs_to_the_whole_order():
    columns = (*BASKETS, "latitude", "longitude")
    (found,) = facts(
        table(columns, f"{basket('o1', 'kale')} 39.1 -84.5", f"{basket('o1', 'leek')} 39.1 -84.5")
    )
    assert (found.latitude, found.longitude) == (39.1, -84.5)


def test_metadata_in_a_table_is_json():
    rows = table(ACTIONS, 'e1 ann RATE_FARM hill {"rating":4.5} 2026-07-01T12:00:00Z')
    assert facts(rows) == [
        Action(
            event_id="e1",
            user_id="ann",
            action=UserAction.RATE_FARM,
            entity_id="hill",
            entity_type=EntityType.FARM,
            metadata={"rating": 4.5},
            timestamp=NOON,
        )
    ]


@pytest.mark.parametrize("text", ["{rating:5}", "[1]", "5"])
def test_metadata_that_is_no_json_object_is_refused(text):
    assert facts(table(ACTIONS, f"e1 ann RATE_FARM hill {text} -")) == [
        f'metadata is "{text}": it must be a JSON object.'
    ]


def test_actions_without_an_id_get_the_same_ones_each_time():
    view = "- ann VIEW_PRODUCT kale - -"
    rows = table(ACTIONS, view, "- bob VIEW_PRODUCT kale - -", view)
    ids = [fact.event_id for fact in facts(rows)]
    assert len(set(ids)) == 3
    assert ids == [fact.event_id for fact in facts(rows)]
    shuffled = table(ACTIONS, "- cem VIEW_PRODUCT kale - -", view, view)
    assert [fact.event_id for fact in facts(shuffled)][1:] == [ids[0], ids[2]]


def test_a_purchase_with_its_items_brings_its_order():
    row = {
        "eventId": "e1",
        "userId": "ann",
        "action": "COMPLETE_PURCHASE",
        "entityId": "o1",
        "timestamp": "2026-07-01T12:00:00Z",
        "metadata": {"items": [{"productId": "kale", "quantity": 1.5, "unitPrice": 2}]},
    }
    (unit,) = units(loose(row), NOW)
    assert unit.facts[0] == order("o1", "kale")
    assert unit.facts[1].entity_id == "o1"
