"""Answers that are given again: nobody can tell, but for what others bought in the last minute."""

import asyncio
import json
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.engine.engine import Engine
from punnet.market import (
    Action,
    EntityType,
    Farm,
    FarmChange,
    FarmPatch,
    Product,
    ProductChange,
    ProductPatch,
    Record,
    Removal,
    UserAction,
)
from punnet.web.answers import OVERHEAD, Answers
from tests.web.stall import NOW, OPENING, opened, order
from tests.wires import Reel

ANSWERS = "/api/recommendations"
ANN = {"userId": "ann", "limit": "3"}


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Seen(NamedTuple):
    """What a client saw of an answer: its age, None where it was made for it; its data, and its count."""

    age: int | None
    data: dict[str, object]
    count: int


async def ask(stall, **params):
    response = await stall.client.get(ANSWERS, params=params)
    assert response.status_code == 200, response.text
    age, answer = response.headers.get("Age"), response.json()
    assert response.headers["Cache-Control"] == "private, max-age=60"
    return Seen(None if age is None else int(age), answer["data"], answer["meta"]["count"])


async def is_kept(stall, **params):
    """Return whether this would be answered with what was answered before."""
    return (await ask(stall, **params)).age is not None


async def buy(stall, user_id, order_id="new", *products):
    await stall.shop.pipeline.submit([(order(order_id, user_id, *(products or ("honey",))),)])


async def test_the_same_question_has_the_same_answer_and_its_age(stall_at):
    async with stall_at() as (stall, time):
        first = await ask(stall, **ANN)
        time.now += 7.9
        again = await ask(stall, **ANN)

    assert (first.age, again.age) == (None, 7)
    assert first[1:] == again[1:]
    assert again.data["timestamp"] == "2025-10-09T08:53:20Z"


@pytest.fixture
def stall_at():
    """Return what opens a stall with a clock of ours."""

    class Opened:
        def __init__(self, **options):
            self.time = Time()
            self._opened = opened(clock=self.time, **options)

        async def __aenter__(self):
            return await self._opened.__aenter__(), self.time

        async def __aexit__(self, *why):
            return await self._opened.__aexit__(*why)

    return Opened


async def test_each_request_has_its_own_id_and_its_own_time(stall):
    one, other = [await stall.client.get(ANSWERS, params=ANN) for _ in range(2)]

    assert one.json()["meta"]["requestId"] != other.json()["meta"]["requestId"]
    assert other.headers["X-Request-Id"] == other.json()["meta"]["requestId"]
    assert "processingTime" in other.json()["meta"]


async def test_what_is_asked_counts_to_the_letter(stall):
    await ask(stall, **ANN)

    for params in (ANN | {"limit": "2"}, ANN | {"context": "CART"}, ANN | {"userId": "bob"}):
        assert not await is_kept(stall, **params)
        assert await is_kept(stall, **params)
    assert await is_kept(stall, **ANN)


async def test_after_its_time_an_answer_is_made_anew(stall_at):
    async with stall_at(cached=5) as (stall, time):
        await ask(stall, **ANN)
        time.now += 4.9
        assert await is_kept(stall, **ANN)
        time.now += 0.1
        assert not await is_kept(stall, **ANN)
        assert await is_kept(stall, **ANN)


async def test_a_clock_that_was_set_back_makes_answers_anew(stall_at):
    async with stall_at() as (stall, time):
        await ask(stall, **ANN)
        time.now -= 1
        assert not await is_kept(stall, **ANN)


async def test_no_seconds_keep_nothing():
    async with opened(cached=0) as stall:
        await ask(stall, **ANN)
        assert not await is_kept(stall, **ANN)
        assert stall.shop.answers.question(b"userId=ann") is None


OWN = {
    "an order": order("new", "ann", "honey"),
    "a view": Action(event_id="e", user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="honey"),
    "a search": Action(
        event_id="e", user_id="ann", action=UserAction.SEARCH, metadata={"searchQuery": "honey"}
    ),
    "a rating": Action(
        event_id="e", user_id="ann", action=UserAction.RATE_FARM, entity_id="dale", metadata={"rating": 5}
    ),
}


@pytest.mark.parametrize("deed", OWN)
async def test_what_a_shopper_did_counts_in_the_next_answer(stall, deed):
    await ask(stall, **ANN)
    await ask(stall, **ANN, context="CART")
    await ask(stall, userId="bob")
    await stall.shop.pipeline.submit([(OWN[deed],)])

    assert not await is_kept(stall, **ANN)
    assert not await is_kept(stall, **ANN, context="CART")
    assert await is_kept(stall, userId="bob")


