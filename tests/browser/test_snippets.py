"""The snippets of the original description, in a browser: as they are written, but for the address.

snippets/README.md says what they are, and what is put around them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests import npm
from tests.browser.shop import ADMIN_KEY, GOODS, PATIENCE, STATISTICS, WHO, Shop, until
from tests.browser.tab import Tab
from tests.browser.workshop import SNIPPETS, Workshop

pytestmark = pytest.mark.browser


def named(recommendations: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the products that are recommended."""
    return [each["product"]["id"] for each in recommendations]


@pytest.fixture(scope="module")
def packages() -> Path:
    """Return the folder of npm's packages."""
    try:
        return npm.packages(SNIPPETS)
    except npm.NoPackages as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def any_tab(packages: Path, browser: Browser, shop: Shop) -> Iterator[Tab]:
    """Return a tab for snippets that speak to the shop."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE * 1_000)
        yield Tab(context.new_page(), shop.address, Workshop(packages, shop.address, ADMIN_KEY))


@pytest.fixture
def tab(any_tab: Tab) -> Iterator[Tab]:
    """Return a tab in which nothing may go wrong but what the test takes out of its errors."""
    yield any_tab
    assert not any_tab.errors


# ------------------------------------------------------------------------------------------ Client Connection


@pytest.fixture
def connected(tab: Tab) -> Tab:
    """Return a tab whose connection is open and subscribed; its time is the test's to move on."""
    tab.page.clock.install()
    tab.run(
        "connection.ts", "overhear(ws); expose({ ws, trackAction, requestRecommendations, unsubscribe });"
    )
    assert tab.called("console.log") == ["Connected to recommendation stream"]
    said, welcome = tab.called("console.log")
    assert (said, welcome["userId"]) == ("Connection acknowledged:", WHO)
    (subscribed,) = tab.called("SUBSCRIBED")
    assert set(subscribed["topics"]) == {"price_drops", "stock_alerts", "trending", "personalized"}
    return tab


def test_what_a_shopper_does_and_asks_brings_recommendations(connected: Tab):
    connected.page.evaluate("trackAction('VIEW_PRODUCT', 'rye')")
    (recommendations,) = connected.called("displayRecommendations")
    assert named(recommendations)[0] == "wheat"
    assert "rye" not in named(recommendations)

    connected.page.evaluate("trackAction('ADD_TO_CART', 'rye')")
    (suggestions,) = connected.called("displayCartSuggestions")
    assert set(named(suggestions)[:2]) == {"wheat", "soap"}

    connected.page.evaluate("requestRecommendations('acacia')")
    (recommendations,) = connected.called("displayRecommendations")
    assert "heather" in named(recommendations)
    assert "acacia" not in named(recommendations)


def test_prices_that_fall_are_told_until_they_are_unsubscribed_from_and_goods_that_are_back(
    connected: Tab, shop: Shop
):
    shop.change("brie", price=6.5)
    (drop,) = connected.called("showPriceDropNotification")
    assert (drop["productId"], drop["oldPrice"], drop["newPrice"]) == ("brie", 7.0, 6.5)

    shop.change("gouda", stock=0)
    shop.change("gouda", stock=5)
    (back,) = connected.called("showStockAlert")
    assert (back["productId"], back["stock"]) == ("gouda", 5)

    connected.page.evaluate("unsubscribe(['price_drops'])")
    (left,) = connected.called("UNSUBSCRIBED")
    assert set(left["topics"]) == {"stock_alerts", "trending", "personalized"}
    shop.change("gouda", stock=0)
    shop.change("brie", price=6.0)
    shop.change("gouda", stock=4)
    (back,) = connected.called("showStockAlert")
    assert back["stock"] == 4
    assert connected.calls_left("showPriceDropNotification") == 0


def test_what_begins_to_trend_is_told_and_what_a_favourite_farm_has_new(connected: Tab, shop: Shop):
    for number in range(5):
        shop.sell(f"cheese-{number}", f"guest-{number}", "brie")
    trending: list[str] = []
    while "brie" not in trending:
        (products,) = connected.called("updateTrendingSection")
        trending = [product["id"] for product in products]
    assert set(trending) <= {"rye", "wheat", "soap", "mead", "brie"}

    # The snippet has a case for arrivals, but does not subscribe to them.
    connected.page.evaluate(
        "ws.send(JSON.stringify({ type: 'SUBSCRIBE', payload: { topics: ['new_arrivals'] } }))"
    )
    (subscribed,) = connected.called("SUBSCRIBED")
    assert "new_arrivals" in subscribed["topics"]
    shop.add("cheddar", "moor", "Cheese", 8.0)
    shop.add("jam", "hill", "Jam", 12.0)
    (products,) = connected.called("showNewArrivalNotification")
    assert [product["id"] for product in products] == ["jam"]


