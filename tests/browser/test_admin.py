"""The dashboard at /admin, as an operator sees it.

Its time passes when a test says so, the server's by itself.
"""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import address
from tests.browser.line import Line
from tests.browser.shop import ADMIN_KEY, GOODS, STATISTICS, Shop

pytestmark = pytest.mark.browser

REFRESHED = 5_000
"""Milliseconds from one look at the statistics to the next."""

NOTED = 30_000
"""Milliseconds in which the server, which notes every ten seconds, has surely done so."""


@pytest.fixture
def desk(shop: Shop, browser_page: Page) -> Page:
    """Return the dashboard of a market in which everything was looked at once, and some things twice."""
    for product in (*GOODS, "rye", "mead"):
        view(shop, product)
    return opened(browser_page, shop.address)


def opened(page: Page, where: str) -> Page:
    """Open the dashboard, and return it once it shows something."""
    page.clock.install()
    page.goto(f"{where}/admin")
    expect(page.locator("#status")).to_have_text("Healthy")
    return page


def refresh(page: Page) -> None:
    """Have the page look at the statistics again."""
    page.clock.fast_forward(REFRESHED)


def act(shop: Shop, action: str, product: str | None = None, user_id: str = "ann", **more: object) -> Any:
    """Have somebody do something."""
    about = {"entityId": product, "entityType": "PRODUCT"} if product else {}
    return shop.call("POST", "/api/recommendations", {"userId": user_id, "action": action, **about, **more})


def view(shop: Shop, product: str, user_id: str = "ann") -> Any:
    """Have somebody look at a product."""
    return act(shop, "VIEW_PRODUCT", product, user_id)


def card(page: Page, title: str) -> Locator:
    """Return the number of a card."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title)).locator("b")


def fact(page: Page, name: str) -> Locator:
    """Return the number beside a name."""
    return page.locator("dl div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def said_rate(rate: float) -> str:
    """Return a rate as a chart says it."""
    return f"{rate:.3g}" if rate >= 1 else f"{rate:.2g}"


def give_key(page: Page, button: str, key: str) -> None:
    """Press a button, and confirm with a key."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_label("Admin key").fill(key)
    page.keyboard.press("Enter")


def test_what_it_shows_is_what_the_server_counts(shop: Shop, desk: Page):
    act(shop, "VIEW_RECOMMENDATIONS", metadata={"productIds": ["rye", "brie"]})
    act(shop, "CLICK_RECOMMENDATION", "brie")
    for _ in range(3):
        shop.call("GET", "/api/recommendations?userId=ben")
    refresh(desk)
    expect(card(desk, "Total events")).to_have_text(str(len(GOODS) + 4))
    counted = shop.call("GET", STATISTICS)

    events, market, health = counted["events"], counted["market"], counted["health"]
    expect(card(desk, "Active connections")).to_have_text("0")
    expect(card(desk, "Recommendations")).to_have_text(str(counted["recommendations"]["totalTriggered"]))
    expect(card(desk, "Processing time")).to_have_text(events["averageProcessingTime"].replace("ms", " ms"))
    expect(card(desk, "From the cache")).to_have_text("66.7 %")
    assert health["websocketServer"] == "ONLINE"
    shown = {"Event backlog": "0", "Processing": "Yes", "WebSocket": "Online", "E-mails sent": "0"}
    shown |= {name.capitalize(): str(count) for name, count in market.items()}
    shown |= {"Repeated, not reacted to": str(events["debounced"])}
    for name, words in shown.items():
        expect(fact(desk, name)).to_have_text(words)
    expect(desk.locator("#events li")).to_have_text(
        [f"{kind}{count}" for kind, count in sorted(events["byType"].items(), key=lambda one: -one[1])]
    )
    expect(desk.locator("#funnel li")).to_have_text(
        ["Shown2", "Clicked150.0 % of those shown", "Bought00.0 % of those clicked"]
    )
    for step, share in enumerate(("100%", "50%", "0%")):
        expect(desk.locator("#funnel rect").nth(step)).to_have_attribute("width", share)
    expect(desk.locator("#subscriptions")).to_have_text("Nobody listens now.")


def test_it_looks_again_by_itself(shop: Shop, desk: Page):
    view(shop, "brie", "ben")
    expect(card(desk, "Total events")).to_have_text(str(len(GOODS) + 2))
    refresh(desk)
    expect(card(desk, "Total events")).to_have_text(str(len(GOODS) + 3))
    expect(desk.locator("#events li").first).to_have_text(f"VIEW_PRODUCT{len(GOODS) + 3}")


