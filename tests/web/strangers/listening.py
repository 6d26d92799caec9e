"""The streams of two shoppers."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence

from punnet.protocol import codec
from punnet.protocol.messages import QueryPayload, SubscribePayload
from punnet.web.streams import read_query
from tests.service.streaming import HOST, SocketLine, upgrade
from tests.web.strangers.judging import Judge, need
from tests.web.strangers.lines import Ear
from tests.web.strangers.market import Market
from tests.web.strangers.shoppers import Shopper, shown
from tests.web.strangers.steps import Leave, Open, Say
from tests.web.strangers.talk import SOCKET

PATIENCE = 10.0
"""Seconds in which what is waited for must have come."""


class Listening:
    """The streams that two shoppers have opened, and what comes on them."""

    def __init__(self, market: Market, pair: tuple[Shopper, Shopper], judge: Judge) -> None:
        self._market = market
        self._pair = pair
        self._judge = judge
        self._ears: list[Ear] = []
        self._gone = 0
        """Messages that came on streams which are not open any more."""
        self._before = market.shop.hub.written
        self._last = ["", ""]
        """The last message of each shopper."""

    async def open(self, step: Open) -> int:
        """Ask for a stream, and return the status."""
        ear = Ear(step.who, self._request(step), socket=step.path == SOCKET)
        await asyncio.get_running_loop().create_connection(lambda: ear.line, HOST, self._market.port)
        await until(lambda: ear.heard or ear.is_refused)
        if ear.is_refused:
            ear.line.abort()
        else:
            self._ears.append(ear)
        need(ear.line.status in step.allowed, f"{step} was answered", ear.line.raw)
        self._judge.read(step.who, ear.line.raw, ear.wrote)
        if not ear.is_refused and (wanted := read_query(step.query.encode()).wanted()):
            ear.want(wanted)
        return ear.line.status

    async def say(self, step: Say) -> bool:
        """Say something, and return whether it recorded an action; what answers it is to be judged."""
        ear = self._chosen(step.who, step.stream, SocketLine)
        if ear is None:
            return False
        if step.allowed == {"SUBSCRIBED"}:
            ear.want(codec.convert(json.loads(step.text)["payload"], SubscribePayload))
        if step.allowed == {"RECOMMENDATION_UPDATE"}:
            asked = codec.convert(json.loads(step.text)["payload"], QueryPayload)
            ear.asked[step.request_id] = asked.query(self._pair[step.who].user_id)
        ear.say(step.request_id, step.text.replace("{token}", self._token(step)), step.allowed)
        # What is said is heard in order: when this was, that was, too.
        end = f"after-{step.request_id}"
        ear.say(end, json.dumps({"type": "HEARTBEAT", "requestId": end}), {"HEARTBEAT"})
        await until(lambda: any(f'"requestId":"{end}"'.encode() in each for each in ear.inbox))
        return any(b'"type":"ACTION_ACK"' in each for each in ear.inbox)

    async def leave(self, step: Leave) -> None:
        """Leave a stream, if there is one."""
        ear = self._chosen(step.who, step.stream)
        if ear is None:
            return
        if step.goodbye and isinstance(ear.line, SocketLine):
            ear.line.say_goodbye()
        else:
            ear.line.hang_up()
        self._ears.remove(ear)
        self._gone += ear.heard
        await until(lambda: self._market.shop.hub.open == len(self._ears))

    async def settle(self) -> None:
        """Return when all that was to be said is heard."""
        shop = self._market.shop
        await shop.delivery.flush()
        await shop.alerting.flush()
        await until(lambda: self._missing == 0 and not shop.watching._stirred.is_set())

    def look_at(self, pushed: Sequence[Sequence[bytes]]) -> list[str]:
        """Judge what was heard, and return the types; `pushed` is what follows from what each one did."""
        types: list[str] = []
        for ear in self._ears:
            types += self._judge.heard(ear, pushed[ear.who])
            self._last[ear.who] = ear.last
        return types

    async def close(self) -> None:
        """Leave all streams."""
        for ear in self._ears:
            ear.line.abort()
        await until(lambda: not self._market.shop.hub.open)

    @property
    def _missing(self) -> int:
        """How many messages are on their way."""
        heard = self._gone + sum(ear.heard for ear in self._ears)
        return self._market.shop.hub.written - self._before - heard

    def _request(self, step: Open) -> bytes:
        own, other = self._pair[step.who], self._pair[1 - step.who]
        authorization, query = shown(step.shown, own, other), step.query
        if step.in_query and authorization:
            query += f"&token={authorization.partition(' ')[2]}"
        if step.last is not None and self._last[step.last]:
            query += f"&lastMessageId={self._last[step.last]}"
        request = upgrade(f"{step.path}?{query}")
        if step.path != SOCKET:
            request = f"GET {step.path}?{query} HTTP/1.1\r\nHost: market\r\n\r\n".encode()
        if authorization and not step.in_query:
            return request[:-2] + f"Authorization: {authorization}\r\n\r\n".encode()
        return request

    def _token(self, step: Say) -> str:
        own, other = self._pair[step.who], self._pair[1 - step.who]
        match step.shown:
            case "":
                return ""
            case "the other's":
                return other.token()
            case kind:
                return shown(kind, own, other).partition(" ")[2]

    def _chosen(self, who: int, number: int, kind: type = object) -> Ear | None:
        theirs = [ear for ear in self._ears if ear.who == who and isinstance(ear.line, kind)]
        return theirs[number % len(theirs)] if theirs else None


async def until(happened: Callable[[], object]) -> None:
    """Return as soon as something has happened; TimeoutError where it does not in good time."""
    patience = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > patience:
            raise TimeoutError
        await asyncio.sleep(0)
