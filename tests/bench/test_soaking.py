"""The soak notices what it is there to notice."""

from collections import Counter

import pytest

from bench.soak import Sample, at, growth
from bench.soaking.listeners import Frame, Heard, Listener, delays
from bench.soaking.verdict import Journal, alike, questions, unheard
from bench.soaking.writers import PRODUCTS, Drop, Kept, catalogue

KEPT = Kept(actions={"1", "2"}, orders={"3"})


def journal(*keys: str) -> Journal:
    return Journal(Counter(keys), actions=2, orders=1)


def test_what_was_acknowledged_and_is_not_in_the_journal_is_lost():
    assert journal("e:1", "e:2", "o:3", "e:9").lacks(KEPT) == []
    assert journal("e:1", "e:3", "o:2").lacks(KEPT) == ["e:2", "o:3"]


def test_what_the_journal_has_twice_is_doubled():
    assert journal("e:1", "e:2", "o:3").doubled == 0
    assert journal("e:1", "e:1", "e:1", "o:3").doubled == 2


def recommendation(product: str, score: float, *reasons: str) -> dict[str, object]:
    return {"product": {"id": product}, "score": score, "confidence": 0.8, "reasons": [*reasons]}


def test_answers_differ_by_products_order_reasons_and_scores_but_not_by_the_seconds_between_them():
    one = [recommendation("kale", 0.5, "SEASONAL"), recommendation("leek", 0.4)]
    assert alike(one, [recommendation("kale", 0.50001, "SEASONAL"), recommendation("leek", 0.4)])
    for other in (
        None,
        one[:1],
        one[::-1],
        [recommendation("kale", 0.5), recommendation("leek", 0.4)],
        [recommendation("kale", 0.6, "SEASONAL"), recommendation("leek", 0.4)],
    ):
        assert not alike(one, other)


def drop(product: str, process: int = 0, *, calm: bool = True) -> Drop:
    return Drop(product, process, sent=10.0, kept=11.0, calm=calm)


def heard(**times: list[float]) -> Heard:
    return Heard(times, dict.fromkeys(times, 1), dict.fromkeys(times, 5.0))


def test_a_price_that_a_listener_was_not_told_of_is_lost_and_one_told_twice_is_doubled():
    kept = Kept(drops={"kale": drop("kale"), "leek": drop("leek")})
    assert unheard([heard(kale=[12.0], leek=[13.0])], kept) == (0, 0)
    assert unheard([heard(kale=[12.0, 14.0]), heard()], kept) == (3, 1)


def test_the_delay_is_that_of_other_processes_in_calm_times_on_connections_that_were_there():
    drops = {"a": drop("a"), "b": drop("b", process=1), "c": drop("c", calm=False), "d": drop("d")}
    told = heard(a=[11.25], b=[11.5], c=[12.0], d=[10.5], unknown=[1.0])
    assert delays(told, drops) == [0.25, 0.0]
    told.since["a"] = 10.5
    assert delays(told, drops) == [0.0]


def frame(number: int, product: str) -> Frame:
    return Frame("PRICE_DROP_ALERT", f"epoch:{number << 32}", {"productId": product})


def test_messages_out_of_order_and_clients_that_cannot_resume_are_counted():
    listener = Listener(0, [object()], None)
    for number in (1, 2, 2, 5, 4):
        listener._take(frame(number, f"p{number}"), 0.0)
    listener._take(Frame("CONNECTION_ACK", "epoch:7", {"resumed": False}), 0.0)
    assert (listener.heard.disordered, listener.heard.unresumed) == (2, 1)


def test_growth_is_that_of_the_process_that_changed_most():
    steady = [Sample(second, [100, 200, 300]) for second in range(10)]
    assert growth(steady) == 0
    late = [Sample(second, [90, 200, 306]) for second in range(10)]
    assert growth([*steady, *late]) == pytest.approx(-0.1)
    assert growth(steady[:5]) is None


def test_a_share_of_seconds_is_told_in_milliseconds():
    assert [at([0.001, 0.002, 0.003], share) for share in (0, 0.5, 1)] == [1.0, 2.0, 3.0]
    assert at([], 0.5) is None


def test_every_context_and_visitors_are_asked_about():
    asked = questions(100, 7)
    assert len(set(asked)) == 100
    assert sum("nobody-" in path for path in asked) == 10
    for part in ("HOME", "CART", "CHECKOUT", "SEARCH", "productId"):
        assert sum(part in path for path in asked) == 20


def test_the_market_has_a_price_for_each_drop():
    assert sum(b"price" in line for line in catalogue()) == PRODUCTS
