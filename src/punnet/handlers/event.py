"""What an own handler is told."""

import asyncio
import threading
from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

import msgspec

from punnet.delivery import Delivery
from punnet.engine.reactions import query_after
from punnet.market import Action, Answer, Query
from punnet.protocol import codec
from punnet.protocol.messages import ServerType

T = TypeVar("T")

PUSHED = (
    ServerType.RECOMMENDATION_UPDATE,
    ServerType.CART_RECOMMENDATION,
    ServerType.PERSONALIZED_SUGGESTION,
)
"""The messages that carry an answer."""


class Event:
    """An action that was recorded, and what can be done for its shopper; also from a thread."""

    def __init__(self, action: Action, delivery: Delivery) -> None:
        # Another handler is told the same, and not what this one made of it.
        self.action = msgspec.structs.replace(action, metadata=deepcopy(action.metadata))
        self._delivery = delivery
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def recommend(self, limit: int = 10, context: str | None = None) -> Answer:
        """Return recommendations for the shopper as of now, for the page that the action leads to.

        `context` is another page: HOME, PRODUCT_DETAIL, CART, CHECKOUT or SEARCH. Raises Refused where one of
        both is not allowed, UnknownId when the action's product has left the catalogue.
        """
        asked = msgspec.to_builtins(query_after(self.action, limit))
        if context is not None:
            asked["context"] = context
        query = codec.convert(asked, Query)
        return self._in_loop(lambda: self._delivery.answer(query))

    def push(self, message_type: str, answer: Answer) -> None:
        """Put `answer` into the queues of the shopper's connections, if there are any.

        `message_type` is RECOMMENDATION_UPDATE, CART_RECOMMENDATION or PERSONALIZED_SUGGESTION; ValueError
        where it is none of them.
        """
        if message_type not in PUSHED:
            raise ValueError(f'"{message_type}" carries no answer: use one of {", ".join(PUSHED)}')
        kind = ServerType(message_type)
        self._in_loop(lambda: self._delivery.push(self.action.user_id, kind, answer))

    def _in_loop(self, work: Callable[[], T]) -> T:
        """Do `work` where the engine and the connections are, and nowhere else."""
        if threading.get_ident() == self._thread:
            return work()

        async def do() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result()
