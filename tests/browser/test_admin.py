"""The dashboard at /admin, as an operator sees it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.line import Line
from tests.browser.shop import ADMIN_KEY, GOODS, STATISTICS, Shop

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(shop: Shop, browser_page: Page) -> Page:
    """Return the dashboard of a market in which everything was looked at once, and some things twice."""
    for product in (*GOODS, "rye", "mead"):
        view(shop, product)
    browser_page.goto(f"{shop.address}/admin")
    expect(browser_page.locator("#status")).to_have_text("Healthy")
    return browser_page


def view(shop: Shop, product: str, user_id: str = "ann") -> Any:
    """Have somebody look at a product."""
    body = {"userId": user_id, "action": "VIEW_PRODUCT", "entityId": product, "entityType": "PRODUCT"}
    return shop.call("POST", "/api/recommendations", body)


def number(place: Locator) -> int:
    """Return the number that stands in a place."""
    return int(place.inner_text().replace(",", ""))


def give_key(page: Page, button: str, key: str) -> None:
    """Press a button, and confirm with a key."""
    page.get_by_role("button", name=button).first.click()
    page.get_by_label("Admin key").fill(key)
    page.keyboard.press("Enter")


def test_what_it_shows_is_what_the_server_counts(shop: Shop, desk: Page):
    shop.call("POST", "/api/recommendations", {
        "userId": "ann", "action": "VIEW_RECOMMENDATIONS", "metadata": {"productIds": ["rye", "brie"]},
    })  # fmt: skip
    shop.call("POST", "/api/recommendations", {
        "userId": "ann", "action": "CLICK_RECOMMENDATION", "entityId": "brie",
    })  # fmt: skip
    desk.reload()
    counted = shop.call("GET", STATISTICS)

    card = desk.locator(".card")
    expect(card.filter(has_text="Total events").locator("b")).to_have_text(str(counted["events"]["total"]))
    expect(card.filter(has_text="Recommendations").locator("p")).to_have_text("100.00% success rate")
    for kind, count in counted["events"]["byType"].items():
        row = desk.locator("#events li").filter(has=desk.get_by_text(kind, exact=True))
        expect(row.locator("b")).to_have_text(str(count))
    expect(desk.locator("#funnel li")).to_have_text(
        ["Shown2", "Clicked1 50.0 % of those", "Bought0 0.0 % of those"]
    )
    for name, count in counted["market"].items():
        row = desk.locator("#market div").filter(has_text=re.compile(name, re.IGNORECASE))
        assert number(row.locator("dd")) == count
    expect(desk.locator("#subscriptions")).to_have_text("Nobody listens now.")


def test_it_follows_what_happens_by_itself(shop: Shop, desk: Page):
    total = desk.locator(".card").filter(has_text="Total events").locator("b")
    before = number(total)
    view(shop, "brie", "ben")
    expect(total).to_have_text(str(before + 1), timeout=15_000)


def test_streams_that_are_open_are_a_pie(shop: Shop, desk: Page, browser: Browser):
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(f"{shop.address}/?user=ben")
        expect(other.locator("#link")).to_have_text("Live")
        desk.reload()
        keys = desk.locator("#subscriptions .keys li")
        expect(keys).to_have_count(5)
        expect(keys.filter(has_text="price_drops").locator("b")).to_have_text("1")
        expect(desk.locator("#subscriptions .ring circle")).to_have_count(5)


def test_the_last_hour_is_drawn_and_told_in_numbers(shop: Shop, desk: Page):
    # The server notes every ten seconds.
    expect(desk.locator("#throughput .line")).to_have_count(3, timeout=25_000)
    desk.locator("#throughput summary").click()
    rows = desk.locator("#throughput tbody tr")
    expect(rows.first).to_be_visible()
    noted = shop.call("GET", STATISTICS)["history"][-1]
    rate = f"{noted['actions'] / noted['seconds']:.1f} / s"
    expect(desk.locator("#throughput tbody")).to_contain_text(rate)


def test_a_wrong_key_is_told_and_changes_nothing(shop: Shop, browser: Browser):
    with browser.new_context() as context:
        # The browser itself writes to its console that a call was refused.
        page = context.new_page()
        view(shop, "rye")
        page.goto(f"{shop.address}/admin")
        give_key(page, "Reset statistics", "not-the-key")
        expect(page.locator("#wrong")).to_have_text("The admin key is not the one of this server.")
        expect(page.locator("#ask")).to_be_visible()
        assert shop.call("GET", STATISTICS)["events"]["total"] == 1

        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Reset statistics").click()
        expect(page.get_by_label("Admin key")).to_have_value("")


def test_the_right_key_resets_the_statistics_and_is_remembered_for_the_queue(shop: Shop, desk: Page):
    total = desk.locator(".card").filter(has_text="Total events").locator("b")
    assert number(total) > 0
    give_key(desk, "Reset statistics", ADMIN_KEY)
    expect(desk.locator("#ask")).to_be_hidden()
    expect(total).to_have_text("0")
    expect(desk.locator("#events")).to_have_text("Nothing was done yet.")

    desk.get_by_role("button", name="Clear event queue").click()
    expect(desk.get_by_label("Admin key")).to_have_value(ADMIN_KEY)
    desk.keyboard.press("Enter")
    expect(desk.locator("#said")).to_have_text(re.compile(r"^\d+ waiting reactions were dropped\.$"))


def test_actions_are_seen_as_they_happen(shop: Shop, desk: Page):
    give_key(desk, "Follow", ADMIN_KEY)
    rows = desk.locator("#tail tbody tr")
    expect(rows).to_have_count(len(GOODS) + 2)

    shop.call("POST", "/api/recommendations", {
        "userId": "ben", "action": "SEARCH", "metadata": {"searchQuery": "goats"},
    })  # fmt: skip
    expect(rows).to_have_count(len(GOODS) + 3)
    expect(rows.first).to_contain_text("SEARCH")
    expect(rows.first).to_contain_text("goats")

    view(shop, "brie", "ben")
    view(shop, "brie", "ben")
    expect(rows).to_have_count(len(GOODS) + 5)
    expect(rows.first).to_have_class("debounced")
    expect(rows.first).to_contain_text("repeated")

    desk.get_by_role("button", name="Stop").click()
    expect(desk.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")


def test_while_the_server_is_away_the_last_stays_and_it_comes_back(shop: Shop, browser: Browser):
    with Line(shop.address) as line, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{line.address}/admin")
        expect(page.locator("#status")).to_have_text("Healthy")
        line.cut()
        expect(page.locator("#status")).to_have_text("No answer", timeout=15_000)
        expect(page.locator("#notice")).to_contain_text("The server does not answer.")
        expect(page.locator(".card").first).to_be_visible()
        line.mend()
        expect(page.locator("#status")).to_have_text("Healthy", timeout=15_000)
        expect(page.locator("#notice")).to_be_hidden()
