"""What two shoppers ask over HTTP, on connections of their own and on one that both share."""

import asyncio
from collections.abc import Sequence

import msgspec

from punnet.engine.reactions import query_after
from punnet.errors import PunnetError
from punnet.market import Query
from punnet.protocol import actions, codec
from punnet.protocol.messages import on_page
from tests.web.strangers.calls import ASK
from tests.web.strangers.judging import Judge, need
from tests.web.strangers.lines import KeptLine, Told
from tests.web.strangers.shoppers import Shopper, shown
from tests.web.strangers.steps import Call, Calls


class Asking:
    """The connections of two shoppers, and what is asked on them at `port`."""

    def __init__(self, port: int, pair: tuple[Shopper, Shopper], judge: Judge) -> None:
        self._pair = pair
        self._judge = judge
        self._own = tuple(KeptLine(port) for _ in pair)
        self._shared = KeptLine(port)

    async def ask(self, step: Calls) -> "Asked":
        """Make the requests of a step; what came of them is to be judged when it is known what happened."""
        queries = [self._question(call) for call in step.calls]
        before = [self._judge.fitting(query) if query else [] for query in queries]
        requests = [self._written(call) for call in step.calls]
        if step.shared:
            answers = await self._shared.ask(requests)
        else:
            answers = await self._apart(step, requests)
        return Asked(step.calls, requests, answers, queries, before)

    def look_at(self, asked: "Asked") -> None:
        """Raise Leak where an answer is not as it must be."""
        for call, request, told, query, before in zip(*asked.all, strict=True):
            need(told.status in call.allowed, f"{call} was answered", told)
            self._judge.read(call.who, told.head + told.body, request)
            _belongs(call, told)
            if told.status == 200 and query:
                self._judge.answered(query, told, before, has_body=call.method != "HEAD")
            if told.status == 200 and call.method == "POST":
                self._is_recorded(call, told)

    def close(self) -> None:
        """Hang up."""
        for line in (*self._own, self._shared):
            line.close()

    async def _apart(self, step: Calls, requests: Sequence[bytes]) -> list[Told]:
        """Have each shopper ask on a connection of their own, both at once."""
        mine: dict[int, list[bytes]] = {}
        for call, request in zip(step.calls, requests, strict=True):
            mine.setdefault(call.who, []).append(request)
        told = await asyncio.gather(*(self._own[who].ask(each) for who, each in mine.items()))
        answers = {who: iter(each) for who, each in zip(mine, told, strict=True)}
        return [next(answers[call.who]) for call in step.calls]

    def _written(self, call: Call) -> bytes:
        own, other = self._pair[call.who], self._pair[1 - call.who]
        authorization = shown(call.shown, own, other)
        body = call.body.encode()
        lines = [f"{call.method} {call.target} HTTP/1.1", "Host: market", *call.headers]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _question(self, call: Call) -> Query | None:
        """Return what a call asks, where it asks for its own shopper."""
        path, _, query = call.target.partition("?")
        if path != ASK or call.method == "POST":
            return None
        try:
            asked = codec.read_query(query.encode(), Query)
        except PunnetError:
            return None
        return asked if asked.user_id == self._pair[call.who].user_id else None

    def _is_recorded(self, call: Call, told: Told) -> None:
        """Look whether an action, and the recommendations that come with it, are the shopper's."""
        data, own = msgspec.json.decode(told.body)["data"], self._pair[call.who].user_id
        posted = codec.read(call.body.encode(), actions.PostedAction)
        need(posted.user_id == own, "somebody acted as another one", call)
        need(("recommendations" in data) == posted.get_recommendations, "not what was asked for", told)
        if posted.get_recommendations:
            action = posted.by(own, posted.action, posted.event_id or "new")
            done = actions.tracked(action, self._judge.now).action
            query = on_page(query_after(done, posted.limit), posted.context)
            need(self._judge.made(query) in told.body, f"not what is {own}'s", told)


class Asked:
    """Requests, what came back, and what those that ask for recommendations had been told before."""

    def __init__(
        self,
        calls: Sequence[Call],
        requests: Sequence[bytes],
        answers: Sequence[Told],
        queries: Sequence[Query | None],
        before: Sequence[Sequence[bytes]],
    ) -> None:
        self.all = calls, requests, answers, queries, before
        self.answers = answers
        self.writers = {
            call.who
            for call, told in zip(calls, answers, strict=True)
            if call.method == "POST" and told.status == 200
        }
        """Who recorded something."""


def _belongs(call: Call, told: Told) -> None:
    """Look whether an answer belongs to its request, and not to another on the same connection."""
    given = [each.partition(": ")[2] for each in call.headers if each.startswith("X-Request-Id")]
    name = told.header(b"x-request-id").decode()
    need(name == given[0] if given else name.startswith("made-"), "the answer to another request", told)
    inside = f'"requestId":"{name}"'.encode()
    need(not told.body.startswith(b'{"success"') or inside in told.body, "another's answer", told)