def test_streams_that_are_open_are_a_pie(shop: Shop, desk: Page, browser: Browser):
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(f"{shop.address}/?user=ben")
        expect(other.locator("#link")).to_have_text("Live")
        refresh(desk)
        topics = shop.call("GET", STATISTICS)["websockets"]["subscriptionBreakdown"]
        keys = desk.locator("#subscriptions li")
        total = sum(topics.values())
        expect(keys).to_have_text(
            [f"{topic}{count}{100 * count / total:.1f} %" for topic, count in topics.items()]
        )
        expect(desk.locator("#subscriptions circle")).to_have_count(len(topics))
        expect(card(desk, "Active connections")).to_have_text("1")


def test_the_last_hour_is_drawn_and_can_be_read_without_seeing_it(shop: Shop, desk: Page):
    desk.clock.resume()
    chart = desk.get_by_role("slider", name="Throughput per second over the last hour")
    expect(desk.locator("#throughput .line")).to_have_count(3, timeout=NOTED)
    noted = shop.call("GET", STATISTICS)["history"][0]
    rates = [said_rate(noted[name] / noted["seconds"]) for name in ("answers", "actions", "messages")]
    said = "answers {}, actions {}, messages {}".format(*rates)
    chart.press("Home")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(f"^..:..:..: {said}$"))
    expect(desk.locator("#throughput .dot")).to_have_count(3)
    expect(desk.locator("#throughput .keys b")).to_have_text([*rates, re.compile("..:..:..")])
    chart.press("Escape")
    expect(desk.locator("#throughput .dot")).to_have_count(0)

    desk.locator("#throughput").get_by_text("In numbers").press("Enter")
    row = desk.locator("#throughput tbody tr").last
    expect(row.locator("td")).to_have_text([re.compile("..:..:.."), *rates])
    refresh(desk)
    expect(row).to_be_visible()


def test_a_wrong_key_is_told_changes_nothing_and_is_not_kept(shop: Shop, browser: Browser):
    with browser.new_context() as context:
        # The browser itself writes to its console that a call was refused.
        page = opened(context.new_page(), shop.address)
        view(shop, "rye")
        give_key(page, "Reset statistics", "not-the-key-clé")
        expect(page.locator("#wrong")).to_have_text("The admin key is not the one of this server.")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert shop.call("GET", STATISTICS)["events"]["total"] == 1

        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Reset statistics")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Admin key")).to_be_focused()
        expect(page.get_by_label("Admin key")).to_have_value("")
        expect(page.locator("#wrong")).to_be_hidden()


def test_a_key_that_was_right_before_is_forgotten_when_it_is_not_any_more(shop: Shop, browser: Browser):
    with browser.new_context() as context:
        page = opened(context.new_page(), shop.address)
        page.evaluate("sessionStorage.setItem('punnet.admin-key', 'of-another-server')")
        page.reload()
        expect(page.locator("#tail")).to_have_text("The admin key is not the one of this server.")
        page.get_by_role("button", name="Follow").click()
        expect(page.get_by_label("Admin key")).to_be_focused()
        expect(page.get_by_label("Admin key")).to_have_value("")


def test_a_server_that_has_no_key_says_so(browser: Browser):
    command = [sys.executable, "-m", "punnet", "serve", "--port", "0", "--database", "memory:"]
    environment = {name: text for name, text in os.environ.items() if name != "ADMIN_SECRET_KEY"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        with browser.new_context() as context:
            page = opened(context.new_page(), address(server))
            give_key(page, "Follow", "any")
            expect(page.locator("#wrong")).to_have_text(
                "This server has no admin key: set ADMIN_SECRET_KEY and start it again."
            )
        server.terminate()


def test_where_everybody_is_asked_who_they_are_the_dashboard_asks_for_the_key_first(browser: Browser):
    command = [sys.executable, "-m", "punnet", "serve", "--port", "0", "--database", "memory:"]
    environment = os.environ | {"AUTH_MODE": "token", "JWT_SECRET": "s" * 40, "ADMIN_SECRET_KEY": ADMIN_KEY}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{address(server)}/admin")
            page.get_by_label("Admin key").fill("not-the-key")
            page.keyboard.press("Enter")
            expect(page.locator("#wrong")).to_contain_text("needs a key")
            page.get_by_label("Admin key").fill(ADMIN_KEY)
            page.keyboard.press("Enter")
            expect(page.locator("#status")).to_have_text("Healthy")
            page.reload()
            expect(page.locator("#status")).to_have_text("Healthy")
        server.terminate()


def test_the_right_key_resets_the_statistics_and_is_kept_for_the_queue(shop: Shop, desk: Page):
    give_key(desk, "Reset statistics", ADMIN_KEY)
    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk.locator("#said")).to_have_text("The statistics begin anew.")
    expect(card(desk, "Total events")).to_have_text("0")
    expect(desk.locator("#events")).to_have_text("Nothing was done yet.")

    desk.get_by_role("button", name="Clear event queue").click()
    expect(desk.get_by_label("Admin key")).to_have_value(ADMIN_KEY)
    desk.keyboard.press("Enter")
    expect(desk.locator("#said")).to_have_text("0 waiting reactions were dropped.")
    assert shop.call("GET", STATISTICS)["events"]["total"] == 0


