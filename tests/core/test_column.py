"""One value a row, for rows that keep coming."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.column import Column

numbers = st.integers(-1000, 1000)


def ints(values):
    return np.array(values, np.int64)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("extend"), st.lists(numbers, max_size=12)),
            st.tuples(st.just("lengthen"), st.integers(0, 40)),
            st.tuples(st.just("reserve"), st.integers(0, 80)),
            st.tuples(st.just("put"), st.tuples(st.floats(0, 1), numbers)),
            st.tuples(st.just("remove"), st.sets(st.integers(0, 20), max_size=8)),
        ),
        max_size=6,
    )
)
def test_a_column_does_what_a_list_does(steps):
    column, expected = Column(np.int64), []
    for step, what in steps:
        match step:
            case "extend":
                column.extend(ints(what))
                expected.extend(what)
            case "lengthen":
                column.lengthen(what)
                expected += [0] * (what - len(expected))
            case "reserve":
                column.reserve(what)
                assert len(column.room) >= what
            case "put":
                part, value = what
                place = round(part * len(expected))
                column.put(place, value)
                expected[place : place + 1] = [value]
            case "remove":
                column.remove(ints(sorted(place for place in what if place < len(expected))))
                expected = [value for place, value in enumerate(expected) if place not in what]
        assert column.values.tolist() == expected
        assert len(column) == len(expected)
        assert column.room.tolist() == expected + [0] * (len(column.room) - len(expected))


@pytest.mark.parametrize(
    ("kind", "value"),
    [(np.float64, 2.5), (np.int64, 2**53 + 1), (np.int32, 2**31 - 1), (np.bool_, True)],
    ids=["float", "long", "int", "bool"],
)
def test_a_column_keeps_its_kind_while_it_grows(kind, value):
    column = Column(kind)
    assert column.values.dtype == kind
    assert len(column) == 0
    column.extend(np.full(100, value, kind))
    assert column.values.dtype == kind
    assert column.values.tolist() == [value] * 100


def test_growing_one_by_one_moves_the_values_seldom():
    column, moves, before = Column(np.int64), 0, None
    for value in range(1000):
        column.put(value, value)
        moves += before is None or not np.shares_memory(before, column.values)
        before = column.values
    assert column.values.tolist() == list(range(1000))
    assert moves == 1 + 6  # room for 16, 32, 64, 128, 256, 512, 1024


def test_growing_by_much_at_once_makes_as_much_room_as_that_needs():
    column = Column(np.int64)
    column.extend(ints([7] * 1000))
    assert len(column.room) == 1000


def test_the_values_are_not_copied():
    column = Column(np.int64)
    column.extend(ints([1, 2, 3]))
    column.values[1] = 7
    assert column.values.tolist() == [1, 7, 3]


def test_what_waits_behind_the_values_lies_in_one_array_with_them():
    column = Column(np.int64)
    column.extend(ints([1, 2]))
    column.room[2] = 3
    column.lengthen(3)
    assert column.values.tolist() == [1, 2, 3]


def test_where_there_is_room_nothing_moves():
    column = Column(np.int64)
    column.extend(ints([1, 2]))
    before = column.room
    column.extend(ints([3, 4]))
    column.reserve(16)
    column.lengthen(1)
    assert column.values.tolist() == [1, 2, 3, 4]
    assert column.room is before


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.int32, np.bool_])
def test_a_column_made_of_values_holds_a_copy_and_grows(kind):
    values = np.array([1, 0, 1], kind)
    column = Column.of(values)
    column.put(3, 0)
    column.put(0, 0)
    assert column.values.dtype == kind
    assert column.values.tolist() == [0, 0, 1, 0]
    assert values.tolist() == [1, 0, 1]


def test_a_column_made_of_values_has_some_room():
    column = Column.of(ints(range(80)))
    before = column.room
    column.extend(ints(range(10)))
    assert column.room is before


def test_a_column_that_lost_all_it_had_grows_again():
    column = Column.of(ints([1, 2, 3]))
    column.remove(ints([0, 1, 2]))
    column.put(0, 5)
    assert column.values.tolist() == [5]


def test_what_was_removed_is_nowhere_in_the_memory_of_the_column():
    column = Column(np.int64)
    column.extend(ints([1, 777, 3]))
    column.remove(ints([1]))
    assert 777 not in column.room
