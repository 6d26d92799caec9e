"""Requests that two shoppers can make, with what they are allowed and what they are not."""

import json
from random import Random
from urllib.parse import quote

from tests.web.strangers.deeds import CATEGORIES, FARMS, PRODUCTS, Deeds
from tests.web.strangers.naming import DONE, FORBIDDEN, UNKNOWN, in_body, in_path, in_query
from tests.web.strangers.shoppers import NOT_VALID, Shopper
from tests.web.strangers.steps import Call, Calls, Statuses

ASK = "/api/recommendations"
TAKEN = frozenset({200, 404, 409})
"""An action is recorded, or its order is not theirs, or its id was used."""

CLOSED = frozenset({401, 403})
NOWHERE = frozenset({400, 401, 403, 404, 405})

PAGES = ("", "", "limit=3", "limit=20", "context=CART", "context=CHECKOUT", f"productId={PRODUCTS[0]}")
READABLE = (
    "/api/products",
    "/api/products?limit=3",
    f"/api/products/{PRODUCTS[1]}",
    f"/api/farms/{FARMS[0]}",
    f"{ASK}/frequently-bought-together?productId={PRODUCTS[0]}",
    "/health/live",
    "/health/ready",
)
BARRED = (
    ("GET", f"{ASK}/stats", FORBIDDEN),
    ("POST", f"{ASK}/stats", CLOSED),
    ("DELETE", f"{ASK}/stats", CLOSED),
    ("GET", "/api/events", CLOSED),
    ("POST", "/api/events", FORBIDDEN),
    ("POST", "/api/orders", FORBIDDEN),
    ("POST", "/api/catalog", FORBIDDEN),
    ("GET", "/metrics", FORBIDDEN),
    ("PATCH", f"/api/products/{PRODUCTS[0]}", FORBIDDEN),
    ("DELETE", f"/api/products/{PRODUCTS[0]}", FORBIDDEN),
    ("PUT", f"/api/farms/{FARMS[0]}", FORBIDDEN),
)
"""What no shopper may do, and how they are told."""

PEOPLE = (
    ("GET", "/api/users/{name}", FORBIDDEN),
    ("GET", "/api/users/{name}", FORBIDDEN),
    ("HEAD", "/api/users/{name}", FORBIDDEN),
    ("DELETE", "/api/users/{name}", FORBIDDEN),
    ("GET", "/api/users/{name}?userId={own}", FORBIDDEN),
    ("GET", "/api/users/{name}/", FORBIDDEN),
    ("GET", "/api/users?userId={name}", NOWHERE),
    ("GET", "//api/users/{name}", NOWHERE),
    ("GET", "/API/USERS/{name}", NOWHERE),
    ("GET", "/api/./users/{name}", NOWHERE),
    ("GET", "/api/recommendations/../users/{name}", NOWHERE),
    ("GET", "/api/recommendations/%2e%2e/users/{name}", NOWHERE),
    ("GET", "/api/products/..%2fusers%2f{name}", NOWHERE),
    ("GET", "/api/products/../users/{name}", NOWHERE),
    ("GET", "/api/%75sers/{name}", NOWHERE),
    ("GET", "/api/recommendations/{name}", NOWHERE),
    ("GET", "/api/recommendations;userId={name}", NOWHERE),
    ("POST", "/api/users/{name}", CLOSED | {405}),
)
"""Where a shopper's data are, and where they might be."""

HINTS = (
    "X-User-Id: {other}",
    "X-Forwarded-User: {other}",
    "X-Original-URL: /api/users/{other}",
    "X-HTTP-Method-Override: DELETE",
    "Cookie: userId={other}; token={other}",
    "X-Admin-Key: {other}",
    'If-None-Match: "{other}"',
    "If-None-Match: *",
    "If-Modified-Since: Thu, 09 Oct 2025 08:53:20 GMT",
    "Cache-Control: only-if-cached",
    "Range: bytes=0-10",
    "Accept-Encoding: gzip",
)
"""Headers that must change nothing."""


