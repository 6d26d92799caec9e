"""Alerts, on their way to those whom they concern."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import assert_never

from punnet.editions import Bundle, Edition, Forms, Products, bundles
from punnet.engine.alerts import Alert, AlertKind
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.hub import TRY_AGAIN_LATER, Connection, Hub
from punnet.loop import forever
from punnet.protocol.messages import Topic
from punnet.protocol.subscription import Held, Subscription

SLICE = 512
"""How many readers are given an alert before others have their turn, where all are given the same."""

REFILL = 256
"""How many messages a reader who was behind is looked at for before others have their turn."""

SLICE_SECONDS = 0.005
"""How long each reader is looked at before others have their turn."""

EDITIONS = 256
"""How many of the latest alerts are kept as they were written."""

TOPICS = {
    AlertKind.PRICE_DROP: Topic.PRICE_DROPS,
    AlertKind.STOCK: Topic.STOCK_ALERTS,
    AlertKind.NEW_ARRIVAL: Topic.NEW_ARRIVALS,
}


class Alerting:
    """Gives each connection the alerts that it subscribed to, in order, once, as far as they still stand.

    The alerts themselves stay in the engine. A reader that has no room, or was away, is behind, and is given
    what it lacks as soon as it can take it; who is further behind than the engine reaches back is closed.
    """

    waiting = 0
    """Alerts are held by the engine, and keep nobody waiting."""

    def __init__(self, engine: Engine, hub: Hub, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._hub = hub
        self._clock = clock
        self._numbers = hub.numbers
        self._numbers.published = self._reached = engine.alerts.count
        self._stirred = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._editions: dict[int, Edition] = {}
        self._favourites: dict[str, frozenset[int]] = {}
        self._task: asyncio.Task[None] | None = None
        hub.refill = self.refill

    @property
    def held(self) -> Held:
        """The alerts that a client which comes back can still be given."""
        return Held(self._engine.alerts.first - 1, self._reached)

    def start(self) -> None:
        """Give out from now on; needs a running loop."""
        self._task = asyncio.create_task(forever(self._turn))

    async def flush(self) -> None:
        """Return when all alerts are given out."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Give out what came, and nothing more."""
        await self.flush()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def take(self, _: Effects) -> None:
        """Have the alerts given out that the engine raised meanwhile."""
        self._favourites.clear()
        if self._reached < self._engine.alerts.count:
            self._idle.clear()
            self._stirred.set()

    def forget(self, user_id: str) -> None:
        """Do nothing: an alert is about a product, and `Hub.drop` takes back what waits for somebody."""

    def listen(self, connection: Connection, subscriptions: Mapping[Topic, Subscription]) -> None:
        """Make `subscriptions` all that a connection has, and give it what it missed of them."""
        self._hub.subscribe(connection, subscriptions)
        if connection.behind and subscriptions:
            earliest = min(subscription.after for subscription in subscriptions.values())
            connection.given = max(connection.given, earliest)
            self.refill(connection)

    def refill(self, connection: Connection) -> None:
        """Give a connection that is behind what it lacks, as long as there is room."""
        if not connection.subscriptions or connection.close_code is not None:
            return
        if connection.given < self.held.before:
            connection.close(TRY_AGAIN_LATER, "What comes next is no longer held.")
            return
        for bundle in islice(self._bundles(connection.given, self._reached), REFILL):
            subscription = connection.subscriptions.get(TOPICS[bundle[0].kind])
            if subscription is not None:
                if not connection.ready:
                    return
                lacked = tuple(alert for alert in bundle if alert.number > subscription.after)
                self._give(connection, subscription, lacked, self._standing(lacked))
            connection.given = bundle[-1].number
        if connection.given < self._reached:
            asyncio.get_running_loop().call_soon(self.refill, connection)
        else:
            connection.caught_up()

    async def _turn(self) -> None:
        await self._stirred.wait()
        alerts = self._engine.alerts
        while self._reached < alerts.count:
            if self._reached < alerts.first - 1:
                self._skip(alerts.first - 1)
            # One by one: while others have their turn, what comes after it may be dropped.
            bundle = next(self._bundles(self._reached, alerts.count))
            self._reached = bundle[-1].number
            await self._publish(bundle)
            self._numbers.published = self._reached
        self._stirred.clear()
        self._idle.set()

    def _skip(self, until: int) -> None:
        """Part with all who would have been given what is no longer held; they may come back."""
        self._reached = self._numbers.published = until
        for topic in TOPICS.values():
            for reader in self._hub.of_topic(topic).everyone:
                reader.resume(reader.given)
                self.refill(reader)

    async def _publish(self, bundle: Bundle) -> None:
        """Give a bundle to all who are ready for it; the others are behind from then on."""
        readers = self._hub.of_topic(TOPICS[bundle[0].kind])
        if bundle[0].kind is AlertKind.NEW_ARRIVAL:
            await self._offer(bundle, readers.everyone)
            return
        await self._broadcast(bundle, readers.plain)
        await self._offer(bundle, tuple(readers.choosy))

    async def _broadcast(self, bundle: Bundle, readers: Mapping[Connection, int]) -> None:
        """Give a bundle to those who take whatever comes, a slice of them at a time."""
        before, changes = dict(readers), self._hub.changes
        everyone = tuple(before)
        for start in range(0, len(everyone), SLICE):
            # While others had their turn, somebody may have left or subscribed anew, and the price gone up.
            there = everyone[start : start + SLICE]
            if self._hub.changes != changes:
                there = tuple(each for each in there if readers.get(each) == before[each])
            self._fan_out(bundle, self._standing(bundle), there)
            await asyncio.sleep(0)

    def _fan_out(self, bundle: Bundle, standing: Products, readers: tuple[Connection, ...]) -> None:
        """Write one frame to all who are flowing, but for those who last saw another price."""
        if not standing:
            return
        alert, last = bundle[0], bundle[-1].number
        others: dict[str, float] = {}
        if alert.kind is AlertKind.PRICE_DROP:
            others = self._engine.prices_last_seen([each.user_id for each in readers], alert.product)
        edition = self._edition(bundle)
        forms, hub = Forms(edition, standing), self._hub
        for reader in readers:
            if reader.given >= last:
                continue
            if not reader.flowing:
                reader.fall_behind(alert.number - 1)
                continue
            reader.given = last
            price = others.get(reader.user_id) if others else None
            if price is None:
                hub.written += 1
                reader.write(forms[reader.prepare])
            elif price > alert.after:
                reader.give(edition.frame(standing, price))

    async def _offer(self, bundle: Bundle, readers: tuple[Connection, ...]) -> None:
        """Give a bundle to those of some readers whom it concerns, looking at each of them."""
        topic, last = TOPICS[bundle[0].kind], bundle[-1].number
        standing, began = self._standing(bundle), time.perf_counter()
        for reader in readers:
            subscription = reader.subscriptions.get(topic)
            if subscription is None or reader.behind or last <= max(reader.given, subscription.after):
                continue
            if reader.flowing:
                self._give(reader, subscription, bundle, standing)
                reader.given = last
            else:
                reader.fall_behind(bundle[0].number - 1)
            if time.perf_counter() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                standing, began = self._standing(bundle), time.perf_counter()

    def _standing(self, bundle: Bundle) -> Products:
        """Return the products about which a bundle still says what is so."""
        now, engine = self._clock(), self._engine
        # What left and came back arrived twice.
        products = dict.fromkeys(alert.product for alert in bundle if engine.stands(alert, now))
        return tuple(map(engine.catalogue.at, products))

    def _give(
        self, connection: Connection, subscription: Subscription, bundle: Bundle, standing: Products
    ) -> None:
        """Give one reader what is for them of the products about which a bundle still stands."""
        products = tuple(product for product in standing if subscription.takes(product))
        if not products:
            return
        alert = bundle[0]
        last_seen = None
        if subscription.mine or alert.kind is AlertKind.PRICE_DROP:
            last_seen = self._engine.price_last_seen(connection.user_id, alert.product)
        if self._is_welcome(connection.user_id, alert, last_seen, mine=subscription.mine):
            told = last_seen if alert.kind is AlertKind.PRICE_DROP else None
            connection.give(self._edition(bundle).frame(products, told))

    def _is_welcome(self, user_id: str, alert: Alert, last_seen: float | None, *, mine: bool) -> bool:
        match alert.kind:
            case AlertKind.PRICE_DROP:
                # Who saw it for as little would not thank us.
                return not mine if last_seen is None else last_seen > alert.after
            case AlertKind.STOCK:
                return not mine or last_seen is not None
            case AlertKind.NEW_ARRIVAL:
                # What is new nobody saw; that it is of a favourite farm makes it the shopper's own.
                return self._engine.catalogue.shelf.farm[alert.product] in self._favourites_of(user_id)
            case _:
                assert_never(alert.kind)

    def _favourites_of(self, user_id: str) -> frozenset[int]:
        """Return a shopper's favourite farms, counted once until something is applied again."""
        farms = self._favourites.get(user_id)
        if farms is None:
            farms = self._favourites[user_id] = self._engine.favourite_farms(user_id)
        return farms

    def _bundles(self, after: int, until: int) -> Iterator[Bundle]:
        return bundles(self._engine.alerts.between(after, until), self._engine.catalogue.shelf.farm)

    def _edition(self, bundle: Bundle) -> Edition:
        last = bundle[-1].number
        edition = self._editions.get(last)
        if edition is None:
            edition = self._editions[last] = Edition(bundle[-1], self._numbers.of_alert(last))
            if len(self._editions) > EDITIONS:
                del self._editions[next(iter(self._editions))]
        return edition
