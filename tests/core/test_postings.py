"""Rows of positions that keep growing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.postings import Postings, spans

ROWS = 5


def ints(values):
    return np.array(values, np.int64)


def postings_of(*pairs):
    postings = Postings()
    postings.reserve(ROWS)
    postings.extend(ints([row for row, _ in pairs]), ints([entry for _, entry in pairs]))
    return postings


entries = st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(-9, 9)), max_size=15)


@given(st.lists(entries, max_size=4), st.lists(st.integers(0, ROWS - 1), max_size=8))
def test_every_row_holds_what_was_added_to_it_in_order(batches, asked):
    postings, expected = postings_of(), [[] for _ in range(ROWS)]
    for pairs in batches:
        postings.extend(ints([row for row, _ in pairs]), ints([entry for _, entry in pairs]))
        for row, entry in pairs:
            expected[row].append(entry)
        assert [postings.row(row).tolist() for row in range(ROWS)] == expected
        assert postings.lengths.tolist() == [len(row) for row in expected]
        assert postings.gather(ints(asked)).tolist() == [entry for row in asked for entry in expected[row]]


@given(entries)
def test_it_does_not_matter_in_which_batches_entries_come(pairs):
    at_once, one_by_one = postings_of(*pairs), postings_of()
    for row, entry in pairs:
        one_by_one.extend(ints([row]), ints([entry]))
    for row in range(ROWS):
        assert at_once.row(row).tolist() == one_by_one.row(row).tolist()


removals = st.tuples(st.sets(st.integers(0, ROWS - 1)), st.lists(st.integers(-9, 9), max_size=4))


@given(st.lists(st.tuples(entries, removals), max_size=4))
def test_what_is_removed_from_some_rows_is_gone_there_and_the_rest_keeps_its_order(steps):
    postings, expected = postings_of(), [[] for _ in range(ROWS)]
    for pairs, (rows, gone) in steps:
        postings.extend(ints([row for row, _ in pairs]), ints([entry for _, entry in pairs]))
        for row, entry in pairs:
            expected[row].append(entry)
        postings.remove(ints(list(rows)), ints(gone))
        for row in rows:
            expected[row] = [entry for entry in expected[row] if entry not in gone]
        assert [postings.row(row).tolist() for row in range(ROWS)] == expected
        assert postings.lengths.tolist() == [len(row) for row in expected]


def test_what_was_removed_is_nowhere_in_memory_also_where_its_row_moved():
    postings = postings_of((0, 777), (1, 5))
    for entry in range(50):
        postings.extend(ints([0]), ints([entry]))
    postings.remove(ints([0]), ints([777]))
    assert 777 not in postings._pool.values
    assert postings.row(0).tolist() == list(range(50))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_spans_are_ranges_one_after_the_other(ranges):
    starts, lengths = ints([start for start, _ in ranges]), ints([length for _, length in ranges])
    expected = [start + step for start, length in ranges for step in range(length)]
    assert spans(starts, lengths).tolist() == expected


def test_new_rows_are_empty():
    postings = postings_of()
    assert len(postings) == ROWS
    assert postings.row(ROWS - 1).tolist() == []
    assert postings.lengths.tolist() == [0] * ROWS


def test_the_row_of_nobody_is_empty():
    assert postings_of((ROWS - 1, 7)).row(-1).tolist() == []


@pytest.mark.parametrize("rows", [0, ROWS - 1, ROWS])
def test_reserving_fewer_rows_than_there_are_changes_nothing(rows):
    postings = postings_of((1, 7))
    postings.reserve(rows)
    assert len(postings) == ROWS
    assert postings.row(1).tolist() == [7]


def test_reserving_more_rows_keeps_what_is_there():
    postings = postings_of((1, 7), (4, 8))
    postings.reserve(ROWS + 2)
    postings.extend(ints([ROWS + 1]), ints([9]))
    assert [postings.row(row).tolist() for row in range(ROWS + 2)] == [[], [7], [], [], [8], [], [9]]


def test_a_row_is_read_without_a_copy():
    postings = postings_of((1, 7), (1, 8))
    assert np.shares_memory(postings.row(1), postings.row(1))


def test_a_growing_row_moves_seldom():
    postings, moves, before = postings_of((0, 0)), 0, None
    for entry in range(1, 1000):
        postings.extend(ints([0]), ints([entry]))
        moves += before is None or not np.shares_memory(before, postings.row(0))
        before = postings.row(0)
    assert postings.row(0).tolist() == list(range(1000))
    # Twice what is needed each time: room for 2, 6, 14, 30, …, 1022. The pool itself moves as seldom.
    assert moves <= 9 + 9