class Requests:
    """Thinks up what two shoppers ask of the server."""

    def __init__(self, chance: Random, pair: tuple[Shopper, Shopper], deeds: Deeds) -> None:
        self._chance = chance
        self._pair = pair
        self._deeds = deeds

    def calls(self) -> Calls:
        """Return one request or some that are made together."""
        chance = self._chance
        first = chance.randrange(2)
        if chance.random() < 0.6:
            return Calls((self.call(first),), chance.random() < 0.5)
        if chance.random() < 0.4:
            return self._same(first)
        several = [self.ask((first + at) % 2) for at in range(chance.randint(2, 5))]
        if chance.random() < 0.5:
            several[chance.randrange(len(several))] = self.act(chance.randrange(2))
        return Calls(tuple(several), chance.random() < 0.7)

    def _same(self, first: int) -> Calls:
        """Return the same question, asked by one after the other, and by the first once more."""
        page = self._chance.choice(PAGES)
        calls = []
        for at in range(self._chance.randint(2, 5)):
            who = (first + at) % 2
            query = "&".join(filter(None, (f"userId={self._pair[who].user_id}", page)))
            calls.append(Call(who, "GET", f"{ASK}?{query}", DONE))
        return Calls(tuple(calls), self._chance.random() < 0.7)

    def call(self, who: int) -> Call:
        """Return a request of one of them."""
        make = self._chance.choices(
            (self.ask, self.act, self._reach, self._barred, self._read), (8, 8, 3, 2, 1)
        )[0]
        return make(who)

    def ask(self, who: int) -> Call:
        """Return a question for recommendations."""
        chance, own, other = self._chance, self._pair[who], self._pair[1 - who]
        named, allowed = in_query(chance, own.user_id, other.user_id)
        about = chance.choice(PAGES) if chance.random() < 0.7 else self._private_page(own)
        target = f"{ASK}?{'&'.join(filter(None, chance.sample((named, about), 2)))}"
        body = ""
        if chance.random() < 0.05:
            body = json.dumps({"userId": chance.choice((own, other)).user_id})
        method = "HEAD" if chance.random() < 0.05 else "GET"
        return self._call(Call(who, method, target, allowed, body=body))

    def act(self, who: int) -> Call:
        """Return the report of something that a shopper did."""
        chance, own, other = self._chance, self._pair[who], self._pair[1 - who]
        kind, about = self._deeds.deed(who)
        first, last, allowed = in_body(chance, own.user_id, other.user_id)
        members = {"action": kind, **about}
        if chance.random() < 0.5:
            members["getRecommendations"] = True
            members |= chance.choice(({}, {"limit": 4}, {"context": {"productId": self._deeds.product}}))
        inside = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members.items()]
        target = ASK
        if chance.random() < 0.15:
            target += f"?userId={chance.choice((own, other)).user_id}"
        if 200 in allowed:
            allowed = allowed | TAKEN
        body = f"{{{', '.join([*first, *inside, *last])}}}"
        return self._call(Call(who, "POST", target, allowed, body=body))

    def _private_page(self, own: Shopper) -> str:
        latitude, longitude = own.place
        return self._chance.choice((
            f"latitude={latitude}&longitude={longitude}",
            f"searchQuery={own.number}+{self._chance.choice(CATEGORIES).lower()}&context=SEARCH",
            f"category={self._chance.choice(CATEGORIES)}",
            f"excludeIds={own.number},{self._chance.choice(PRODUCTS)}",
            f"token={own.token()}",
        ))  # fmt: skip

    def _reach(self, who: int) -> Call:
        """Return a try to get at what is kept of somebody."""
        chance, own, other = self._chance, self._pair[who], self._pair[1 - who]
        name = in_path(chance, chance.choice((own, other, other)).user_id)
        if chance.random() < 0.2:
            order = quote(self._deeds.some_order(who))
            return self._call(Call(who, "GET", f"/api/orders/{order}", FORBIDDEN))
        method, path, allowed = chance.choice(PEOPLE)
        return self._call(Call(who, method, path.format(name=name, own=own.user_id), allowed))

    def _barred(self, who: int) -> Call:
        """Return a try to do what only the shop may."""
        chance, other = self._chance, self._pair[1 - who].user_id
        method, path, allowed = chance.choice(BARRED)
        about = {"userId": other, "action": "VIEW_PRODUCT", "entityId": PRODUCTS[0]}
        body = chance.choice((json.dumps(about), json.dumps([about]), '{"resetType": "all"}', '{"price": 1}'))
        return self._call(Call(who, method, path, allowed, body="" if method == "GET" else body))

    def _read(self, who: int) -> Call:
        return self._call(Call(who, "GET", self._chance.choice(READABLE), DONE))

    def _call(self, call: Call) -> Call:
        """Return a request with headers, and now and then with another token or none."""
        chance, own, other = self._chance, self._pair[call.who], self._pair[1 - call.who]
        headers = []
        if chance.random() < 0.3:
            whose = own if chance.random() < 0.8 else other
            headers.append(f"X-Request-Id: request-{whose.number}-{chance.randrange(1_000)}")
        if chance.random() < 0.15:
            headers.append(chance.choice(HINTS).format(other=other.user_id))
        roll = chance.random()
        call = call._replace(headers=tuple(headers))
        if roll < 0.08:
            return call._replace(shown=chance.choice(NOT_VALID), allowed=UNKNOWN | _elsewhere(call))
        if roll < 0.15:
            # Whoever shows a wrong admin key is told so.
            is_same = call.allowed == CLOSED or (call.method == "GET" and call.target in READABLE)
            allowed = call.allowed if is_same else UNKNOWN | _elsewhere(call)
            return call._replace(shown="nothing", allowed=allowed)
        return call._replace(shown="own, in small letters") if roll < 0.2 else call


def _elsewhere(call: Call) -> Statuses:
    """Return the statuses of a path that leads nowhere, which nobody is asked a token for."""
    return call.allowed & {400, 404, 405} if call.allowed in (NOWHERE, CLOSED | {405}) else frozenset()
