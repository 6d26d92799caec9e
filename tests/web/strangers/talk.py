"""What two shoppers can say on their streams, and how they open them."""

import json
from random import Random
from typing import Any

from punnet.protocol.messages import Topic
from tests.web.strangers.deeds import CATEGORIES, FARMS, PRODUCTS, Deeds
from tests.web.strangers.naming import DONE, FORBIDDEN, UNKNOWN, in_query
from tests.web.strangers.shoppers import FORGED, Shopper
from tests.web.strangers.steps import Open, Say

SOCKET, EVENTS = "/ws/recommendations", "/api/recommendations/stream"
UPGRADED = frozenset({101})
REFUSED = frozenset({"ERROR"})
RECORDED = frozenset({"ACTION_ACK", "ERROR"})
"""An action is recorded, or its id was used for another one, or its order is not theirs."""

INTRUDING = (
    ("USER_ACTION", {"type": "VIEW_PRODUCT", "entityId": PRODUCTS[0]}),
    ("REQUEST_RECOMMENDATIONS", {"limit": 3}),
    ("SUBSCRIBE", {"topics": ["personalized"]}),
    ("UNSUBSCRIBE", {"topics": ["personalized"]}),
)
"""Messages that name nobody: each stream has its shopper."""


class Talk:
    """Thinks up streams of two shoppers, and what is said on them."""

    def __init__(self, chance: Random, pair: tuple[Shopper, Shopper], deeds: Deeds) -> None:
        self._chance = chance
        self._pair = pair
        self._deeds = deeds
        self._sockets: list[int] = []
        """Whose WebSockets have been opened."""

    def open(self) -> Open:
        """Return a stream that somebody asks for."""
        path = self._chance.choice((SOCKET, SOCKET, EVENTS))
        # Most are let in, or there would be nothing to hear.
        opened = self._open(self._chance.randrange(2), path, is_own=self._chance.random() < 0.7)
        if self._chance.random() < 0.1:
            allowed = UNKNOWN | (opened.allowed & {400})
            return opened._replace(allowed=allowed, shown=self._chance.choice((*FORGED, "nothing")))
        return opened

    def _open(self, who: int, path: str, *, is_own: bool) -> Open:
        chance, own, other = self._chance, self._pair[who], self._pair[1 - who]
        named, allowed = f"userId={own.user_id}", DONE
        if not is_own:
            named, allowed = in_query(chance, own.user_id, other.user_id)
        if path == SOCKET and 200 in allowed:
            allowed = (allowed - DONE) | UPGRADED
        if allowed == UPGRADED:
            self._sockets.append(who)
        query = "&".join((named, *self._wanted(own)))
        last = chance.choice((who, 1 - who, 1 - who)) if chance.random() < 0.4 else None
        return Open(who, path, query, allowed, last, in_query=chance.random() < 0.5)

    def open_another(self) -> Open:
        """Return a stream of the other one, with all that can be had there."""
        chance, who = self._chance, self._chance.randrange(2)
        topics = ",".join(Topic)
        query = f"userId={self._pair[1 - who].user_id}&topics={topics}"
        path = chance.choice((SOCKET, EVENTS))
        return Open(who, path, query, FORBIDDEN, chance.choice((None, who, 1 - who)))

    def say(self) -> Say | Open:
        """Return a frame, or a WebSocket for want of one."""
        if not self._sockets:
            return self._open(self._chance.randrange(2), SOCKET, is_own=True)
        who = self._chance.choice(self._sockets)
        request_id = self._deeds.new_id(who, "say")
        make = self._chance.choices(
            (self._subscribe, self._act, self._ask, self._intrude, self._authenticate, self._odd),
            (5, 6, 4, 4, 2, 1),
        )[0]
        said = make(who, request_id)
        return said._replace(stream=self._chance.randrange(3))

    def _wanted(self, own: Shopper) -> list[str]:
        chance, wanted = self._chance, []
        if chance.random() < 0.75:
            wanted.append(f"topics={','.join(self._topics())}")
            if chance.random() < 0.4:
                wanted.append("latitude={}&longitude={}".format(*own.place))
            if chance.random() < 0.3:
                wanted.append(chance.choice(("relevance=mine", f"farmIds={FARMS[0]},{own.number}")))
        return wanted

    def _topics(self) -> list[str]:
        topics = list(map(str, Topic))
        if self._chance.random() < 0.5:
            return topics
        return self._chance.sample(topics, self._chance.randint(1, len(topics)))

    def _subscribe(self, who: int, request_id: str) -> Say:
        chance, own = self._chance, self._pair[who]
        payload: dict[str, Any] = {"topics": self._topics()}
        if chance.random() < 0.2:
            return _said(who, request_id, "UNSUBSCRIBE", payload, {"UNSUBSCRIBED"})
        if chance.random() < 0.4:
            payload["latitude"], payload["longitude"] = own.place
        if chance.random() < 0.4:
            narrow = {"relevance": "mine"}, {"categories": [chance.choice(CATEGORIES), own.number]}
            payload["filter"] = chance.choice(narrow)
        return _said(who, request_id, "SUBSCRIBE", payload, {"SUBSCRIBED"})

    def _act(self, who: int, request_id: str) -> Say:
        kind, about = self._deeds.deed(who)
        return _said(who, request_id, "USER_ACTION", {"type": kind, **about}, RECORDED)

    def _ask(self, who: int, request_id: str) -> Say:
        chance, own = self._chance, self._pair[who]
        payload = chance.choice((
            {},
            {"limit": 20},
            {"context": "CART"},
            {"context": {"pageType": "PRODUCT_DETAIL", "productId": chance.choice(PRODUCTS)}},
            {"searchQuery": f"{own.number} {chance.choice(CATEGORIES)}", "context": "SEARCH"},
            dict(zip(("latitude", "longitude"), own.place, strict=True)),
        ))  # fmt: skip
        return _said(who, request_id, "REQUEST_RECOMMENDATIONS", payload, {"RECOMMENDATION_UPDATE"})

    def _intrude(self, who: int, request_id: str) -> Say:
        """Return a message that names the other shopper, where there is no place for that."""
        chance, other = self._chance, self._pair[1 - who].user_id
        kind, payload = chance.choice(INTRUDING)
        name = {chance.choice(("userId", "user_id", "sub")): other}
        if chance.random() < 0.5:
            return _said(who, request_id, kind, payload | name, REFUSED)
        said = json.dumps({"type": kind, "payload": payload, "requestId": request_id} | name)
        return Say(who, 0, said, request_id, REFUSED)

    def _authenticate(self, who: int, request_id: str) -> Say:
        shown = self._chance.choice(("own", "the other's", *FORGED))
        allowed = {"HEARTBEAT"} if shown == "own" else REFUSED
        said = _said(who, request_id, "AUTHENTICATE", {"token": "{token}"}, allowed)
        return said._replace(shown=shown)

    def _odd(self, who: int, request_id: str) -> Say:
        """Return a message that begins as one's own and goes on as the other's."""
        own, other = self._pair[who].user_id, self._pair[1 - who].user_id
        text = self._chance.choice((
            f'{{"type": "HEARTBEAT", "requestId": "{request_id}", "payload": {{"userId": "{other}"}}}}',
            f'{{"type": "RESUME", "requestId": "{request_id}", "payload": {{"userId": "{other}"}}}}',
            f'{{"type": "AUTHENTICATE", "requestId": "{request_id}", "payload": {{"userId": "{other}"}}}}',
            f'{{"type": "SUBSCRIBE", "requestId": "{request_id}", '
            f'"payload": {{"topics": ["personalized:{other}"]}}}}',
            f'{{"type": "SUBSCRIBE", "requestId": "{request_id}", '
            f'"payload": {{"topics": ["personalized"], "filter": {{"userId": "{own}"}}}}}}',
        ))  # fmt: skip
        return Say(who, 0, text, request_id, frozenset({"HEARTBEAT", "ERROR"}))


def _said(
    who: int, request_id: str, kind: str, payload: dict[str, Any], allowed: set[str] | frozenset[str]
) -> Say:
    text = json.dumps({"type": kind, "payload": payload, "requestId": request_id})
    return Say(who, 0, text, request_id, frozenset(allowed))
