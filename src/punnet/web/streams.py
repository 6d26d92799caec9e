"""What every stream does, whatever carries it: a session's commands, carried out on one connection."""

import asyncio
from typing import Annotated, Literal, assert_never

from litestar.types import HTTPScope, WebSocketScope
from msgspec import Meta

from punnet.errors import Refused, TooBusy, Unavailable
from punnet.hub import Connection, Wire
from punnet.market import Id, Latitude, Longitude, both_or_neither
from punnet.protocol import codec, session
from punnet.protocol.frames import Seen
from punnet.protocol.messages import Filter, SubscribePayload, Topics
from punnet.web.callers import Access, Caller
from punnet.web.recording import catch_up
from punnet.web.shop import Shop


class StreamQuery(Filter, frozen=True, kw_only=True):
    """Who opens a stream, and what they want from the beginning.

    `lastMessageId` is the last message that a client which comes back saw; the filter is that of SUBSCRIBE.
    """

    user_id: Id
    topics: Topics | None = None
    last_message_id: Annotated[str, Meta(max_length=200)] | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    token: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)

    def wanted(self) -> SubscribePayload | None:
        """Return the subscription from the beginning, None without a topic."""
        if self.topics is None:
            return None
        narrowed = Filter(**{name: getattr(self, name) for name in Filter.__struct_fields__})
        return SubscribePayload(
            topics=self.topics, filter=narrowed, latitude=self.latitude, longitude=self.longitude
        )


def read_query(query_string: bytes) -> StreamQuery:
    """Return what a client asks for; a refusal does not repeat the token."""
    try:
        return codec.read_query(query_string, StreamQuery)
    except Refused as error:
        if error.field != "token":
            raise
        raise Refused("token is refused.", field="token", allowed="one token") from None


async def let_in(shop: Shop, scope: HTTPScope | WebSocketScope, query: StreamQuery) -> Caller:
    """Return who wants to listen to the shopper of a stream; raise where they may not."""
    caller = await shop.doors.identify(scope, query.token)
    caller.ask(Access.SHOPPER)
    caller.act_for(query.user_id)
    return caller


async def know_what_was_seen(shop: Shop, query: StreamQuery) -> None:
    """Know at least what the client was told by another process; JournalUnavailable where that cannot be."""
    seen = _seen(shop, query.last_message_id)
    if not seen:
        return
    if seen.alert > shop.engine.alerts.count and shop.journal.shared:
        await catch_up(shop)
    if seen.alert > shop.alerting.held.last:
        # What others here are still being given would come to who has seen it once more.
        await shop.alerting.flush()


class Stream:
    """One connection from its welcome to its end; a client that is silent for `silence` seconds is gone."""

    __slots__ = ("_leave", "_let_go", "_timer", "caller", "connection", "session", "shop")

    def __init__(self, shop: Shop, query: StreamQuery, wire: Wire, *, silence: float, caller: Caller) -> None:
        """Raise TooBusy or Unavailable when the caller, or all, have as many streams as there may be."""
        self.shop = shop
        self.caller = caller
        leave = shop.doors.streams.enter(caller.address)
        if leave is None:
            raise TooBusy("This address has as many streams as CONNECTIONS_PER_ADDRESS allows.")
        self._leave = leave
        try:
            self.connection: Connection = shop.hub.register(query.user_id, wire)
        except Unavailable:
            leave()
            raise
        self.session = session.Session(
            query.user_id,
            shop.hub.numbers.epoch,
            wanted=query.wanted(),
            seen=_seen(shop, query.last_message_id),
            heartbeat=shop.limits.heartbeat_seconds,
            silence=silence,
            expires_at=caller.expires_at,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._let_go = shop.doors.hold(caller, self._part)

    def open(self) -> None:
        """Welcome the client, and look at the clock from then on."""
        for command in self.session.open(self.shop.clock(), self.shop.alerting.held):
            self.obey(command)
        self._watch_the_clock()

    def close(self) -> None:
        """Forget the connection."""
        if self._timer is not None:
            self._timer.cancel()
        self.shop.hub.unregister(self.connection)
        self._let_go()
        self._leave()

    def obey(self, command: session.Command) -> None:
        """Carry out a command that needs no waiting."""
        match command:
            case session.Send(draft):
                self.connection.send(draft)
            case session.Resume(after):
                self.connection.resume(after)
            case session.Listen(subscriptions):
                before = self.connection.subscriptions
                self.shop.alerting.listen(self.connection, subscriptions)
                self.shop.watching.look(self.connection, before)
            case session.Beat():
                self.beat()
            case session.Close(code, reason):
                self.connection.close(code, reason)
            case session.Track() | session.Ask() | session.Authenticate():
                raise AssertionError("only a client that can speak asks for something")
            case _:
                assert_never(command)

    def beat(self) -> None:
        """Give a sign of life."""
        self.connection.send(self.session.beat(self.shop.clock()).draft)

    def go_on_for(self, caller: Caller) -> None:
        """Go on as long as what another one has shown is valid, and no longer."""
        self._let_go()
        self._let_go = self.shop.doors.hold(caller, self._part)
        if self._timer is not None:
            self._timer.cancel()
        self._watch_the_clock()

    def _part(self) -> None:
        self.connection.close(session.TOKEN_EXPIRED, "The key was revoked.")

    def _watch_the_clock(self) -> None:
        wait = max(0.0, self.session.due - self.shop.clock())
        self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        for command in self.session.tick(self.shop.clock()):
            self.obey(command)
        self._watch_the_clock()


def _seen(shop: Shop, message_id: str | None) -> Seen | Literal[False] | None:
    return (shop.hub.numbers.read(message_id) or False) if message_id else None
