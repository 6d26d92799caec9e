"""From a purchase to the changed list in another shopper's browser, with many others connected."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
from playwright.async_api import Browser, Page, async_playwright

from punnet.journal import Entry
from punnet.journal.sqlite import SqliteJournal
from punnet.protocol import codec
from tests import npm
from tests.browser import chromium
from tests.service.caller import Caller
from tests.service.forecast import LENGTH, Forecast, List, Market, Purchase
from tests.service.process import Process
from tests.service.streaming import SocketLine, connected, socket_request

PAGE = Path(__file__).with_name("live.html")
TOGETHER = 64
"""Connections that are opened at once."""

PERSONAL = b'"topic":"personalized"'

GAP = 5.5
"""Seconds from the last message of one purchase to the next purchase; a list is told once in 5 seconds."""

IDLE = 0.1
"""The share of a core below which a server has nothing left to do."""

PATIENCE = 30.0
"""Seconds in which a server has looked at every list."""

TICKS = os.sysconf("SC_CLK_TCK")


class Size(NamedTuple):
    """Who listens, in how many pages, and how many purchases they are told of."""

    connected: int = 1_000
    pages: int = 8
    purchases: int = 15


class Sample(msgspec.Struct, frozen=True):
    """Seconds from before the POST to a list that was due; the place of its shopper by likeness to the buyer.

    `in_page` is until it stood in the DOM of that shopper's page, where one was open.
    """

    place: int
    arrived: float | None
    in_page: float | None
    has_page: bool
    is_foreseen: bool


class Report(msgspec.Struct, kw_only=True):
    """What came of it."""

    market: str
    connected: int
    pages: int
    answer_seconds: float
    """The median time that one list takes to be made, alone."""
    purchases: int = 0
    posted: list[float] = []
    """Seconds until each POST was answered."""
    samples: list[Sample] = []
    unforeseen: int = 0
    """Messages to shoppers whose list was not to change."""
    unchanged: int = 0
    """Lists that were to change, and at the server did not; trends go by the time, too."""
    cpu: float = 0
    """The share of a core that the server used, from the first purchase to the last."""
    skew: float = 0
    """Seconds by which the browser's clock differs."""
    log: list[str] = []

    @property
    def in_pages(self) -> list[float]:
        """The seconds until a changed list was in a page."""
        return sorted(it.in_page for it in self.samples if it.in_page is not None)

    @property
    def beside_pages(self) -> list[float]:
        """The seconds until it was at a plain client of the same shopper."""
        return sorted(it.arrived for it in self.samples if it.has_page and it.arrived is not None)

    @property
    def lost(self) -> int:
        """How many changed lists never came."""
        absent = sum(it.arrived is None for it in self.samples)
        return absent + sum(it.has_page and it.in_page is None for it in self.samples)


class Shopper(SocketLine):
    """Someone who watches their own list; `came` are those told since it was emptied, with their times."""

    def __init__(self, user_id: str) -> None:
        topics = "personalized,price_drops"
        super().__init__(socket_request(userId=user_id, topics=topics), self._note)
        self.greeted = asyncio.Event()
        self.came: list[tuple[float, List]] = []

    def _note(self, text: bytes) -> None:
        now = time.time()
        if PERSONAL in text:
            found = msgspec.json.decode(text)["payload"]["recommendations"]
            self.came.append((now, tuple(one["product"]["id"] for one in found)))
        self.greeted.set()