def test_actions_are_seen_as_they_happen(shop: Shop, desk: Page):
    assert "personal" in desk.locator("#tail").inner_text()
    give_key(desk, "Follow", ADMIN_KEY)
    rows = desk.locator("#tail li")
    expect(rows).to_have_count(len(GOODS) + 2)

    act(shop, "SEARCH", user_id="ben", metadata={"searchQuery": "goats"})
    desk.clock.fast_forward(1_000)
    expect(rows).to_have_count(len(GOODS) + 3)
    expect(rows.first).to_have_text(re.compile(r"\d\d:\d\d:\d\dSEARCHbengoats$"))

    view(shop, "brie", "ben")
    view(shop, "brie", "ben")
    desk.clock.fast_forward(1_000)
    expect(rows.first).to_have_text(re.compile("VIEW_PRODUCTbenbrierepeated$"))
    expect(rows.nth(1)).to_have_text(re.compile("VIEW_PRODUCTbenbrie$"))

    desk.get_by_label("Show only actions with").fill("BEN")
    expect(rows.filter(visible=True)).to_have_count(3)
    act(shop, "RATE_PRODUCT", "rye", "ben", metadata={"rating": 4})
    act(shop, "RATE_PRODUCT", "rye", "cleo", metadata={"rating": 5})
    desk.clock.fast_forward(1_000)
    expect(rows.filter(visible=True)).to_have_count(4)
    expect(rows.filter(visible=True).first).to_contain_text("rye · 4 ★")


def test_who_follows_can_pause_and_is_followed_to_the_next_look_at_the_page(shop: Shop, desk: Page):
    give_key(desk, "Follow", ADMIN_KEY)
    rows = desk.locator("#tail li")
    expect(rows).to_have_count(len(GOODS) + 2)
    desk.get_by_role("button", name="Pause").click()
    view(shop, "brie", "ben")
    desk.clock.fast_forward(1_000)
    expect(desk.get_by_role("button", name="Follow")).to_be_visible()
    expect(rows).to_have_count(len(GOODS) + 2)
    desk.get_by_role("button", name="Follow").click()
    expect(rows).to_have_count(len(GOODS) + 3)

    shop.call("DELETE", "/api/users/ann")
    desk.reload()
    expect(rows).to_have_count(1)
    expect(desk.get_by_role("button", name="Pause")).to_be_visible()


def test_while_the_server_is_away_the_last_stays_and_it_comes_back(shop: Shop, browser: Browser):
    view(shop, "rye")
    with Line(shop.address) as line, browser.new_context() as context:
        page = opened(context.new_page(), line.address)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        give_key(page, "Follow", ADMIN_KEY)
        expect(page.locator("#tail li")).to_have_count(1)
        line.cut()
        refresh(page)
        expect(page.locator("#status")).to_have_text("No answer")
        expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
        expect(card(page, "Total events")).to_have_text("1")
        give_key(page, "Reset statistics", ADMIN_KEY)
        expect(page.locator("#wrong")).to_have_text("The server does not answer.")
        page.keyboard.press("Escape")

        view(shop, "mead")
        line.mend()
        refresh(page)
        expect(page.locator("#status")).to_have_text("Healthy")
        expect(page.locator("#notice")).to_be_hidden()
        expect(card(page, "Total events")).to_have_text("2")
        expect(page.locator("#tail li")).to_have_count(2)
        assert not errors
