"""Rows of positions that keep growing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.compiled import Packed, entry
from punnet.core.postings import LEAST, NOWHERE, Postings, rows_at, spans
from tests.builders import positions

ROWS = 5
ENTRIES = 20
TIMES = np.array([at * 7 % 4 for at in range(ENTRIES)], np.float64)
"""A time for each entry, some of them equal."""


def ints(values):
    return np.array(values, np.int64)


def add(postings, pairs, *times):
    postings.add(positions(row for row, _ in pairs), positions(entry for _, entry in pairs), *times)


def postings_of(*pairs):
    postings = Postings()
    postings.reserve(ROWS)
    add(postings, pairs)
    return postings


def rows_of(postings):
    return [postings.row(row).tolist() for row in range(len(postings))]


def room(length):
    """Return the room that a row of this length has."""
    return 0 if length == 0 else max(LEAST, 1 << (length - 1).bit_length())


def free_rooms(postings):
    """Return the free rooms by the links of their chains, as pairs of start and size."""
    found, pool = [], postings.rows.pool
    for size, start in enumerate(postings._free.values.tolist()):
        at = start
        while at != NOWHERE:
            found.append((at, 1 << size))
            at = int(pool[at])
    return found


def assert_well_kept(postings):
    """The pool is rooms of rows and free rooms side by side; beside entries and links it holds zeros."""
    pool, length = postings.rows.pool.tolist(), len(postings._pool)
    heads = postings.rows.heads[: 2 * len(postings)].reshape(-1, 2).tolist()
    taken = [(start, room(size)) for start, size in heads if size]
    free = free_rooms(postings)
    end = 0
    for start, size in sorted(taken + free):
        assert start == end
        end = start + size
    assert end == length
    kept = {start + step for start, size in heads for step in range(size)} | {start for start, _ in free}
    assert [value for at, value in enumerate(pool) if at not in kept and value] == []


entries = st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, ENTRIES - 1)), max_size=25)


@given(st.lists(entries, max_size=4), st.lists(st.integers(0, ROWS - 1), max_size=8), st.booleans())
def test_every_row_ascends_and_holds_once_what_was_added_to_it(batches, asked, timed):
    postings, expected = postings_of(), [set() for _ in range(ROWS)]
    order = (lambda entry: (TIMES[entry], entry)) if timed else (lambda entry: entry)
    for pairs in batches:
        add(postings, pairs, *([TIMES] if timed else []))
        for row, new in pairs:
            expected[row].add(new)
        ascending = [sorted(row, key=order) for row in expected]
        assert rows_of(postings) == ascending
        assert postings.lengths.tolist() == [len(row) for row in expected]
        assert postings.gather(ints(asked)).tolist() == [entry for row in asked for entry in ascending[row]]
        assert_well_kept(postings)


@given(entries)
def test_it_does_not_matter_in_which_batches_entries_come(pairs):
    at_once, one_by_one = postings_of(*pairs), postings_of()
    for pair in pairs:
        add(one_by_one, [pair])
    assert rows_of(at_once) == rows_of(one_by_one)


removals = st.tuples(st.sets(st.integers(0, ROWS - 1)), st.lists(st.integers(0, ENTRIES - 1), max_size=25))


@given(st.lists(st.tuples(entries, removals), max_size=4))
def test_what_is_removed_from_some_rows_is_gone_there_and_the_rest_keeps_its_order(steps):
    postings, expected = postings_of(), [set() for _ in range(ROWS)]
    for pairs, (rows, gone) in steps:
        add(postings, pairs, TIMES)
        for row, new in pairs:
            expected[row].add(new)
        postings.remove(ints(list(rows)), ints(gone))
        for row in rows:
            expected[row] -= set(gone)
        ordered = [sorted(row, key=lambda entry: (TIMES[entry], entry)) for row in expected]
        assert rows_of(postings) == ordered
        assert postings.lengths.tolist() == [len(row) for row in expected]
        assert_well_kept(postings)


@entry
def lengths_of(rows: int, lengths: np.ndarray) -> None:
    found = rows_at(rows)
    for row in range(len(lengths)):
        lengths[row] = found.heads[2 * row + 1]


def test_compiled_loops_read_the_rows():
    lengths, packed = np.zeros(ROWS, np.int64), Packed(postings_of((1, 7), (4, 8), (4, 9)).rows)
    lengths_of(packed.address, lengths)
    assert lengths.tolist() == [0, 1, 0, 0, 2]


def test_what_was_removed_is_nowhere_in_memory_also_where_its_row_moved():
    postings = postings_of((0, 777), (1, 5))
    add(postings, [(0, entry) for entry in range(50)])
    postings.remove(ints([0]), ints([777]))
    assert 777 not in postings.rows.pool
    assert postings.row(0).tolist() == list(range(50))


@pytest.mark.parametrize("left", range(9))
def test_a_row_that_shrinks_gives_back_all_that_it_does_not_need(left):
    postings = postings_of(*((0, 100 + entry) for entry in range(9)))
    before = len(postings._pool)
    postings.remove(ints([0]), ints(range(100 + left, 109)))
    assert postings.row(0).tolist() == list(range(100, 100 + left))
    assert sum(size for _, size in free_rooms(postings)) == before - room(left)
    assert_well_kept(postings)


def test_the_room_of_a_row_that_moved_goes_to_the_next_that_needs_one_of_that_size():
    postings = postings_of((0, 1), (0, 2))
    assert len(postings._pool) == 2
    add(postings, [(0, 3)])  # row 0 needs a room of 4 and leaves one of 2
    assert (len(postings._pool), free_rooms(postings)) == (6, [(0, 2)])
    add(postings, [(1, 9)])
    assert (len(postings._pool), free_rooms(postings)) == (6, [])
    assert rows_of(postings)[:2] == [[1, 2, 3], [9]]


def test_of_several_free_rooms_of_a_size_each_is_used_once():
    postings = postings_of(*((row, entry) for row in range(3) for entry in (1, 2)))
    add(postings, [(row, 3) for row in range(3)])
    assert len(free_rooms(postings)) == 3
    before = len(postings._pool)
    postings.reserve(8)
    add(postings, [(row, row) for row in range(3, 7)])
    assert (len(postings._pool), free_rooms(postings)) == (before + 2, [])
    assert rows_of(postings) == [[1, 2, 3]] * 3 + [[3], [4], [5], [6], []]
    assert_well_kept(postings)


def test_a_row_that_was_emptied_begins_anew():
    postings = postings_of((0, 1), (0, 2), (1, 3))
    postings.remove(ints([0]), ints([1, 2]))
    assert free_rooms(postings) == [(0, 2)]
    add(postings, [(0, 4)])
    assert rows_of(postings)[:2] == [[4], [3]]
    assert_well_kept(postings)


def test_an_entry_that_is_there_is_not_added_again_although_its_row_is_full():
    postings = postings_of((0, 1), (0, 2))
    add(postings, [(0, 1), (0, 2), (0, 1)])
    assert rows_of(postings)[0] == [1, 2]
    assert len(postings._pool) == 2


def test_by_time_the_last_of_equal_times_is_the_one_that_is_the_latest():
    postings = postings_of()
    add(postings, [(0, 2), (0, 0), (0, 1), (0, 3)], np.array([5.0, 5.0, 4.0, 5.0]))
    assert postings.row(0).tolist() == [2, 0, 1, 3]


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
    add(postings, [(ROWS + 1, 9)])
    assert rows_of(postings) == [[], [7], [], [], [8], [], [9]]


def test_a_row_is_read_without_a_copy():
    postings = postings_of((1, 7), (1, 8))
    assert np.shares_memory(postings.row(1), postings.rows.pool)


def test_a_growing_row_moves_seldom():
    postings, moves, before = postings_of((0, 0)), 0, None
    for number in range(1, 1000):
        add(postings, [(0, number)])
        moves += before is None or not np.shares_memory(before, postings.row(0))
        before = postings.row(0)
    assert postings.row(0).tolist() == list(range(1000))
    # Rooms of 2, 4, 8, …, 1024. The pool itself moves as seldom.
    assert moves <= 10 + 10
