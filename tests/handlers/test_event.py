"""What an own handler can do for a shopper, from the loop and from a thread."""

import asyncio
import threading

import pytest

from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.engine.reactions import query_after
from punnet.errors import Refused, UnknownId
from punnet.handlers.event import Event
from punnet.hub import Hub
from punnet.market import Action, Context, EntityType, Farm, Product, Query, Record, Removal, UserAction
from punnet.protocol.frames import Numbers
from tests.wires import Reel

NOON = 1_782_907_200.0
PLACES = pytest.mark.parametrize("in_thread", [False, True], ids=["in the loop", "in a thread"])
VIEW = Action(event_id="e1", user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="kale")


class Counter:
    """A market of six products, and who listens to it."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.apply(Farm(id="hill", name="Hill Farm"))
        for name in ("kale", "leek", "beet", "dill", "mint", "oats"):
            self.apply(Product(id=name, name=name, farm_id="hill", category="Greens", price=2.0))
        self.hub = Hub(lambda: NOON, Numbers("x", "y"))
        self.threads: set[int] = set()
        self.delivery = Delivery(self.engine, self.hub, self.clock)

    def clock(self) -> float:
        self.threads.add(threading.get_ident())
        return NOON

    def apply(self, fact: object) -> None:
        self.engine.apply([Record(at=NOON, fact=fact)])

    def event(self) -> Event:
        return Event(VIEW, self.delivery)


@pytest.fixture
def counter() -> Counter:
    return Counter()


async def called(in_thread, function, *arguments):
    return await asyncio.to_thread(function, *arguments) if in_thread else function(*arguments)


async def test_what_a_handler_makes_of_the_action_stays_with_it(counter):
    rating = Action(
        event_id="e1", user_id="ann", action=UserAction.RATE_FARM, entity_id="hill", metadata={"rating": 4}
    )
    event = Event(rating, counter.delivery)
    assert event.action == rating
    event.action.metadata["rating"] = 1
    assert rating.metadata == {"rating": 4}


@PLACES
async def test_it_recommends_for_the_page_that_the_action_leads_to(counter, in_thread):
    answer = await called(in_thread, counter.event().recommend)
    assert answer == counter.engine.answer(query_after(VIEW, 10), NOON)
    assert counter.threads == {threading.get_ident()}
    assert len(answer.recommendations) == 5


@PLACES
async def test_it_recommends_so_many_for_another_page(counter, in_thread):
    answer = await called(in_thread, counter.event().recommend, 3, "CART")
    cart = Query(user_id="ann", product_id="kale", limit=3, context=Context.CART)
    assert answer == counter.engine.answer(cart, NOON)
    assert len(answer.recommendations) == 3


@pytest.mark.parametrize(
    ("limit", "context", "field"), [(0, None, "limit"), (101, None, "limit"), (10, "ATTIC", "context")]
)
async def test_what_cannot_be_asked_for_is_refused_by_name(counter, limit, context, field):
    with pytest.raises(Refused) as refused:
        counter.event().recommend(limit, context)
    assert refused.value.field == field


@PLACES
async def test_a_product_that_left_is_said(counter, in_thread):
    counter.apply(Removal(entity_type=EntityType.PRODUCT, id="kale"))
    with pytest.raises(UnknownId, match="kale"):
        await called(in_thread, counter.event().recommend)


@PLACES
async def test_it_pushes_to_the_shoppers_connections_and_no_others(counter, in_thread):
    one, other, bob = Reel(), Reel(), Reel()
    for user_id, wire in (("ann", one), ("ann", other), ("bob", bob)):
        counter.hub.register(user_id, wire)
    event = counter.event()
    await called(in_thread, event.push, "CART_RECOMMENDATION", event.recommend(2))
    assert counter.threads == {threading.get_ident()}
    for wire in (one, other):
        (message,) = wire.messages
        assert message["type"] == "CART_RECOMMENDATION"
        assert len(message["payload"]["recommendations"]) == 2
    assert bob.messages == []


async def test_where_nobody_listens_nothing_is_pushed(counter):
    event = counter.event()
    event.push("CART_RECOMMENDATION", event.recommend())
    assert counter.delivery.delivered == 0
    counter.hub.register("ann", Reel())
    event.push("CART_RECOMMENDATION", event.recommend())
    assert counter.delivery.delivered == 0


@pytest.mark.parametrize("kind", ["PRICE_DROP_ALERT", "HELLO", ""])
async def test_a_message_that_carries_no_answer_is_refused(counter, kind):
    event = counter.event()
    with pytest.raises(ValueError, match="use one of RECOMMENDATION_UPDATE, CART_RECOMMENDATION, PERSON"):
        event.push(kind, event.recommend())