async def test_what_a_shopper_did_counts_even_where_nothing_reacts_to_it(stall):
    for number in range(2):
        await ask(stall, **ANN)
        view = Action(event_id=f"e{number}", user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="honey")
        await stall.shop.pipeline.submit([(view,)])
        assert not await is_kept(stall, **ANN)
    assert stall.shop.engine.debounced == 1


async def test_what_a_shopper_did_over_rest_and_the_answer_to_it_agree_with_the_next_answer(stall):
    await ask(stall, userId="cleo")
    action = {"userId": "cleo", "action": "ADD_TO_CART", "entityId": "tomatoes", "getRecommendations": True}
    posted = (await stall.client.post(ANSWERS, json=action)).json()["data"]["recommendations"]
    after = await ask(stall, userId="cleo", context="CART")

    assert after.data == posted
    assert after.age is None


async def test_what_others_bought_counts_after_a_minute_and_before_it_where_somebody_listens(stall_at):
    async with stall_at() as (stall, time):
        before = await ask(stall, **ANN)
        await buy(stall, "bob", "o3", "honey", "tomatoes")
        assert await is_kept(stall, **ANN)
        time.now += 60
        after = await ask(stall, **ANN)
        assert after.age is None
        assert after.data["recommendations"] != before.data["recommendations"]

        await buy(stall, "bob", "o4", "honey", "tomatoes")
        connection = stall.shop.hub.register("ann", Reel())
        assert not await is_kept(stall, **ANN)
        assert not await is_kept(stall, **ANN)
        stall.shop.hub.unregister(connection)
        assert await is_kept(stall, **ANN)


