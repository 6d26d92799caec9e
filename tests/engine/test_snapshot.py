"""Snapshots: an engine that was written down and read back is the same engine."""

import os
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.column import Column
from punnet.core.vocab import Vocabulary
from punnet.engine import snapshot
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.errors import BadFile, UnknownId
from punnet.market import Record
from tests.engine.accepted import facts, questions
from tests.engine.facts import NOW, did, engine_of, farm, order, patched, product, records
from tests.markets import markets, query
from tests.state import state

SHOP = (farm(), product("leeks"), product("kale", category="Fruits"))


def again(engine, tuning=None):
    """Return what is left of an engine that was written down and read back."""
    return snapshot.load(snapshot.dump(engine), tuning)


def answered(engine, question, now):
    """Return an answer in bytes, or what is said of an unknown product."""
    try:
        return msgspec.json.encode(engine.answer(question, now))
    except UnknownId as refused:
        return refused.message


@given(st.lists(facts, max_size=25), st.integers(0, 25), questions)
def test_whatever_happened_an_engine_read_back_is_the_same_and_goes_on_the_same(happened, cut, question):
    start = records(*SHOP)
    taken = start + [Record(at=NOW + number / 4, fact=fact) for number, fact in enumerate(happened)]
    engine = Engine()
    engine.apply(taken[:cut])
    other = again(engine)
    assert state(other) == state(engine)
    assert other.apply(taken[cut:]) == engine.apply(taken[cut:])
    assert state(other) == state(engine)
    assert answered(other, question, NOW) == answered(engine, question, NOW)


@given(markets(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_a_market_read_back_gives_the_same_answers_and_goes_on_the_same(of, part, random):
    engine = Engine()
    cut = round(part * len(of.records))
    engine.apply(of.records[:cut])
    other = again(engine)
    for record in of.records[cut:]:
        assert other.apply([record]) == engine.apply([record])
    assert state(other) == state(engine)
    for _ in range(3):
        asked = query(random, of)
        assert answered(other, asked, of.seconds) == answered(engine, asked, of.seconds)


def test_alerts_and_what_shoppers_saw_are_there_when_an_engine_is_read_back():
    viewed = did("ann", "VIEW_PRODUCT", "leeks")
    engine = engine_of(*SHOP, viewed, patched("leeks", price=1.5, stock=0), patched("leeks", stock=1))
    other = again(engine)
    kept = list(engine.alerts.between(0, 4))
    assert list(other.alerts.between(0, 4)) == kept
    assert [alert.kind.name for alert in kept] == ["NEW_ARRIVAL", "NEW_ARRIVAL", "PRICE_DROP", "STOCK"]
    assert (other.alerts.first, other.alerts.count) == (1, 4)
    assert other.price_last_seen("ann", 0) == engine.price_last_seen("ann", 0) == 2.0
    for each in (engine, other):
        each.apply(records(patched("leeks", price=1.0)))
    assert list(other.alerts.between(4, 5)) == list(engine.alerts.between(4, 5)) != []


def test_the_numbers_of_alerts_go_on_although_none_is_kept():
    engine = engine_of(*SHOP)
    engine.alerts.keep(0)
    other = again(engine)
    assert (other.alerts.first, other.alerts.count) == (3, 2)


def test_an_empty_engine_read_back_is_an_empty_engine():
    # Whatever other tests have it remember.
    snapshot._plain_kind.cache_clear()
    assert state(again(Engine())) == state(Engine())


def test_the_tuning_is_given_anew():
    engine = engine_of(*SHOP)
    tuning = Tuning(weight_seasonal=0.5)
    assert state(again(engine, tuning)) != state(engine)
    assert again(engine, tuning)._tuning is tuning


def test_the_engine_read_back_shares_nothing_with_the_bytes_it_was_read_from():
    body = bytearray(snapshot.dump(engine_of(*SHOP, order("ann", "leeks"))))
    engine = snapshot.load(bytes(body))
    before = state(engine)
    engine.apply(records(order("bob", "kale"), did("bob", "VIEW_PRODUCT", "leeks")))
    assert state(engine) != before
    assert state(snapshot.load(bytes(body))) == before


def test_what_is_dumped_is_a_copy():
    engine = engine_of(*SHOP)
    before, body = state(engine), snapshot.dump(engine)
    engine.apply(records(order("ann", "leeks")))
    assert state(snapshot.load(body)) == before


@pytest.mark.parametrize("room", ["engine", "index", "profile"])
def test_state_of_an_unknown_kind_cannot_be_forgotten(room):
    engine = engine_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"))
    if room == "profile":
        engine._index.profile(0).views = object()
    else:
        (engine if room == "engine" else engine._index).more = {"leeks": 1}
    with pytest.raises(TypeError, match=r"must declare the type of more|does not hold a object"):
        snapshot.dump(engine)


@pytest.mark.parametrize("more", [Column(np.int64), Vocabulary()])
def test_state_that_only_one_of_two_engines_has_is_refused(more):
    engine = engine_of(*SHOP)
    engine._index.more = more
    with pytest.raises(BadFile, match="another shape"):
        again(engine)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"_debounce.skipped", b"_debounce.skippex"),
        (b"_debounce.skipped\xc4\x01\x00", b"_debounce.skipped\xc4\x01\xc0"),
        (b"shelf._price\xc4\x10", b"shelf._price\xc4\x0f"),
    ],
    ids=["another name", "another type", "another length"],
)
def test_a_snapshot_of_something_else_is_refused(before, after):
    body = snapshot.dump(engine_of(*SHOP))
    assert before in body
    with pytest.raises(BadFile, match="the engine cannot be read"):
        snapshot.load(body.replace(before, after))


@pytest.mark.parametrize("spoil", ["nothing", "cut", "more", "null"])
def test_what_is_no_snapshot_is_refused(spoil):
    body = snapshot.dump(engine_of(*SHOP))
    spoiled = {"nothing": b"", "cut": body[:-1], "more": body + b"\x00", "null": b"\xc0"}[spoil]
    with pytest.raises(BadFile, match="the engine cannot be read"):
        snapshot.load(spoiled)


def test_the_shape_is_the_same_in_every_process():
    command = "from punnet.engine import snapshot; print(snapshot.shape())"
    shapes = {
        subprocess.run(
            [sys.executable, "-c", command],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert shapes == {snapshot.shape()}


@pytest.mark.parametrize("change", ["another attribute", "another type", "another kind of column"])
def test_the_shape_changes_with_the_state(monkeypatch, change):
    before = snapshot.shape()

    class Changed(Engine):
        if change == "another type":
            more: int

        def __init__(self):
            super().__init__()
            if change == "another kind of column":
                self._index.catalogue.shelf._price = Column(np.int64)
            elif change == "another attribute":
                self.more = Vocabulary()
            else:
                self.more = 0

    monkeypatch.setattr(snapshot, "Engine", Changed)
    assert snapshot.shape() != before