class Living:
    """A server with a market, everyone who is connected, and the pages of a browser."""

    def __init__(self, folder: Path, market: Market, size: Size, seed: int) -> None:
        self._path = folder / "market.db"
        self._process = Process(f"sqlite:///{self._path}", folder / "punnet.log", SNAPSHOT_RECORDS="0")
        self._market = market
        self._size = size
        self._chance = Random(seed)
        self._shoppers: dict[str, Shopper] = {}
        self._pages: list[Page] = []

    async def run(self, say: Callable[[str], None] = lambda _: None) -> Report:
        """Have purchases made, one after the other, and return when whose list was another one."""
        say("foretelling which lists will change")
        forecast = Forecast(self._market)
        purchases = [forecast.purchase() for _ in range(self._size.purchases)]
        report = Report(
            market=self._market.name,
            connected=self._size.connected,
            pages=self._size.pages,
            answer_seconds=sorted(forecast.seconds)[len(forecast.seconds) // 2],
        )
        await self._fill()
        await self._process.start()
        try:
            async with _browser() as browser:
                await self._gather(browser)
                report.skew = await self._skew()
                await self._shop(purchases, report, say)
        finally:
            await self._process.stop()
        report.log = self._process.log.splitlines()
        return report

    async def _fill(self) -> None:
        """Write what was before into the journal."""
        journal = await SqliteJournal.open(self._path)
        at = time.time() - 1
        await journal.append([Entry(at, (fact,)) for fact in self._market.facts])
        await journal.close()

    async def _gather(self, browser: Browser) -> None:
        """Connect everyone, open the pages, and wait until the server knows everyone's list."""
        names = self._market.shoppers[: self._size.connected]
        for start in range(0, len(names), TOGETHER):
            some = {name: Shopper(name) for name in names[start : start + TOGETHER]}
            await asyncio.gather(*(connected(self._process.port, each) for each in some.values()))
            await asyncio.gather(*(each.greeted.wait() for each in some.values()))
            self._shoppers |= some
        for _ in range(self._size.pages):
            page = await browser.new_page()
            # A page that no server sent may not speak to this machine; this one may, whatever it holds then.
            await page.goto(f"http://127.0.0.1:{self._process.port}/health/live")
            await page.set_content(PAGE.read_text())
            self._pages.append(page)
        await self._idle()

    async def _skew(self) -> float:
        """Return by how many seconds the browser's clock differs from ours."""
        found = []
        for _ in range(10 if self._pages else 0):
            began = time.time()
            theirs = await self._pages[0].evaluate("now()") / 1_000
            ended = time.time()
            found.append((ended - began, theirs - (began + ended) / 2))
        return min(found)[1] if found else 0.0

    async def _shop(self, purchases: list[Purchase], report: Report, say: Callable[[str], None]) -> None:
        began, used = time.perf_counter(), self._cpu()
        for purchase in purchases:
            await self._buy(purchase, report)
            report.purchases += 1
            say(f"{report.purchases} purchases, {len(report.in_pages)} lists changed in pages")
        report.cpu = (self._cpu() - used) / (time.perf_counter() - began)

    async def _buy(self, purchase: Purchase, report: Report) -> None:
        """Let pages be opened by those whose lists will change, buy, and wait for what comes."""
        due = purchase.changed.keys() & self._shoppers.keys()
        chosen = self._chance.sample(sorted(due), min(len(due), len(self._pages)))
        shown = dict(zip(chosen, self._pages, strict=False))
        await asyncio.gather(*(page.evaluate("name => listen(name)", name) for name, page in shown.items()))
        await self._rest()
        for shopper in self._shoppers.values():
            shopper.came.clear()
        await asyncio.gather(*(page.evaluate("heard.length = 0") for page in shown.values()))
        began = await self._post(purchase, report)
        await self._idle()
        heard = {name: await page.evaluate("heard") for name, page in shown.items()}
        for name in due:
            if self._shoppers[name].came or await self._list(name) != purchase.before[name]:
                report.samples.append(self._sample(name, purchase, began, heard.get(name)))
            else:
                report.unchanged += 1
        unasked = self._shoppers.keys() - due - {purchase.order.user_id}
        report.unforeseen += sum(bool(self._shoppers[name].came) for name in unasked)

    async def _post(self, purchase: Purchase, report: Report) -> float:
        """Return when the purchase was about to be posted, a while after it was answered."""
        order = codec.write(purchase.order)
        async with Caller(self._process.port) as caller:
            # The connection is there already, as a shop's back end has it.
            await caller.call("GET", "/health/live")
            began = time.time()
            answered = await caller.call("POST", "/api/orders", order)
            report.posted.append(time.time() - began)
        assert answered.status == 201, answered
        await asyncio.sleep(0.2)
        return began

    async def _list(self, name: str) -> List:
        """Return the list of a shopper as the server has it now."""
        async with Caller(self._process.port) as caller:
            path = f"/api/recommendations?userId={name}&limit={LENGTH}&context=HOME"
            found = (await caller.call("GET", path)).data["recommendations"]
        return tuple(one["product"]["id"] for one in found)

    def _sample(self, name: str, purchase: Purchase, began: float, heard: list | None) -> Sample:
        came = self._shoppers[name].came
        return Sample(
            place=purchase.places[name],
            arrived=came[0][0] - began if came else None,
            in_page=heard[0][0] / 1_000 - began if heard else None,
            has_page=heard is not None,
            is_foreseen=bool(came) and came[0][1] == purchase.changed[name],
        )

    async def _rest(self) -> None:
        """Wait until every list may be told again."""
        told = (came[-1][0] for came in (each.came for each in self._shoppers.values()) if came)
        await asyncio.sleep(max(0, max(told, default=0) + GAP - time.time()))
        await self._idle()

    async def _idle(self) -> None:
        """Wait until the server has nothing to do any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                before = self._cpu()
                await asyncio.sleep(0.5)
                if self._cpu() - before < 0.5 * IDLE:
                    return

    def _cpu(self) -> float:
        """Return the seconds of processor time that the server used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    found = chromium.find()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(npm.node()))
    async with async_playwright() as playwright:
        environment = {**os.environ, **found.environment}
        browser = await playwright.chromium.launch(executable_path=found.executable, env=environment)
        yield browser
        await browser.close()
