"""The bench of hostile connections notices what it is there to notice."""

from collections import Counter

import pytest

from bench.hostility.honest import Diary, Unserved
from bench.hostility.judging import (
    ACKS,
    AFTER,
    ALERTS,
    ANSWERS,
    BEFORE,
    MEANWHILE,
    Failed,
    Gauge,
    Phase,
    Spread,
    Taken,
    Told,
    Work,
    failures,
    faults,
    times,
)
from bench.hostility.tricks import KNOCKING, LOOPING, READING, SLOW, tricks

MIB = 1 << 20


def phase(name: str, **other: object) -> Phase:
    usual = {
        "times": dict.fromkeys((ANSWERS, ACKS, ALERTS), Spread(100, 1.0, 99.9, 500.0)),
        "failures": Counter(),
        "works": {"server": Work(0.5, 0.1)},
        "gauges": [Gauge(0.0, 900 * MIB, 2_000), Gauge(1.0, 200 * MIB, 220)],
        "lines": 3,
    }
    return Phase(name=name, seconds=20.0, **(usual | other))


def found(**other: dict[str, object]) -> dict[str, Phase]:
    return {
        name: phase(name, **other.get(key, {}))
        for key, name in (("before", BEFORE), ("meanwhile", MEANWHILE), ("after", AFTER))
    }


def slow(kind: str) -> dict[str, object]:
    return {"times": phase("").times | {kind: Spread(100, 1.0, 100.0, 100.0)}}


def held(memory: int, files: int) -> dict[str, object]:
    return {"gauges": [Gauge(1.0, memory * MIB, files)]}


def test_a_server_that_bears_it_has_no_faults():
    assert faults(found(), 1.0) == []
    assert faults(found(before=slow(ANSWERS), after=slow(ANSWERS)), 1.0) == []
    assert faults(found(after=held(264, 250)), 1.0) == []


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        ({"meanwhile": {"failures": Counter({"answers: 429": 2})}}, "under attack: 2 honest requests"),
        ({"before": {"failures": Counter({"acks: gone": 1})}}, "quiet before: 1 honest requests"),
        ({"after": {"failures": Counter({"alerts: not heard of": 1})}}, "quiet after: 1 honest requests"),
        ({"meanwhile": slow(ANSWERS)}, "p99 from request to its answer is 100 ms"),
        ({"meanwhile": slow(ACKS)}, "p99 from action on a stream to its ACTION_ACK is 100 ms"),
        ({"meanwhile": slow(ALERTS)}, "p99 from change of a price to its alert is 100 ms"),
        ({"after": held(265, 220)}, "65 MiB more"),
        ({"after": held(200, 251)}, "31 files more"),
        ({"meanwhile": {"lines": 18}}, "21 lines into the log"),
        ({"after": {"lines": 18}}, "21 lines into the log"),
    ],
)
def test_each_fault_has_a_sentence(seen: dict[str, dict[str, object]], sentence: str):
    (told,) = faults(found(**seen), 1.0)
    assert sentence in told


def test_what_was_not_measured_is_a_fault():
    sentences = faults(found(meanwhile={"times": {}}), 1.0)
    assert [each.partition(": ")[2] for each in sentences] == [
        "no answers at all",
        "no acks at all",
        "no alerts at all",
    ]


def test_an_attack_that_is_none_is_a_fault():
    assert faults(found(), 0.5) == []
    assert faults(found(), 0.49) == ["the attack came to 49% of the new connections it was to make"]


def test_what_is_taken_and_what_fails_belongs_to_the_phase_in_which_it_began():
    told = Told(
        [Taken(ANSWERS, at, seconds) for at, seconds in ((0.9, 9.0), (1.0, 0.001), (1.9, 2.0), (2.0, 9.0))],
        [Failed(ACKS, 0.5, "gone"), Failed(ACKS, 1.5, "gone"), Failed(ACKS, 1.6, "gone")],
    )
    assert times(told, 1.0, 2.0) == {ANSWERS: Spread(2, 2000.0, 2000.0, 2000.0)}
    assert failures(told, 1.0, 2.0) == {"acks: gone": 2}


async def test_what_is_refused_or_takes_too_long_is_written_down_as_a_failure():
    async def served() -> None:
        pass

    async def refused() -> None:
        raise Unserved("GET answered 429")

    async def late() -> None:
        raise TimeoutError

    diary = Diary()
    assert [await diary.time(ANSWERS, work()) for work in (served, refused, late)] == [True, False, False]
    assert [each.kind for each in diary.told.taken] == [ANSWERS]
    assert [each.why for each in diary.told.failed] == ["GET answered 429", "TimeoutError"]


def test_who_did_not_hear_of_a_price_lacks_an_alert():
    diary = Diary()
    diary.price_falls("kale", {"ann", "ben"})
    for listener in ("ann", "ann", "nobody"):
        diary.heard("kale", listener)
    diary.heard("leek", "ann")
    diary.forget("kale")
    assert [each.kind for each in diary.told.taken] == [ALERTS]
    assert [each.why for each in diary.told.failed] == ["not heard of"]


def test_each_group_has_tricks_of_its_own_kind():
    played = tricks()
    assert list(played) == [READING, SLOW, LOOPING, KNOCKING]
    assert all(trick.group == group for group, of in played.items() for trick in of)
    assert not any(trick.reads for trick in played[READING])
    assert all(trick.leaves for group in (LOOPING, KNOCKING) for trick in played[group])
    assert not any(trick.first.endswith(b"\r\n\r\n") for trick in played[SLOW])