CHANGES = {
    "a price": ProductChange(id="honey", patch=ProductPatch(price=1.0)),
    "a stock": ProductChange(id="tomatoes", patch=ProductPatch(stock=9)),
    "a name": ProductChange(id="basil", patch=ProductPatch(name="Thai Basil")),
    "a new product": Product(id="mint", name="Mint", farm_id="hill", category="Herbs", price=2.0),
    "a product put again": OPENING[2],
    "a product taken away": Removal(entity_type=EntityType.PRODUCT, id="honey"),
    "a farm's name": FarmChange(id="hill", patch=FarmPatch(name="The Hill")),
    "a farm put again": Farm(id="dale", name="The Dale"),
    "a farm taken away": Removal(entity_type=EntityType.FARM, id="dale"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_the_catalogue_shows_in_everybodys_next_answer(stall, change):
    asked = [{"userId": name, "limit": "3"} for name in ("ann", "bob", "nobody")]
    for params in asked:
        await ask(stall, **params)
    await stall.shop.pipeline.submit([(CHANGES[change],)])

    for params in asked:
        assert not await is_kept(stall, **params)


async def test_a_change_that_is_refused_or_known_changes_nothing(stall):
    await ask(stall, **ANN)
    assert (await stall.client.patch("/api/products/nothing", json={"price": 1})).status_code == 404
    await buy(stall, "ann", "o1", "tomatoes", "basil")

    assert await is_kept(stall, **ANN)


@pytest.mark.parametrize("edge", ["available_from", "available_until"])
async def test_no_answer_outlives_the_moment_at_which_a_product_comes_or_goes(stall_at, edge):
    async with stall_at() as (stall, time):
        await ask(stall, **ANN)
        moment = datetime.fromtimestamp(NOW + 10, UTC)
        mint = Product(id="mint", name="Mint", farm_id="hill", category="Herbs", price=2.0, **{edge: moment})
        await stall.shop.pipeline.submit([(mint,)])
        before = await ask(stall, **ANN)
        time.now += 9.9
        assert await is_kept(stall, **ANN)
        time.now += 0.1
        after = await ask(stall, **ANN)

        assert after.age is None
        names = ["mint" in str(each.data["recommendations"]) for each in (before, after)]
        assert names == ([False, True] if edge == "available_from" else [True, False])
        time.now += 59.9
        assert await is_kept(stall, **ANN)


async def test_no_answer_outlives_its_season(stall_at):
    async with stall_at() as (stall, time):
        for month in (12, 11):
            time.now = datetime(2025, month, 1, tzinfo=UTC).timestamp() - 10
            await ask(stall, **ANN)
            time.now += 9.9
            assert await is_kept(stall, **ANN)
            time.now += 0.1
            assert not await is_kept(stall, **ANN)


async def test_who_is_erased_has_no_part_in_any_answer(stall):
    await buy(stall, "cleo", "o3", "honey", "tomatoes")
    before = await ask(stall, **ANN)
    await ask(stall, userId="nobody")
    assert (await stall.client.delete("/api/users/cleo")).status_code == 200
    after = await ask(stall, **ANN)

    assert after.age is None
    assert after.data["recommendations"] != before.data["recommendations"]
    assert not await is_kept(stall, userId="nobody")


async def test_people_nobody_knows_share_answers_under_their_own_names(stall):
    one = await ask(stall, userId="one", limit=3)
    two = await ask(stall, userId="two", limit=3)
    last = await ask(stall, limit=3, userId="three.3_x-~")

    assert (one.age, two.age, last.age) == (None, 0, None)
    assert [each.data["userId"] for each in (one, two, last)] == ["one", "two", "three.3_x-~"]
    assert one.data | {"userId": "two"} == two.data
    assert await is_kept(stall, limit=3, userId="four")


async def test_who_becomes_known_shares_no_more_and_who_is_forgotten_does_again(stall):
    await ask(stall, userId="one")
    view = Action(event_id="e", user_id="two", action=UserAction.VIEW_PRODUCT, entity_id="honey")
    await stall.shop.pipeline.submit([(view,)])

    assert not await is_kept(stall, userId="two")
    assert await is_kept(stall, userId="two")
    assert await is_kept(stall, userId="three")
    await stall.client.delete("/api/users/two")
    assert not await is_kept(stall, userId="one")
    assert await is_kept(stall, userId="two")


BAD = ["userId=one&userId=two", "userId=one&user%49d=two", "limit=0&userId=one", "userId=one&limit=3&limit=3"]


@pytest.mark.parametrize("query", BAD)
async def test_what_is_refused_stays_refused_whatever_was_answered_before(stall, query):
    for known in ("userId=two", "user%49d=two", "limit=3&userId=two", "userId=two&limit=3", "userId=one"):
        assert (await stall.client.get(f"{ANSWERS}?{known}")).status_code == 200
        assert (await stall.client.get(f"{ANSWERS}?{known}")).status_code == 200
    for _ in range(2):
        assert (await stall.client.get(f"{ANSWERS}?{query}")).status_code == 400


@pytest.mark.parametrize("name", ["x" * 129, "a\0b", ""])
async def test_a_name_that_is_none_is_refused_beside_answers_to_strangers(stall, name):
    assert (await stall.client.get(ANSWERS, params={"userId": "one"})).status_code == 200
    assert (await stall.client.get(ANSWERS, params={"userId": name})).status_code == 400


@pytest.mark.parametrize("name", ["Zoë & co", 'quo"te', "x" * 128, "a@b"])
async def test_any_name_is_answered_with_itself(stall, name):
    for _ in range(3):
        assert (await ask(stall, userId=name)).data["userId"] == name


async def test_a_name_that_only_ends_like_the_shoppers_is_another_one(stall):
    for query in ("xuserId=ann&userId=bob", "userIds=ann&userId=bob", "x=userId=ann&userId=bob"):
        for _ in range(2):
            response = await stall.client.get(f"{ANSWERS}?{query}")
            assert response.json()["data"]["userId"] == "bob"


async def test_a_product_that_left_is_refused_though_it_was_answered_for(stall):
    assert (await stall.client.get(f"{ANSWERS}?userId=ann&productId=honey")).status_code == 200
    await stall.client.delete("/api/products/honey")

    assert (await stall.client.get(f"{ANSWERS}?userId=ann&productId=honey")).status_code == 404


async def test_answers_are_counted(stall):
    for _ in range(3):
        await ask(stall, **ANN)
    await stall.client.get(f"{ANSWERS}?userId=ann&limit=0")
    counts = (await stall.client.get(f"{ANSWERS}/stats")).json()["data"]["recommendations"]

    assert (counts["cacheHits"], counts["cacheMisses"]) == (2, 1)


# ---------------------------------------------------------------------------------------------- by themselves


def kept(most_bytes=10_000, seconds=60.0):
    engine = Engine()
    engine.apply([Record(at=NOW, fact=fact) for fact in OPENING])
    return engine, Answers(engine, lambda _: False, seconds=seconds, most_bytes=most_bytes)


def put(answers, name, size):
    question, end = answers.question(f"userId={name}&x={name}".encode()), f'"{name}"}}'.encode()
    answers.keep(question, b"{" * (size - OVERHEAD - len(question.query) - len(end)) + end, 1, NOW)
    return question


def found(answers, *questions):
    return [answers.find(question, NOW) is not None for question in questions]


def test_when_there_is_no_room_the_oldest_answers_go():
    _, answers = kept(3_000)
    first, second, third = [put(answers, name, 1_000) for name in ("a", "b", "c")]
    assert found(answers, first, second, third) == [True, True, True]
    fourth = put(answers, "d", 1_000)
    assert found(answers, first, second, third, fourth) == [False, True, True, True]
    large = put(answers, "e", 2_500)
    assert found(answers, second, third, fourth, large) == [False, False, False, True]


def test_an_answer_that_is_larger_than_all_the_room_is_not_kept():
    _, answers = kept(3_000)
    assert found(answers, put(answers, "a", 3_001)) == [False]
    assert (answers._bytes, len(answers._kept)) == (0, 0)


def test_an_answer_made_anew_takes_the_place_of_the_last_one():
    engine, answers = kept(3_000)
    engine.apply([Record(at=NOW, fact=order("o", "a", "basil"))])
    for name in ("a", "stranger"):
        for _ in range(5):
            put(answers, name, 1_000)
    assert answers._bytes == 2_000
    assert found(answers, put(answers, "b", 1_000), put(answers, "a", 1_000)) == [True, True]
    answers.take(engine.apply([Record(at=NOW, fact=order("p", "a", "basil"))]))
    assert answers._bytes == 2_000


class Pair:
    """A shop that keeps answers, beside one that never does; both are told and asked the same at each moment.

    `made` is what the first one may give again: all that may not be seen late takes something out of it.
    """

    def __init__(self, stall, twin, time):
        self.stall, self.twin, self.time = stall, twin, time
        self.made, self.listening, self.facts = {}, {}, 0

    async def ask(self, user_id, limit):
        seen, fresh = [await ask(each, userId=user_id, limit=limit) for each in (self.stall, self.twin)]
        if seen.age is None:
            assert seen.data == fresh.data
            self.made[user_id, limit] = fresh.data
        else:
            assert user_id not in self.listening
            assert 0 <= seen.age < 60
            # Who is not known may have the answer of someone else who is not.
            known = (
                self.made.get((user_id, limit)) or self.made["cleo" if user_id == "dora" else "dora", limit]
            )
            assert seen.data == known | {"userId": user_id}

    async def wait(self, seconds):
        self.time.now += seconds

    async def buy(self, user_id):
        await self._tell(order(f"new-{self.facts}", user_id, "honey"), user_id)

    async def view(self, user_id):
        event, kind = f"e-{self.facts}", UserAction.VIEW_PRODUCT
        await self._tell(Action(event_id=event, user_id=user_id, action=kind, entity_id="basil"), user_id)

    async def reprice(self, price):
        await self._tell(ProductChange(id="honey", patch=ProductPatch(price=price)), None)

    async def erase(self, user_id):
        for each in (self.stall, self.twin):
            await each.client.delete(f"/api/users/{user_id}")
        self.made.clear()

    async def listen(self, user_id):
        if user_id not in self.listening:
            self.listening[user_id] = self.stall.shop.hub.register(user_id, Reel())

    async def leave(self, user_id):
        if user_id in self.listening:
            self.stall.shop.hub.unregister(self.listening.pop(user_id))

    async def _tell(self, fact, user_id):
        self.facts += 1
        for each in (self.stall, self.twin):
            await each.shop.pipeline.submit([(fact,)])
        self.made = {key: data for key, data in self.made.items() if user_id not in (None, key[0])}


NAMES = st.sampled_from(["ann", "bob", "cleo", "dora"])
ASK = st.tuples(st.just(Pair.ask), NAMES, st.integers(1, 2))
STEPS = st.one_of(
    *(ASK, ASK, ASK),
    st.tuples(st.just(Pair.wait), st.sampled_from([1, 9, 31])),
    *(st.tuples(st.just(step), NAMES) for step in (Pair.buy, Pair.view, Pair.erase, Pair.listen, Pair.leave)),
    st.tuples(st.just(Pair.reprice), st.floats(1, 99)),
)


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=25))
def test_an_answer_is_given_again_only_while_nothing_but_others_changed(steps):
    async def run():
        time = Time()
        async with opened(clock=time) as stall, opened(clock=time, cached=0) as twin:
            pair = Pair(stall, twin, time)
            for step, *given_to_it in steps:
                await step(pair, *given_to_it)

    asyncio.run(run())


async def test_the_bytes_of_an_answer_are_those_of_the_noun(stall):
    response = await stall.client.get(ANSWERS, params=ANN)
    data = json.loads(response.content)["data"]
    action = {"userId": "ann", "action": "VIEW_RECOMMENDATIONS", "getRecommendations": True, "limit": 3}
    posted = (await stall.client.post(ANSWERS, json=action)).content

    assert json.dumps(data, separators=(",", ":")) in response.text
    assert json.dumps(data["recommendations"], separators=(",", ":")).encode() in posted
