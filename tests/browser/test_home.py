"""The page at /, as a shopper sees it."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def home(market: str, browser_page: Page) -> Page:
    """Return the page with its stream open and its shelf filled."""
    browser_page.goto(market)
    expect(browser_page.locator("#link")).to_have_text("Live")
    expect(browser_page.locator(".stall .good").nth(8)).to_be_visible()
    return browser_page


def products(page: Page, selector: str) -> list[str | None]:
    """Return the ids of the products in a list, in order."""
    return [item.get_attribute("data-key") for item in page.locator(f"{selector} > li").all()]


def test_a_shopper_finds_goods_on_the_shelf_and_some_picked_for_them(home):
    expect(home.locator(".stall:visible .good").first).to_be_visible()
    expect(home.locator("#picks > li")).to_have_count(12)
    assert len(set(products(home, "#picks"))) == 12


def test_opening_another_product_changes_the_suggestions(home):
    opened = home.locator(".stall .good .open")
    note = home.locator("#view-product .note")
    suggestions = "#view-product .picks"
    opened.nth(0).click()
    expect(home.locator(f"{suggestions} > li")).to_have_count(8)
    before = products(home, suggestions)
    opened.nth(8).click()
    expect(note).to_have_text(re.compile(r"just came in$"))
    assert products(home, suggestions) != before


def test_a_price_that_falls_is_said_on_the_page(market, home):
    product = httpx.get(f"{market}/api/products?limit=1").json()["data"]["products"][0]
    lower = {"price": round(product["price"] / 4, 2)}
    httpx.patch(f"{market}/api/products/{product['id']}", json=lower).raise_for_status()
    said = re.compile(rf"^{product['name']} cost \$.* and is \$.* now\.$")
    expect(home.locator("#news")).to_have_text(said)


def test_what_goes_into_the_basket_brings_what_completes_it(home):
    home.locator(".stall .good .plus").first.click()
    expect(home.locator("#tote")).to_have_attribute("aria-label", re.compile(r"^Basket: 1 thing, \$\d"))
    expect(home.locator("#view-basket .picks > li")).to_have_count(6)
