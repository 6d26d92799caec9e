"""Answers, and the actions that change them."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Raw
from msgspec import Meta as Bounds

from punnet.engine.reactions import query_after
from punnet.errors import not_in_catalogue
from punnet.market import Algorithm, Answer, Id, Noun, Query
from punnet.protocol import actions, codec
from punnet.protocol.messages import on_page
from punnet.protocol.replies import Processed, Together
from punnet.web import bulk
from punnet.web.answers import Question
from punnet.web.exchange import PRIVATE_MINUTE, PUBLIC_MINUTES, Call, Reply
from punnet.web.recording import facts_of, track
from punnet.web.shop import Shop


class TogetherQuery(Noun, frozen=True, kw_only=True):
    """Which product to find the companions of."""

    product_id: Id
    limit: Annotated[int, Bounds(ge=1, le=20)] = 5


async def get_recommendations(shop: Shop, call: Call) -> Reply:
    """Answer a query, as it was a moment ago where that is still the answer."""
    answers, now = shop.answers, shop.clock()
    question = answers.question(call.query)
    if call.caller.user_id is not None and (question is None or question.who != call.caller.user_id.encode()):
        call.caller.act_for(codec.read_query(call.query, Query).user_id)
    if question is not None and (kept := answers.find(question, now) or await _shared(shop, question, now)):
        return kept
    found = shop.engine.answer(codec.read_query(call.query, Query), now)
    data, count = codec.write(found), len(found.recommendations)
    answers.made += 1
    if question is not None:
        made = answers.keep(question, data, count, now)
        if shop.shared is not None:
            shop.shared.keep(question, made, answers.steady_until(now))
    return Reply(Raw(data), cache=PRIVATE_MINUTE, count=count)


async def _shared(shop: Shop, question: Question, now: float) -> Reply | None:
    """Return the answer that another process has made to a question, if it has."""
    if shop.shared is None:
        return None
    # Who tries to answer at once, without a task, ends here.
    await asyncio.sleep(0)
    kept = await shop.shared.find(question, now)
    if kept is None:
        return None
    shop.answers.adopt(question, kept, now)
    return shop.answers.find(question, now)


async def get_together(shop: Shop, call: Call) -> Reply:
    """Answer what is often bought together with a product."""
    query = codec.read_query(call.query, TogetherQuery)
    now = shop.clock()
    found = shop.engine.together(query.product_id, query.limit, now)
    data = Together(product_id=query.product_id, recommendations=found, count=len(found))
    return Reply(
        data,
        cache=PUBLIC_MINUTES,
        algorithms=(Algorithm.TOGETHER,),
        timestamp=datetime.fromtimestamp(now, UTC),
    )


async def post_action(shop: Shop, call: Call) -> Reply:
    """Record an action, and answer for the page it leads to when asked; the answer reflects it."""
    posted = codec.read(call.body, actions.PostedAction)
    call.caller.act_for(posted.user_id)
    tracked = _tracked(shop, posted)
    query = _query_after(shop, posted, tracked) if posted.get_recommendations else None
    duplicate = await track(shop, tracked)
    event_id = tracked.action.event_id
    found = UNSET if query is None else answer(shop, query)
    return Reply(
        Processed(event_processed=True, event_id=event_id, duplicate=duplicate, recommendations=found)
    )


def answer(shop: Shop, query: Query) -> Answer:
    """Return the recommendations for a query that somebody waits for, and note how long that took."""
    began = time.perf_counter()
    found = shop.engine.answer(query, shop.clock())
    shop.history.answering.add(time.perf_counter() - began)
    return found


async def post_events(shop: Shop, call: Call) -> Reply:
    """Record actions in bulk."""

    def read(line: bytes) -> bulk.Line:
        tracked = _tracked(shop, codec.read(line, actions.PostedAction))
        return bulk.Line(tracked.action.event_id, lambda: facts_of(shop, tracked), tracked)

    return Reply(await bulk.take_in(shop, call.body, read))


def _tracked(shop: Shop, posted: actions.PostedAction) -> actions.Tracked:
    """Return what was posted with all that follows from it, under a new id unless it brought its own."""
    event_id = posted.event_id or shop.new_id()
    return actions.tracked(posted.by(posted.user_id, posted.action, event_id), shop.clock())


def _query_after(shop: Shop, posted: actions.PostedAction, tracked: actions.Tracked) -> Query:
    """Return the query for the page that an action leads to, or refuse it before the action is recorded."""
    query = on_page(query_after(tracked.action, posted.limit), posted.context)
    product_id = query.product_id
    if product_id is not None and shop.engine.catalogue.product(product_id) is None:
        raise not_in_catalogue("product", product_id, "context.productId")
    return query
