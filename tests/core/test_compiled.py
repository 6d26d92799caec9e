"""Loops over arrays, compiled: and that they do the same as they stand."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

from punnet.types import Floats, Mask, Positions
from tests.compiling import loaded


class Shelf(NamedTuple):
    prices: Floats
    counts: Positions
    open: Mask


class Market(NamedTuple):
    shelf: Shelf
    orders: Positions
    open: bool
    factor: float
    added: int


class Pair(NamedTuple):
    """A tuple that is taken apart."""

    values: Floats
    weight: float


@pytest.fixture(params=[True, False], ids=["compiled", "plain"])
def made(request, monkeypatch, tmp_path):
    return loaded(monkeypatch, tmp_path, jit=request.param)


@pytest.fixture
def read(made):
    """Return what reads a market at an address, by compiled functions that hand structs on to each other."""
    made.reader(Shelf)
    market_at = made.reader(Market)

    @made.compiled
    def price(shelf: Shelf, product: int) -> float:
        return shelf.prices[product] * shelf.counts[product] if shelf.open[product] else -1.0

    @made.compiled
    def total(market: Market, scale: float, extra: tuple[int, int]) -> float:
        found = 0.0
        for at in range(len(market.orders)):
            found += price(market.shelf, market.orders[at])
        return (found + extra[0] + extra[1]) * market.factor * scale + market.added

    def at(address: int, scale: float, extra: tuple[int, int]) -> float:
        market = market_at(address)
        return total(market, scale, extra) if market.open else 0.0

    return made.entry(at)


def market(**known):
    shelf = Shelf(
        np.array([1.5, 2.5, 9.0]), np.array([2, 3, 4], np.int32), np.array([True, True, False], np.bool_)
    )
    about = {"shelf": shelf, "orders": np.array([1, 0, 1, 2], np.int32), "open": True}
    return Market(**{**about, "factor": 0.5, "added": 100, **known})


def test_a_struct_is_read_at_its_address(made, read):
    packed = made.Packed(market())
    # 7.5 + 3 + 7.5 - 1, and 10 + 20; halved, doubled, and 100 more.
    assert read(packed.address, 2.0, (10, 20)) == 147.0


def test_another_struct_may_be_held_at_the_address(made, read):
    packed = made.Packed(market())
    address = packed.address
    packed.hold(market(orders=np.array([0], np.int32), factor=1.0, added=-1))
    assert packed.address == address
    assert read(address, 1.0, (0, 0)) == 2.0
    packed.hold(market(open=False))
    assert read(address, 1.0, (0, 0)) == 0.0


def test_each_field_may_change_alone_and_back_again(made, read):
    one = market()
    packed = made.Packed(one)
    shelf = one.shelf._replace(prices=np.array([2.0, 4.0, 0.0]))
    for change, expected in (
        ({"shelf": shelf}, 13.5),
        ({"shelf": shelf._replace(counts=np.array([1, 1, 1], np.int32))}, 4.5),
        ({"orders": np.array([0], np.int32)}, 1.5),
        ({"factor": 2.0}, 34.0),
        ({"added": 7}, 15.5),
        ({}, 8.5),
        ({"open": False}, 0.0),
        ({}, 8.5),
    ):
        packed.hold(one._replace(**{"added": 0, **change}))
        assert read(packed.address, 1.0, (0, 0)) == expected


def test_what_is_packed_is_not_copied(made, read):
    one = market()
    packed = made.Packed(one)
    one.shelf.prices[1], one.orders[:] = 100.0, 1
    assert read(packed.address, 1.0, (0, 0)) == 4 * 300.0 * 0.5 + 100


def test_several_structs_are_packed_at_once(made, read):
    packed = [made.Packed(market(added=number)) for number in range(5)]
    assert len({each.address for each in packed}) == 5
    assert [read(each.address, 1.0, (-17, 0)) for each in packed] == [0, 1, 2, 3, 4]


def test_a_tuple_that_is_no_struct_is_taken_apart(made):
    @made.compiled
    def weigh(pair: Pair, at: int) -> float:
        return pair.values[at] * pair.weight

    def both(values: Floats, weight: float) -> float:
        pair = Pair(values, weight)
        return weigh(pair, 0) + weigh(pair, len(values) - 1)

    assert made.entry(both)(np.array([1.0, 2.0, 4.0]), 0.5) == 2.5


def test_a_place_from_an_array_is_passed_on_as_any_number(made):
    @made.compiled
    def twice(number: int) -> int:
        return 2 * number

    def add(places: Positions, to: Floats) -> None:
        for at in range(len(places)):
            to[at] = twice(places[at]) + twice(at)

    found = np.zeros(2)
    made.entry(add)(np.array([1_000_000_000, 7], np.int32), found)
    assert found.tolist() == [2_000_000_000, 16]


def test_a_compiled_function_writes_to_the_arrays_it_is_given(made):
    shelf_at = made.reader(Shelf)

    def fill(address: int) -> None:
        shelf = shelf_at(address)
        shelf.prices[:] = 7.0
        shelf.counts[1] += 1
        shelf.open[2] = True

    shelf = market().shelf
    packed = made.Packed(shelf)
    made.entry(fill)(packed.address)
    assert [part.tolist() for part in shelf] == [[7.0] * 3, [2, 4, 4], [True] * 3]


def test_an_array_of_another_kind_is_refused_before_it_is_read(monkeypatch, tmp_path):
    made = loaded(monkeypatch, tmp_path, jit=True)
    made.reader(Shelf)
    with pytest.raises(AssertionError, match="int64"):
        made.Packed(market().shelf._replace(counts=np.array([1, 2, 3])))


def test_a_struct_that_is_no_longer_packed_cannot_be_read(monkeypatch, tmp_path):
    made = loaded(monkeypatch, tmp_path, jit=False)
    shelf_at = made.reader(Shelf)
    packed = made.Packed(market().shelf)
    address = packed.address
    assert shelf_at(address).counts.tolist() == [2, 3, 4]
    del packed
    with pytest.raises(KeyError):
        shelf_at(address)


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.int32, np.bool_])
def test_an_array_lies_where_numpy_says(made, kind):
    array = np.zeros(3, kind)
    assert made.address_of(array) == array.ctypes.data


def test_machine_code_is_kept_in_a_folder(monkeypatch, tmp_path):
    made = loaded(monkeypatch, tmp_path, jit=True)
    assert made.address_of(np.zeros(1)) > 0
    assert list(tmp_path.rglob("*address_of*"))


def test_the_folder_is_that_of_the_sources_where_none_is_given(monkeypatch):
    made = loaded(monkeypatch, "", jit=False)
    assert str(made.cache.folder_in(made.cache.places())) == numba.config.CACHE_DIR


def test_machine_code_is_kept_once_it_was_compiled_and_that_of_before_goes(monkeypatch, tmp_path):
    (tmp_path / "compiled-before").mkdir()
    made = loaded(monkeypatch, tmp_path / "compiled-now", jit=True)
    assert not made.is_kept()
    made.address_of(np.zeros(1))
    assert made.is_kept()
    made.drop_former()
    assert [left.name for left in tmp_path.iterdir()] == ["compiled-now"]


def test_a_folder_that_is_given_is_used(monkeypatch, tmp_path):
    loaded(monkeypatch, tmp_path, jit=False)
    folder = numba.config.CACHE_DIR
    assert folder == str(tmp_path)


def test_asking_memory_for_an_element_changes_nothing(made):
    prefetch = made.prefetch

    def second(places: Positions) -> int:
        prefetch(places, 1)
        return places[1]

    places = np.array([4, 5], np.int32)
    assert made.entry(second)(places) == 5
    assert places.tolist() == [4, 5]
