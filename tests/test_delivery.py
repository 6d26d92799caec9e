"""Answers to what shoppers did: in which order they go out, when, and to whom."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.delivery import Delivery
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.hub import Hub
from punnet.market import Action, EntityType, Fact, Farm, Product, Record, Removal, UserAction
from punnet.protocol.frames import Numbers
from tests.waiting import until
from tests.wires import Reel

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()
NAMES = ("kale", "leek", "beet", "dill", "mint")
CATALOGUE: list[Fact] = [
    Farm(id="hill", name="Hill Farm"),
    *(Product(id=name, name=name, farm_id="hill", category=f"all {name}", price=2.0) for name in NAMES),
]


def view(product_id: str = "kale", user_id: str = "ann") -> Action:
    """Return what is answered at once, with every product but this one."""
    return Action(event_id="e", user_id=user_id, action=UserAction.VIEW_PRODUCT, entity_id=product_id)


def search(product_id: str = "kale", user_id: str = "ann") -> Action:
    """Return what may wait, and is answered with this product alone."""
    return Action(
        event_id="e", user_id=user_id, action=UserAction.FILTER_CATEGORY, entity_id=f"all {product_id}"
    )


class Timer:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        self.set.append((seconds, what))

    def ring(self) -> None:
        waiting, self.set = self.set, []
        for _, what in waiting:
            what()


class Counter:
    """A delivery with a market behind it, and what its shoppers were given."""

    def __init__(self, group: int = 10) -> None:
        self.engine = Engine()
        self.apply(*CATALOGUE)
        ticks = itertools.count(NOON)
        self.hub = Hub(lambda: NOON, Numbers("x", "y"))
        self.timer = Timer()
        self.delivery = Delivery(
            self.engine,
            self.hub,
            lambda: next(ticks),
            interval=0.5,
            group=group,
            later=self.timer.later,
        )
        self.given: list[tuple[str, str, str]] = []
        self._wires: dict[str, Reel] = {}

    def apply(self, *facts: Fact) -> None:
        self.engine.apply([Record(at=NOON, fact=fact) for fact in facts])

    def listen(self, *user_ids: str) -> None:
        for user_id in user_ids:
            self._wires[user_id] = Reel()
            self.hub.register(user_id, self._wires[user_id])

    def block(self, user_id: str) -> None:
        self._wires[user_id].ready = False

    def unblock(self, user_id: str) -> None:
        self._wires[user_id].ready = True
        for connection in self.hub.of_user(user_id):
            connection.drained()

    def take(self, actions: list[Action]) -> None:
        self.delivery.take(Effects(actions=actions))

    async def turn(self, times: int = 1) -> None:
        """Let others have their turn, and keep what they gave, in the order they gave it."""
        for _ in range(times):
            await asyncio.sleep(0)
            messages = [message for wire in self._wires.values() for message in wire.messages]
            for wire in self._wires.values():
                wire.clear()
            messages.sort(key=lambda message: int(message["messageId"].partition(":")[2]))
            self.given += [told(message) for message in messages]

    async def __aenter__(self) -> "Counter":
        self.delivery.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.delivery.stop()


def told(message: dict[str, dict[str, object]]) -> tuple[str, str, str]:
    """Return of what kind a message is, for whom, and about which product."""
    payload = message["payload"]
    found = {one["product"]["id"] for one in payload["recommendations"]}
    if message["type"] == "RECOMMENDATION_UPDATE":
        (about,) = set(NAMES) - found
        return "view", payload["userId"], about
    (about,) = found
    return "search", payload["userId"], about


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    async with Counter() as counter:
        counter.listen("ann", "bob")
        yield counter


async def test_an_urgent_answer_comes_at_once_one_a_turn(counter):
    counter.take([view("kale"), view("leek", "bob"), view("beet")])
    seen = []
    while counter.delivery.waiting:
        await counter.turn()
        seen.append(len(counter.given))
    assert seen == [1, 2, 3]
    assert counter.given == [("view", "ann", "kale"), ("view", "bob", "leek"), ("view", "ann", "beet")]


async def test_other_answers_come_after_the_interval_in_groups_until_none_is_left():
    async with Counter(group=2) as counter:
        counter.listen("ann")
        counter.take([search(name) for name in NAMES])
        await counter.turn(20)
        assert (counter.given, counter.delivery.waiting) == ([], 5)
        assert [seconds for seconds, _ in counter.timer.set] == [0.5]
        counter.timer.ring()
        seen = []
        while counter.delivery.waiting:
            await counter.turn()
            seen.append(len(counter.given))
        assert seen == [2, 4, 5]
        assert counter.given == [("search", "ann", name) for name in NAMES]


async def test_each_interval_begins_with_what_waits_first(counter):
    for name in ("kale", "leek"):
        before = len(counter.given)
        counter.take([search(name)])
        await counter.turn(5)
        assert len(counter.given) == before
        counter.timer.ring()
        await counter.turn(5)
    assert counter.given == [("search", "ann", "kale"), ("search", "ann", "leek")]
    assert counter.timer.set == []


async def test_what_is_urgent_goes_before_a_group_that_was_there_first():
    async with Counter(group=2) as counter:
        counter.listen("ann")
        counter.take([search(name) for name in NAMES])
        counter.timer.ring()
        await counter.turn()
        counter.take([view("kale"), view("leek")])
        await counter.turn(10)
    kinds = [kind for kind, *_ in counter.given]
    assert kinds == ["search"] * 2 + ["view"] * 2 + ["search"] * 3


async def test_without_a_timer_of_its_own_the_time_of_the_loop_passes():
    market = Counter()
    delivery = Delivery(market.engine, market.hub, lambda: NOON, interval=0)
    ann = Reel()
    market.hub.register("ann", ann)
    delivery.start()
    delivery.take(Effects(actions=[search()]))
    await until(lambda: bool(ann.frames))
    assert [told(message) for message in ann.messages] == [("search", "ann", "kale")]
    await delivery.stop()


kinds = st.sampled_from((view, search))
actions = st.builds(
    lambda kind, *about: kind(*about), kinds, st.sampled_from(NAMES), st.sampled_from(("ann", "bob", "cem"))
)
steps = st.one_of(st.lists(actions, max_size=4), st.just("turn"), st.just("ring"))


async def carried_out(plan: list[str | list[Action]], group: int) -> list[tuple[str, ...]]:
    """Return what was taken in and what was given for it, in the order it happened."""
    log: list[tuple[str, ...]] = []
    async with Counter(group=group) as counter:
        counter.listen("ann", "bob")
        for step in [*plan, "stop"]:
            match step:
                case "turn":
                    await counter.turn()
                case "ring":
                    counter.timer.ring()
                case "stop":
                    await counter.delivery.stop()
                    await counter.turn()
                case taken:
                    counter.take(taken)
                    log += [("taken", *named(action)) for action in taken if action.user_id != "cem"]
            log += [("given", *one) for one in counter.given]
            counter.given.clear()
    return log


def named(action: Action) -> tuple[str, str, str]:
    about = action.entity_id.removeprefix("all ")
    return ("view" if action.action is UserAction.VIEW_PRODUCT else "search"), action.user_id, about


@settings(max_examples=60)
@given(st.lists(steps, max_size=20), st.integers(1, 4))
def test_each_answer_comes_once_in_order_and_none_before_one_that_is_urgent(plan, group):
    log = asyncio.run(carried_out(plan, group))
    for kind in ("view", "search"):
        taken, given = ([one[1:] for one in log if one[:2] == (what, kind)] for what in ("taken", "given"))
        assert given == taken
    urgent = 0
    for what, kind, *_ in log:
        if kind == "view":
            urgent += 1 if what == "taken" else -1
        elif what == "given":
            assert urgent == 0


async def test_at_the_end_nothing_waits_for_the_interval(counter):
    counter.take([search("kale"), view("leek"), search("beet", "bob")])
    await counter.delivery.stop()
    await counter.turn()
    assert counter.delivery.waiting == 0
    assert sorted(counter.given) == [
        ("search", "ann", "kale"),
        ("search", "bob", "beet"),
        ("view", "ann", "leek"),
    ]


async def test_what_never_began_can_be_stopped():
    await Counter().delivery.stop()


async def test_what_is_cleared_is_never_answered(counter):
    counter.take([search("kale"), view("leek"), search("beet", "bob")])
    assert counter.delivery.clear() == 3
    assert counter.delivery.clear() == counter.delivery.waiting == 0
    counter.timer.ring()
    counter.take([search("mint")])
    await counter.delivery.stop()
    await counter.turn()
    assert counter.given == [("search", "ann", "mint")]


async def test_of_who_is_forgotten_nothing_is_answered_and_nothing_more_is_sent(counter):
    counter.block("ann")
    counter.hub.publish_user("ann", b"{what she did once}")
    counter.take([search("kale"), search("beet", "bob"), view("leek"), view("kale", "bob"), search("dill")])
    counter.delivery.forget("ann")
    assert counter.delivery.waiting == 2
    await counter.delivery.stop()
    counter.unblock("ann")
    await counter.turn()
    assert counter.given == [("view", "bob", "kale"), ("search", "bob", "beet")]


async def test_where_nobody_listens_nothing_waits(counter):
    counter.take([view(user_id="cem"), search(user_id="cem")])
    assert (counter.delivery.waiting, counter.timer.set) == (0, [])


async def test_what_asks_for_no_answer_does_not_wait(counter):
    counter.take([Action(event_id="e", user_id="ann", action=UserAction.SHARE_PRODUCT, entity_id="kale")])
    assert counter.delivery.waiting == 0


async def test_who_stopped_listening_costs_no_answer():
    async with Counter() as counter:
        ann = counter.hub.register("ann", Reel())
        counter.take([view() for _ in range(10)])
        counter.hub.unregister(ann)
    assert (counter.delivery.waiting, counter.delivery.delivered, counter.delivery.failed) == (0, 0, 0)


async def test_a_product_that_leaves_before_its_answer_counts_as_failed_until_all_is_counted_anew(counter):
    counter.take([view("kale"), view("leek")])
    counter.apply(Removal(entity_type=EntityType.PRODUCT, id="kale"))
    await counter.delivery.stop()
    assert (counter.delivery.delivered, counter.delivery.failed) == (1, 1)
    counter.delivery.reset()
    assert (counter.delivery.delivered, counter.delivery.failed) == (0, 0)


async def test_where_there_is_nothing_to_push_nothing_is_pushed(counter):
    wish = Action(event_id="e", user_id="ann", action=UserAction.ADD_TO_WISHLIST, entity_id="of no farm")
    counter.take([wish])
    await counter.delivery.stop()
    assert (counter.delivery.delivered, counter.delivery.failed, counter.given) == (0, 0, [])
