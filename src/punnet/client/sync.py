"""The client for programs that wait for each answer."""

import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx
import msgspec
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from punnet.client import bulk, calls
from punnet.client.calls import Call
from punnet.client.following import WS_PATH, Following
from punnet.client.reading import Message
from punnet.client.trying import Broken, Flow, Received, Sending, Terms, acted, conversation, readied, tracked
from punnet.client.wire import denied, received, tls, why
from punnet.market import (
    Action,
    Answer,
    Context,
    EntityType,
    Farm,
    FarmPatch,
    ListedProduct,
    Order,
    OrderLine,
    Product,
    ProductPatch,
    Query,
    Reset,
    ResetType,
    UserAction,
)
from punnet.protocol.actions import PostedAction
from punnet.protocol.messages import ActionAck, Filter, PageOrContext, Topic
from punnet.protocol.replies import Cleared, Erasure, PersonalData, PostedOrder, Removed, Together
from punnet.protocol.statistics import Statistics

T = TypeVar("T")


class Punnet:
    """A market, to call from a back end: every method is one call of REST, tried again where that helps.

    A call that is answered 429 or 503, or breaks, is made again, `tries` times in all; ids are made before
    the first try, so that nothing is recorded twice. What is not accepted raises Refused, and where no answer
    comes, Unreachable is raised. Threads may share it. `key` is that of a back end, `admin_key` opens `reset`
    and `clear`; `timeout` is in seconds, for each try.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        admin_key: str | None = None,
        timeout: float = 10.0,
        tries: int = 5,
    ) -> None:
        self._terms = Terms(url, key, admin_key, tries, random.random)
        self._timeout = timeout
        self._http = httpx.Client(
            base_url=url,
            headers=self._terms.headers,
            timeout=httpx.Timeout(timeout, pool=None),
            verify=tls(),
        )

    def __repr__(self) -> str:
        return f"Punnet({self._terms.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the server; streams have their own."""
        self._http.close()

    def get_farm(self, farm_id: str) -> Farm:
        """Return a farm."""
        return self._ask(calls.get_farm(farm_id))

    def put_farm(self, farm: Farm) -> Farm:
        """Add a farm, or make it what is given."""
        return self._ask(calls.put_farm(farm))

    def patch_farm(self, farm_id: str, patch: FarmPatch) -> Farm:
        """Change some fields of a farm, and return all of it."""
        return self._ask(calls.patch_farm(farm_id, patch))

    def delete_farm(self, farm_id: str) -> Removed:
        """Take a farm without products out of the catalogue."""
        return self._ask(calls.delete_farm(farm_id))

    def get_product(self, product_id: str) -> ListedProduct:
        """Return a product with its farm inside."""
        return self._ask(calls.get_product(product_id))

    def put_product(self, product: Product) -> ListedProduct:
        """Add a product, or make it what is given."""
        return self._ask(calls.put_product(product))

    def patch_product(self, product_id: str, patch: ProductPatch) -> ListedProduct:
        """Change some fields of a product, and return all of it: a new price or stock raises alerts."""
        return self._ask(calls.patch_product(product_id, patch))

    def delete_product(self, product_id: str) -> Removed:
        """Take a product out of the catalogue."""
        return self._ask(calls.delete_product(product_id))

    def products(self, category: str | None = None, *, page: int = 100) -> Iterator[ListedProduct]:
        """Yield the products, the one added first first; so many of them come with one call."""
        after: str | None = None
        while True:
            listing = self._ask(calls.listing(category, after, page))
            yield from listing.products
            if (after := listing.next) is None:
                return

    def load(self, things: Iterable[Farm | Product]) -> bulk.Report[Farm | Product]:
        """Bring farms and products in, a farm before its products, and say which were refused and why."""
        return self._run(bulk.load(things, self._terms))

    def order(
        self,
        user_id: str,
        lines: Iterable[OrderLine],
        *,
        order_id: str | None = None,
        placed_at: datetime | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> PostedOrder:
        """Record a purchase, placed now unless it says when. The same `order_id` twice changes nothing."""
        return self._ask(calls.order(user_id, lines, order_id, placed_at, latitude, longitude))

    def get_order(self, order_id: str) -> Order:
        """Return an order."""
        return self._ask(calls.get_order(order_id))

    def track(
        self,
        user_id: str,
        action: UserAction | str,
        entity_id: str | None = None,
        *,
        entity_type: EntityType | str | None = None,
        metadata: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
    ) -> ActionAck:
        """Record what a shopper did. The same `event_id` twice changes nothing."""
        call = calls.action(user_id, action, entity_id, entity_type, metadata, timestamp, event_id)
        return self._run(tracked(call, self._terms))

    def act(
        self,
        user_id: str,
        action: UserAction | str,
        entity_id: str | None = None,
        *,
        entity_type: EntityType | str | None = None,
        metadata: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
        limit: int = 10,
        context: PageOrContext | None = None,
    ) -> Answer:
        """Record what a shopper did, and return what to show next: it reflects the action already."""
        call = calls.action(
            user_id,
            action,
            entity_id,
            entity_type,
            metadata,
            timestamp,
            event_id,
            limit=limit,
            context=context,
        )
        return self._run(acted(call, self._terms))

    def events(self, actions: Iterable[Action | PostedAction]) -> bulk.Report[Action | PostedAction]:
        """Record any number of actions, and say which were refused and why."""
        return self._run(bulk.events(actions, self._terms))

    def recommend(
        self,
        user_id: str,
        *,
        context: Context | None = None,
        product_id: str | None = None,
        category: str | None = None,
        limit: int = 10,
        exclude_ids: Iterable[str] = (),
        latitude: float | None = None,
        longitude: float | None = None,
        search_query: str | None = None,
    ) -> Answer:
        """Return what to show a shopper: for a page, beside a product, near a place."""
        query = Query(
            user_id=user_id,
            context=context,
            product_id=product_id,
            category=category,
            limit=limit,
            exclude_ids=tuple(exclude_ids),
            latitude=latitude,
            longitude=longitude,
            search_query=search_query,
        )
        return self._ask(calls.recommend(query))

    def together(self, product_id: str, limit: int = 5) -> Together:
        """Return what is often bought together with a product."""
        return self._ask(calls.together(product_id, limit))

    def user(self, user_id: str) -> PersonalData:
        """Return all that is kept of a shopper."""
        return self._ask(calls.user(user_id))

    def erase(self, user_id: str) -> Erasure:
        """Erase all that is kept of a shopper, for good."""
        return self._ask(calls.erase(user_id))

    def statistics(self, *, detailed: bool = False) -> Statistics:
        """Return everything the server counts."""
        return self._ask(calls.statistics(detailed=detailed))

    def ready(self) -> bool:
        """Return whether the server takes requests now; this is tried once."""
        return self._run(readied(self._terms))

    def reset(self, reset_type: ResetType | str = ResetType.ALL) -> Reset:
        """Begin the statistics anew; needs the admin key."""
        return self._ask(calls.reset(reset_type))

    def clear(self) -> Cleared:
        """Drop the reactions that wait; needs the admin key. What is recorded stays."""
        return self._ask(calls.clear())

    def stream(
        self,
        user_id: str,
        topics: Iterable[Topic | str],
        *,
        filter: Filter | None = None,  # noqa: A002 (the word of the wire)
        latitude: float | None = None,
        longitude: float | None = None,
        last_message_id: str | None = None,
        ws_path: str = WS_PATH,
    ) -> "Stream":
        """Return the messages that come to a shopper on these topics, from `last_message_id` on."""
        following = Following(
            self._terms, user_id, topics, filter, latitude, longitude, last_message_id, ws_path
        )
        return Stream(following, self._timeout)

    def _ask(self, call: Call[T]) -> T:
        return self._run(conversation(call, self._terms))

    def _run(self, flow: Flow[T]) -> T:
        came: Received | Broken | None = None
        while True:
            try:
                step = flow.send(came)
            except StopIteration as end:
                return cast("T", end.value)
            came = self._do(step)

    def _do(self, step: Sending | float) -> Received | Broken | None:
        if not isinstance(step, Sending):
            time.sleep(step)
            return None
        try:
            response = self._http.request(step.method, step.path, headers=step.headers, content=step.body)
        except httpx.RequestError as error:
            return Broken(why(error))
        return received(response)


class Stream:
    """The messages of one shopper, as they come.

    Iterating connects. A connection that is lost comes back by itself and goes on after the last message that
    was asked for the next one after: nothing is missed, and nothing comes twice. Where that is not possible
    the first message, CONNECTION_ACK, has a `resumed` of False. Leaving the loop hangs up; another loop
    goes on from there.
    """

    def __init__(self, following: Following, timeout: float) -> None:
        self._following = following
        self._timeout = timeout
        self._closing = threading.Event()
        self._socket: ClientConnection | None = None

    @property
    def last_message_id(self) -> str | None:
        """What a stream that goes on from here is opened with."""
        return self._following.last_message_id

    def __iter__(self) -> Iterator[Message]:
        while not self._closing.is_set():
            wait = 0.0
            try:
                yield from self._connected()
            except InvalidStatus as error:
                wait = self._following.denied(denied(error))
            except (OSError, WebSocketException, msgspec.MsgspecError) as error:
                if self._closing.is_set():
                    return
                wait = self._following.lost(why(error))
            self._closing.wait(wait)

    def close(self) -> None:
        """Hang up, for good; another thread may do so."""
        self._closing.set()
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> Iterator[Message]:
        """Yield messages until the connection is lost, which is an exception."""
        following = self._following
        with connect(
            following.address,
            additional_headers=following.headers,
            user_agent_header=None,
            compression=None,
            ssl=tls() if following.is_secure else None,
            open_timeout=self._timeout,
        ) as socket:
            self._socket = socket
            while not self._closing.is_set():
                message = following.heard(socket.recv())
                if message is not None:
                    yield message
                    following.seen(message)
