"""The React hook in a real app, and the client below it in a real browser.

React is that for development, where StrictMode mounts everything twice.
"""

import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests import npm
from tests.browser.line import Line
from tests.browser.shop import PATIENCE, STATISTICS, WHO, Shop, until
from tests.browser.workshop import SNIPPETS
from tests.clients.serving import served

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent / "react"
ROOT = HERE.parents[2]
HOOK = ROOT / "clients" / "js" / "src" / "react.js"
REACTS = {"18": SNIPPETS, "19": ROOT / "tests" / "clients"}
"""Where each version of React is pinned."""

SHOPPERS = itertools.count()


@pytest.fixture(scope="module")
def apps() -> dict[str, str]:
    """Return the script of the app for each version of React."""
    try:
        esbuild = npm.packages(SNIPPETS) / "esbuild" / "bin" / "esbuild"
        return {version: build(esbuild, npm.packages(folder)) for version, folder in REACTS.items()}
    except npm.NoPackages as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def build(esbuild: Path, modules: Path) -> str:
    """Return the app with the React among these modules."""
    command = [
        npm.node(),
        esbuild,
        HERE / "app.tsx",
        "--bundle",
        "--jsx=automatic",
        "--log-level=error",
        f"--inject:{HERE / 'harness.tsx'}",
        f"--alias:@/hooks/useRecommendations={HOOK}",
        f"--alias:punnet/react={HOOK}",
        '--define:process.env.NODE_ENV="development"',
    ]
    environment = os.environ | {"NODE_PATH": str(modules)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Return a shop, the same for all tests: they ask for what is added to it."""
    with served() as where, httpx.Client(base_url=where) as client:
        shop = Shop(where, client)
        shop.open()
        yield shop


class App:
    """The app in a page of its own, on which nothing may go wrong."""

    def __init__(self, page: Page, shop: Shop, script: str) -> None:
        self.page = page
        # The same view of the same shopper, soon after another one, would bring nothing.
        self.shopper = f"shopper-{next(SHOPPERS)}"
        self.shop = shop
        self.errors: list[str] = []
        self.said: list[str] = []
        self._script = script.replace(WHO, self.shopper)
        self._before = self._connections()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda text: self.said.append(str(text)))
        )

    def open(self, address: str) -> None:
        """Load the page, with nothing rendered."""
        self.page.goto(f"{address}/health/live")
        self.page.evaluate("document.body.innerHTML = '<main id=root></main>'")
        self.page.add_script_tag(content=self._script)

    def render(self, page: str, *, strict: bool = True, **options: Any) -> None:
        """Render a page of the app, or render it again."""
        self.page.evaluate(
            "([page, options, strict]) => render(page, options, strict)", [page, options, strict]
        )

    def unmount(self) -> None:
        """Take everything away, and wait until the server has nobody left."""
        self.page.evaluate("unmount()")
        until(lambda: self._connections()["activeConnections"] == 0)

    def connected(self) -> int:
        """Return how many connections the server has seen of the page."""
        return self._connections()["totalConnections"] - self._before["totalConnections"]

    def subscribed(self) -> dict[str, int]:
        """Return how many connections each topic has, where any has it."""
        counts = self._connections()["subscriptionBreakdown"]
        return {topic: count for topic, count in counts.items() if count}

    def part(self, name: str = "shelf") -> "Part":
        """Return a part of the page of parts."""
        return Part(self.page, name)

    def _connections(self) -> Any:
        return self.shop.call("GET", STATISTICS)["websockets"]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location})")


class Part:
    """What a part of the page shows of its hook."""

    def __init__(self, page: Page, name: str) -> None:
        self._section = page.locator(f"#{name}")
        self.state = self._section.locator("output")
        self.recommendations = self._section.locator("ol li")
        self.alerts = self._section.locator("ul li")

    def press(self, name: str) -> None:
        """Press a button."""
        self._section.get_by_role("button", name=name, exact=True).click()


@pytest.fixture(params=["19"])
def any_app(
    request: pytest.FixtureRequest, apps: dict[str, str], browser: Browser, shop: Shop
) -> Iterator[App]:
    """Return the app in a page whose errors are the test's affair."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE * 1_000)
        app = App(context.new_page(), shop, apps[request.param])
        app.open(shop.address)
        yield app
    until(lambda: app.subscribed() == {})


@pytest.fixture
def app(any_app: App) -> Iterator[App]:
    """Return the app in a page on which nothing goes wrong."""
    yield any_app
    assert not any_app.errors


@pytest.fixture
def views(shop: Shop) -> Any:
    """Return a function that counts the actions of a kind since the test began."""

    def count() -> int:
        return shop.call("GET", STATISTICS)["events"]["byType"].get("VIEW_PRODUCT", 0)

    before = count()
    return lambda: count() - before


@pytest.mark.parametrize("any_app", REACTS, indirect=True)
@pytest.mark.parametrize("strict", [False, True], ids=["plain", "strict"])
def test_the_product_page_of_the_examples_has_one_connection_and_none_when_it_is_gone(
    app: App, shop: Shop, views: Any, strict: bool
):
    app.render("product", strict=strict, product={"id": "rye", "name": "Rye"})
    first = app.page.locator(".recommendations article").first
    expect(first).to_contain_text("Wheat of Hill Farm")
    assert views() == (2 if strict else 1)
    assert app.subscribed() == {"price_drops": 1, "personalized": 1}

    app.render("product", strict=strict, product={"id": "oat", "name": "Oat"})
    expect(app.page.locator("[data-id=oat]")).to_have_count(0)
    until(lambda: views() == (3 if strict else 2))
    for name in ("Oats", "Rolled oats", "Oat"):
        app.render("product", strict=strict, product={"id": "oat", "name": name})
        expect(app.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert app.connected() == 1
    assert app.subscribed() == {"price_drops": 1, "personalized": 1}
    app.unmount()
    assert app.connected() == 1


@pytest.mark.parametrize("any_app", REACTS, indirect=True)
def test_the_home_page_of_the_examples_shows_prices_as_they_fall(app: App, shop: Shop):
    app.render("home", userId=WHO)
    expect(app.page.locator(".trending [data-id=mead]")).to_be_visible()
    topics = {"personalized": 1, "trending": 1, "new_arrivals": 1, "price_drops": 1}
    until(lambda: app.subscribed() == topics)
    shop.change("brie", price=shop.call("GET", "/api/products/brie")["price"] - 0.5)
    expect(app.page.locator(".price-drops article")).to_have_attribute("data-id", "brie")
    assert app.connected() == 1
    app.unmount()


def test_what_a_shopper_does_brings_recommendations_wherever_it_is_tracked_from(app: App, shop: Shop):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": "ann", "views": "acacia"}})
    expect(part.recommendations.first).to_have_text("heather")
    expect(part.state).to_have_text("connected")
    part.press("Add")
    expect(part.recommendations.nth(1)).to_have_text(re.compile("wheat|soap"))
    part.press("Search")
    expect(part.recommendations.nth(1)).to_have_text("acacia")
    assert app.connected() == 1


def test_before_an_answer_the_shoppers_own_list_is_shown_when_others_change_it(app: App, shop: Shop):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": app.shopper}})
    until(lambda: app.subscribed() == {"price_drops": 1, "personalized": 1})
    expect(part.recommendations).to_have_count(0)
    shop.change("mead", stock=0)
    expect(part.recommendations).to_have_count(9)
    shop.change("mead", stock=None)


def test_an_answer_stays_when_others_change_the_shoppers_own_list(app: App, shop: Shop):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": app.shopper}})
    part.press("Search")
    expect(part.recommendations.first).to_have_text(re.compile("heather|acacia"))
    until(lambda: app.subscribed() == {"price_drops": 1, "personalized": 1})
    shop.change("mead", stock=0)

    def came() -> bool:
        app.page.evaluate("'What is said comes in while this is asked.'")
        return any('"topic":"personalized"' in text for text in app.said)

    until(came)
    expect(part.recommendations.first).to_have_text(re.compile("heather|acacia"))
    shop.change("mead", stock=None)


def test_another_shopper_is_connected_once_and_sees_nothing_of_the_first(app: App, shop: Shop):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": "fay", "views": "rye"}})
    expect(part.recommendations.first).to_be_visible()
    until(lambda: app.subscribed() == {"price_drops": 1, "personalized": 1})
    shop.change("brie", price=shop.call("GET", "/api/products/brie")["price"] - 0.5)
    expect(part.alerts).to_have_count(1)

    app.render("parts", parts={"shelf": {"userId": "gus"}})
    expect(part.recommendations).to_have_count(0)
    expect(part.alerts).to_have_count(0)
    expect(part.state).to_have_text("connected")
    until(lambda: app.subscribed() == {"price_drops": 1, "personalized": 1})
    assert app.connected() == 2
    shown = [render[1:] for render in app.page.evaluate("renders") if render[0] == "gus"]
    assert shown
    assert all(render == [0, 0] for render in shown)


def test_other_topics_are_subscribed_to_on_the_same_connection(app: App):
    parts = {"shelf": {"userId": "hal", "topics": ["price_drops", "trending"]}}
    app.render("parts", parts=parts)
    until(lambda: app.subscribed() == {"price_drops": 1, "trending": 1})
    parts["shelf"]["topics"] = ["stock_alerts", "price_drops"]
    app.render("parts", parts=parts)
    until(lambda: app.subscribed() == {"price_drops": 1, "stock_alerts": 1})
    parts["shelf"]["topics"] = []
    app.render("parts", parts=parts)
    until(lambda: app.subscribed() == {})
    expect(app.part().state).to_have_text("connected")
    assert app.connected() == 1


def test_parts_of_one_shopper_share_a_connection_and_each_hears_of_its_own_topics(app: App, shop: Shop):
    prices, stocks = app.part("prices"), app.part("stocks")
    parts = {
        "prices": {"userId": "ida", "topics": ["price_drops"]},
        "stocks": {"userId": "ida", "topics": ["stock_alerts"]},
    }
    app.render("parts", parts=parts)
    until(lambda: app.subscribed() == {"price_drops": 1, "stock_alerts": 1})
    shop.change("gouda", stock=0)
    shop.change("gouda", stock=5)
    shop.change("brie", price=shop.call("GET", "/api/products/brie")["price"] - 0.5)
    expect(prices.alerts).to_have_text(["PRICE_DROP_ALERT brie"])
    expect(stocks.alerts).to_have_text(["STOCK_ALERT gouda"])

    del parts["stocks"]
    app.render("parts", parts=parts)
    until(lambda: app.subscribed() == {"price_drops": 1})
    expect(prices.state).to_have_text("connected")
    assert app.connected() == 1
    app.unmount()


def test_it_connects_when_it_is_told_to_and_leaves_when_it_is_told_to(app: App, views: Any):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": "jon", "autoConnect": False, "views": "rye"}})
    until(lambda: views() == 2)
    expect(part.state).to_have_text("apart")
    assert app.connected() == 0
    part.press("Connect")
    expect(part.state).to_have_text("connected")
    part.press("Disconnect")
    expect(part.state).to_have_text("apart")
    until(lambda: app.subscribed() == {})
    part.press("Connect")
    expect(part.state).to_have_text("connected")
    assert app.connected() == 2


def test_nobody_is_connected_until_it_is_known_who_it_is(app: App):
    part = app.part()
    app.render("parts", parts={"shelf": {"userId": None}})
    expect(part.state).to_have_text("apart")
    app.render("parts", parts={"shelf": {"userId": "kim"}})
    expect(part.state).to_have_text("connected")
    assert app.connected() == 1


def test_what_is_done_while_the_line_is_cut_outlives_the_page(any_app: App, shop: Shop):
    part, page = any_app.part(), any_app.page
    with Line(shop.address) as line:
        # The shop's time stands still: nothing is tried again before the page is gone.
        page.clock.install()
        any_app.open(line.address)
        any_app.render("parts", parts={"shelf": {"userId": "lea"}})
        expect(part.state).to_have_text("connected")
        page.clock.pause_at(page.evaluate("Date.now() / 1000") + 10)
        line.cut()
        expect(part.state).to_have_text("apart")
        with page.expect_event("requestfailed"):
            part.press("Add")
        line.mend()
        any_app.open(line.address)
        assert shop.client.get("/api/users/lea").status_code == 404

        page.clock.resume()
        any_app.render("parts", parts={"shelf": {"userId": "lea"}})
        until(lambda: shop.client.get("/api/users/lea").status_code == 200)
    (action,) = shop.call("GET", "/api/users/lea")["actions"]
    assert action["action"] == "ADD_TO_CART"
    assert any_app.errors


def test_it_comes_back_at_once_when_the_browser_is_online_again(any_app: App, shop: Shop):
    part, page = any_app.part(), any_app.page
    with Line(shop.address) as line:
        any_app.open(line.address)
        any_app.render("parts", parts={"shelf": {"userId": "mia"}})
        expect(part.state).to_have_text("connected")
        page.clock.install()
        line.cut()
        expect(part.state).to_have_text("apart")
        line.mend()
        # The clock of the page stands still: without the event it would wait for ever.
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(part.state).to_have_text("connected")