def test_it_hears_why_a_message_is_refused_and_connects_again_after_five_seconds(connected: Tab):
    connected.page.evaluate("ws.send(JSON.stringify({ type: 'HEARTBEAT' }))")
    assert connected.called("console.log") == ["Heartbeat received"]

    connected.page.evaluate("trackAction('JUGGLE', 'rye')")
    said, why = connected.called("console.error")
    assert said == "WebSocket error:"
    assert "JUGGLE" in why
    connected.page.evaluate("trackAction('VIEW_PRODUCT', 'rye')")
    connected.called("displayRecommendations")
    assert connected.errors == [f"{said} {why}"]
    connected.errors.clear()

    connected.page.evaluate("ws.send('x'.repeat(20_000))")
    said, code, reason = connected.called("console.log")
    assert (said, code) == ("Connection closed:", 1009)
    assert reason
    assert connected.calls_left("reconnect") == 0
    connected.page.clock.fast_forward(5_000)
    connected.called("reconnect")


# ----------------------------------------------------------------------------------------- React Hook Example

ALERTS = """
const TOPICS = ['price_drops', 'stock_alerts'];

function Alerts() {
  const { alerts, isConnected, disconnect } = useRecommendations({ userId: 'user123', topics: TOPICS });
  return (
    <>
      <output>{isConnected ? 'connected' : 'apart'}</output>
      <ul>{alerts.map((alert, at) => <li key={at}>{alert.type} {alert.productId}</li>)}</ul>
      <button onClick={disconnect}>Disconnect</button>
    </>
  );
}

show(<Alerts />);
"""


def test_the_hook_gathers_alerts_and_connects_again_after_five_seconds(tab: Tab, shop: Shop):
    state, alerts = tab.page.locator("output"), tab.page.locator("li")
    tab.page.clock.install()
    tab.run("hook.tsx", ALERTS)
    expect(state).to_have_text("connected")
    until(lambda: shop.listeners() == 1)
    shop.change("gouda", stock=0)
    shop.change("brie", price=6.5)
    shop.change("gouda", stock=5)
    expect(alerts).to_have_text(["PRICE_DROP_ALERT brie", "STOCK_ALERT gouda"])

    tab.page.get_by_role("button", name="Disconnect").click()
    expect(state).to_have_text("apart")
    tab.page.clock.fast_forward(5_000)
    expect(state).to_have_text("connected")
    until(lambda: shop.listeners() == 1)
    shop.change("brie", price=6.0)
    expect(alerts).to_have_count(3)


def test_the_page_of_the_hook_shows_what_its_view_brings(tab: Tab, shop: Shop):
    tab.run("hook.tsx", "show(<ProductPage productId='rye' />);", compiler=True)
    expect(tab.page.locator("article").first).to_contain_text("Wheat of Hill Farm")
    assert "rye" not in tab.products("main")

    tab.run("hook.tsx", "show(<StrictMode><ProductPage productId='wheat' /></StrictMode>);", compiler=True)
    expect(tab.page.locator("article").first).to_contain_text("Rye of Hill Farm")
    assert "wheat" not in tab.products("main")
    statistics = shop.call("GET", STATISTICS)
    assert statistics["events"]["byType"]["VIEW_PRODUCT"] == 2
    assert statistics["websockets"]["totalConnections"] == 2


def test_the_server_bears_that_page_where_nothing_memoises_and_each_render_connects(any_tab: Tab, shop: Shop):
    opened: list[str] = []
    page = any_tab.page
    page.on("websocket", lambda socket: opened.append(socket.url))

    def is_out_of_hand() -> bool:
        """Return whether it connected a hundred times, or again until React gave up what spoke too early.

        The browser may tell of that error before it tells of the connection that was not open yet.
        """
        page.evaluate("'Events come in while this is asked.'")
        gave_up = any("CONNECTING" in error for error in any_tab.errors)
        return len(opened) >= 100 or (gave_up and len(opened) > 1)

    any_tab.run("hook.tsx", "show(<ProductPage productId='rye' />);")
    until(is_out_of_hand)
    assert shop.client.get("/health/ready").status_code == 200
    assert shop.call("GET", f"/api/recommendations?userId={WHO}")["recommendations"]
    page.close()
    until(lambda: shop.call("GET", STATISTICS)["websockets"]["activeConnections"] == 0)


# --------------------------------------------------------------------------------------------- Usage Examples


