"""Whether what reaches a shopper is theirs, or everybody's."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from punnet.market import Query
from punnet.protocol.messages import Topic
from tests.web.strangers.lines import Ear, Told
from tests.web.strangers.market import Market
from tests.web.strangers.shoppers import Shopper

ECHOED = ("ERROR", "ACTION_ACK")
"""Messages that repeat what was said."""

TOPICS = {
    "PRICE_DROP_ALERT": Topic.PRICE_DROPS,
    "STOCK_ALERT": Topic.STOCK_ALERTS,
    "NEW_ARRIVAL_ALERT": Topic.NEW_ARRIVALS,
    "TRENDING_UPDATE": Topic.TRENDING,
}
"""What somebody has subscribed to who hears it."""


class Leak(Exception):
    """A shopper saw or did something that is another's, or was treated as another."""


def need(holds: object, sentence: str, seen: object = "") -> None:
    """Raise Leak unless something holds."""
    if not holds:
        raise Leak(f"{sentence}: {seen!r}"[:1_500])


def strange(seen: bytes, wrote: bytes, other: Shopper) -> set[bytes]:
    """Return what is another's in what was seen, without what its reader wrote before."""
    number = other.number.encode()
    if number not in seen:
        return set()
    words = re.compile(rb"[\w-]*%b[\w-]*" % number)
    known = {*words.findall(wrote), *words.findall(unquote_to_bytes(wrote))}
    if known:
        # An escape that is gone.
        known.add(other.user_id.encode())
    return {*words.findall(seen)} - known


class Judge:
    """Looks at all that reaches two shoppers on a market."""

    def __init__(self, market: Market, pair: tuple[Shopper, Shopper]) -> None:
        self._market = market
        self._pair = pair

    def read(self, who: int, seen: bytes, wrote: bytes = b"") -> None:
        """Raise Leak where there is something of the other's in what a shopper saw."""
        found = strange(seen, wrote, self._pair[1 - who])
        need(not found, f"{self._pair[who].name} saw what is the other's, {sorted(found)}", seen)

    def heard(self, ear: Ear, pushed: Sequence[bytes]) -> list[str]:
        """Look at what came on a stream, and return the types; `pushed` are answers to what was done."""
        types = []
        for message in ear.inbox:
            said = msgspec.json.decode(message)
            kind, payload = said["type"], said["payload"]
            types.append(kind)
            self.read(ear.who, message, ear.wrote if kind in ECHOED else b"")
            if "requestId" in said:
                need(kind in ear.due.get(said["requestId"], ()), "not what answers this message", message)
            topic = payload.get("topic") or TOPICS.get(kind)
            need(topic is None or topic in ear.places, "not asked for", message)
            need(payload.get("userId") in (None, self._pair[ear.who].user_id), "for somebody else", message)
            self._is_theirs(ear, said, message, pushed)
        ear.inbox.clear()
        return types

    def _is_theirs(self, ear: Ear, said: dict[str, Any], message: bytes, pushed: Sequence[bytes]) -> None:
        own, payload = self._pair[ear.who], said["payload"]
        blanked, now = self._market.blanked[ear.who], self.now
        match said["type"]:
            case "RECOMMENDATION_UPDATE" if "requestId" in said:
                expected = [blanked.answer(ear.asked[said["requestId"]], now)]
            case "PERSONALIZED_SUGGESTION" if payload.get("topic"):
                expected = [blanked.own_list(own.user_id, ear.places["personalized"], now)]
            case "RECOMMENDATION_UPDATE" | "CART_RECOMMENDATION" | "PERSONALIZED_SUGGESTION":
                expected = pushed
            case kind:
                self._is_news(ear, kind, payload)
                return
        need(any(each in message for each in expected), f"not what is {own.name}'s", message)

    def _is_news(self, ear: Ear, kind: str, payload: dict[str, Any]) -> None:
        """Look whether an alert concerns its reader."""
        own, blanked = self._pair[ear.who], self._market.blanked[ear.who]
        match kind:
            case "PRICE_DROP_ALERT":
                seen = blanked.price_seen(own.user_id, payload["productId"])
                need(payload.get("lastSeenPrice") == seen, f"{own.name} last saw it at {seen}", payload)
                need(seen is not None or not ear.mine["price_drops"], f"{own.name} never saw it", payload)
            case "STOCK_ALERT" if ear.mine["stock_alerts"]:
                seen = blanked.price_seen(own.user_id, payload["productId"])
                need(seen is not None, f"{own.name} never saw it", payload)
            case "NEW_ARRIVAL_ALERT":
                for product in payload["products"]:
                    likes = blanked.likes(own.user_id, product["farmId"])
                    need(likes, f"{own.name} does not like this farm best", payload)
            case "TRENDING_UPDATE":
                area, place = payload["area"], ear.places["trending"]
                near = area and (area["latitude"], area["longitude"])
                need(near == place, f"not where {own.name} is", payload)

    @property
    def now(self) -> float:
        """What time it is on the market."""
        return self._market.clock.now

    def made(self, query: Query) -> bytes:
        """Return the answer to a shopper's question as it is now, which may be given again."""
        who = [each.user_id for each in self._pair].index(query.user_id)
        written = self._market.blanked[who].answer(query, self.now)
        self._market.given.note(self._owner(who), query, written, self.now)
        return written

    def fitting(self, query: Query) -> list[bytes]:
        """Return the answers that a shopper may be given to a question now."""
        made, who = self.made(query), [each.user_id for each in self._pair].index(query.user_id)
        return [made, *self._market.given.again(self._owner(who), query, self.now)]

    def answered(self, query: Query, told: Told, before: Sequence[bytes], *, has_body: bool) -> None:
        """Look whether an answer is the shopper's, as it is now or was `before`."""
        fitting = (*before, *self.fitting(query))
        is_theirs = any(each in told.body for each in fitting) or not has_body
        need(is_theirs, f"not what is {query.user_id}'s", told.body)
        need(told.header(b"cache-control").startswith(b"private"), "others may keep it", told.head)

    def _owner(self, who: int) -> str:
        """Return whose answers a shopper is given: their own, or those of anybody who is not known."""
        user_id = self._pair[who].user_id
        return user_id if self._market.blanked[who].engine.knows(user_id) else ""
