"""Plays what two shoppers and their shop do on a market, and judges all that comes of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from punnet.market import Action, Fact, Order, UserAction
from punnet.protocol import codec
from tests.web.strangers.asking import Asking
from tests.web.strangers.judging import Judge, Leak, need
from tests.web.strangers.lines import KeptLine, Told
from tests.web.strangers.listening import PATIENCE, Listening
from tests.web.strangers.market import Market
from tests.web.strangers.report import Report
from tests.web.strangers.shoppers import Shopper
from tests.web.strangers.steps import Calls, Leave, Open, Say, Step, Trade, Wait

EVERYTHING = None
"""What the shop may change, in place of the shoppers in whose names something may be done."""


class Play:
    """The steps of two shoppers on a market; `report` counts what came of them."""

    def __init__(
        self, market: Market, pair: tuple[Shopper, Shopper], steps: Sequence[Step], report: Report
    ) -> None:
        judge = Judge(market, pair)
        self._market = market
        self._pair = pair
        self._steps = steps
        self._report = report
        self._asking = Asking(market.port, pair, judge)
        self._listening = Listening(market, pair, judge)
        self._shop = KeptLine(market.port)
        self._at = 0
        self._done: tuple[list[Fact], list[Fact]] = ([], [])
        """What is to stand in the record of each."""

    async def run(self) -> None:
        """Do all steps; raise Leak at the first one where a shopper gets what is not theirs."""
        try:
            async with asyncio.timeout(2 * PATIENCE):
                for number, step in enumerate(self._steps, 1):
                    self._at = number
                    self._market.clock.now += 1
                    self._report.steps += 1
                    await self._do(step)
                for who in (0, 1):
                    await self._compare_record(who)
        except (Leak, OSError, EOFError, TimeoutError) as error:
            raise Leak(f"in step {self._at}, {str(error) or type(error).__name__}") from error
        finally:
            self._asking.close()
            self._shop.close()
            await self._listening.close()

    async def _do(self, step: Step) -> None:
        match step:
            case Calls():
                asked = await self._asking.ask(step)
                await self._settle(asked.writers)
                self._report.note(asked.answers)
                self._asking.look_at(asked)
            case Open():
                self._report.stream(await self._listening.open(step), is_resumed=step.last is not None)
                await self._settle(())
            case Say(who=who):
                await self._settle((who,) if await self._listening.say(step) else ())
            case Leave():
                await self._listening.leave(step)
            case Trade():
                told = await self._ask_as_shop(step.method, step.path, step.body)
                need(told.status in (200, 201, 409), "the shop was refused", told)
                await self._settle(EVERYTHING)
            case Wait(seconds):
                self._market.clock.now += seconds

    async def _settle(self, writers: Sequence[int] | set[int] | None) -> None:
        """Wait until all is heard, and judge it; nobody but `writers` may have done something."""
        await self._listening.settle()
        pushed: tuple[list[bytes], list[bytes]] = ([], [])
        names = [each.user_id for each in self._pair]
        for fact in await self._market.news():
            if not isinstance(fact, Action | Order):
                need(writers is EVERYTHING, "the catalogue was changed", fact)
                continue
            need(fact.user_id in names, "something was done in a stranger's name", fact)
            who = names.index(fact.user_id)
            need(writers is EVERYTHING or who in writers, "something was done in another's name", fact)
            self._done[who].append(fact)
            if isinstance(fact, Action):
                need(self._is_own(who, fact), "an order of somebody else's was confirmed", fact)
                found = self._market.blanked[who].reaction(fact, self._market.clock.now)
                pushed[who].extend([found] if found else [])
        self._report.messages.update(self._listening.look_at(pushed))

    def _is_own(self, who: int, action: Action) -> bool:
        """Return whether an action is about no order but one of its shopper's."""
        orders = {fact.id for fact in self._done[who] if isinstance(fact, Order)}
        return action.action is not UserAction.COMPLETE_PURCHASE or action.entity_id in orders

    async def _compare_record(self, who: int) -> None:
        """Look whether what is kept of a shopper is what they did, and nothing else."""
        own, done = self._pair[who].user_id, self._done[who]
        told = await self._ask_as_shop("GET", f"/api/users/{own}")
        need(told.status == (200 if done else 404), f"the record of {own}", told)
        if not done:
            return
        data = msgspec.json.decode(told.body)["data"]
        kept = [_without_time(each) for each in (*data["orders"], *data["actions"])]
        done = sorted(done, key=lambda fact: isinstance(fact, Action))
        need(kept == _plain(done), f"the record of {own} is not what they did, {done}", kept)
        profile = _plain(self._market.blanked[who].engine.profile(own))
        need(data["profile"] == profile, f"the profile of {own} is not {profile}", data["profile"])
        self._report.facts += len(done)

    async def _ask_as_shop(self, method: str, path: str, body: str = "") -> Told:
        content = body.encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: market\r\nAuthorization: Bearer {self._market.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return (await self._shop.ask([head.encode() + content]))[0]


def _plain(facts: object) -> Any:
    return msgspec.json.decode(codec.write(facts))


def _without_time(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name != "recordedAt"}