def test_example_1_a_product_with_what_one_might_also_like(tab: Tab):
    tab.run("product.tsx", "show(<ProductPage product={{ id: 'rye', name: 'Rye' }} />);", compiler=True)
    expect(tab.page.get_by_role("heading", name="Rye")).to_be_visible()
    first = tab.page.locator(".recommendations article").first
    expect(first).to_contain_text("Wheat of Hill Farm")
    expect(first).to_have_attribute("data-score", re.compile(r"^0\.\d+$"))
    expect(first).to_have_attribute("data-reason", "SIMILAR_USERS")

    tab.run("load.ts", "expose({ loadRecommendations });")
    recommendations = tab.page.evaluate("loadRecommendations('rye')")
    assert named(recommendations)[0] == "wheat"
    assert len(recommendations) == 8


def test_example_2_a_cart_with_what_completes_it(tab: Tab):
    items = json.dumps([{"id": "line-1", "productId": "rye"}])
    tab.run("cart.tsx", f"show(<ShoppingCart cartItems={{{items}}} userId='{WHO}' />);")
    expect(tab.page.get_by_role("heading", name="Complete Your Order")).to_be_visible()
    expect(tab.page.locator(".suggestions-grid article")).to_have_count(4)
    suggested = tab.products(".suggestions-grid")
    assert set(suggested[:2]) == {"wheat", "soap"}
    tab.page.get_by_role("button", name="Add").first.click()
    (added,) = tab.called("addToCart")
    assert added["id"] == suggested[0]

    tab.run("together.ts", "expose({ getFrequentlyBoughtTogether });")
    assert set(named(tab.page.evaluate("getFrequentlyBoughtTogether('rye')"))) == {"wheat", "soap"}


MERGING = """
import { useCallback, useState as useWhole } from 'react';

function useState(initial) {
  const [state, setWhole] = useWhole(initial);
  const merge = useCallback((next) => {
    setWhole((last) => ({ ...last, ...(typeof next === 'function' ? next(last) : next) }));
  }, []);
  return [state, merge];
}
"""
"""A setter that keeps what a new state leaves out. With React's own, the home page loses its `priceDrops`."""


def test_example_3_a_home_page_with_all_its_sections_and_prices_as_they_fall(tab: Tab, shop: Shop):
    shop.add("jam", "hill", "Jam", 12.0, organic=True)
    tab.run("home.tsx", f"{MERGING} show(<HomePage userId='{WHO}' />);", compiler=True)
    for section, product in {"for-you": "spelt", "trending": "mead", "new-arrivals": "jam"}.items():
        expect(tab.page.locator(f".{section} [data-id={product}]")).to_be_visible()
    expect(tab.page.locator(".price-drops")).to_have_count(0)

    until(lambda: shop.listeners() == 1)
    shop.change("brie", price=6.5)
    expect(tab.page.locator(".price-drops article")).to_have_attribute("data-id", "brie")


def test_example_4_a_search_with_what_might_be_of_interest(tab: Tab, shop: Shop):
    results = json.dumps([{"id": "rye", "name": "Rye", "price": 5}])
    tab.run("search.tsx", f"show(<SearchResults query='bread' results={{{results}}} />);")
    expect(tab.page.get_by_role("heading", name="You Might Be Interested In")).to_be_visible()
    assert {"wheat", "spelt", "oat"} <= set(tab.products(".recommendations-grid"))
    assert shop.call("GET", STATISTICS)["events"]["byType"]["SEARCH"] == 1


def test_example_5_a_monitor_that_can_reset_what_it_shows(tab: Tab, shop: Shop):
    for product in GOODS:
        view = {"userId": "ann", "action": "VIEW_PRODUCT", "entityId": product}
        shop.call("POST", "/api/recommendations", view)
    tab.page.clock.install()
    tab.run("monitor.tsx", "show(<RecommendationsMonitor />);")
    events = tab.page.locator(".metric", has_text="Total Events").locator("b")
    expect(events).to_have_text(str(len(GOODS)))
    for part, shown in {
        "health-status": "HEALTHY",
        "metrics-grid": "100.00% success rate",
        "event-breakdown": f"VIEW_PRODUCT: {len(GOODS)}",
        "subscription-breakdown": "price_drops: 0",
    }.items():
        expect(tab.page.locator(f".{part}")).to_contain_text(shown)

    with tab.page.expect_response(lambda response: response.request.method == "POST") as reset:
        tab.page.get_by_role("button", name="Reset Statistics").click()
    assert reset.value.status == 200
    tab.page.clock.fast_forward(5_000)
    expect(events).to_have_text("0")
    tab.page.get_by_role("button", name="Clear Event Queue").click()
    tab.called("clearQueue")
