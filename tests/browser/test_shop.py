"""The pages of the demo shop, as shoppers see them."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.line import Line
from tests.browser.shop import Shop, until

pytestmark = pytest.mark.browser


def products(page: Page, selector: str) -> list[str | None]:
    """Return the ids of the products in a list, in order."""
    return [item.get_attribute("data-key") for item in page.locator(f"{selector} > li").all()]


def is_live(page: Page) -> None:
    """Return once the page's stream is open."""
    expect(page.locator("#link")).to_have_text("Live")


@pytest.fixture
def home(market: str, browser_page: Page) -> Page:
    """Return the first page of the demo market with its stream open and its shelf filled."""
    browser_page.goto(market)
    is_live(browser_page)
    expect(browser_page.locator(".stall .good").nth(8)).to_be_visible()
    return browser_page


# ------------------------------------------------------------------------------------- the pages, one by one


def test_the_first_page_has_picks_trends_and_a_shelf(home: Page):
    expect(home.locator(".board .picks > li")).to_have_count(12)
    assert len(set(products(home, ".board .picks"))) == 12
    expect(home.locator("#trending .good").first).to_be_visible()
    assert not set(products(home, "#trending .goods")) & set(products(home, ".board .picks"))
    expect(home.locator("#drops")).to_be_hidden()


def test_each_page_has_a_title_of_its_own_and_leads_to_the_others(home: Page):
    titles = [home.title()]
    home.locator(".board .open").first.click()
    expect(home.locator("#sheet h1")).to_be_visible()
    titles.append(home.title())
    home.locator("#tote").click()
    expect(home.locator("#basket-title")).to_be_visible()
    titles.append(home.title())
    home.locator("#words").fill("apples")
    home.locator("#words").press("Enter")
    expect(home.locator("#found-title")).to_have_text("“apples”")
    titles.append(home.title())
    home.locator(".sign-name").click()
    expect(home.locator(".board")).to_be_visible()
    assert len(set(titles)) == 4


def test_a_product_page_shows_what_one_might_like_and_what_is_bought_with_it(home: Page):
    home.locator(".stall .good .open").first.click()
    name = home.locator("#sheet h1")
    expect(name).to_be_visible()
    expect(home.locator("#also .pick")).to_have_count(8)
    expect(home.locator("#together .pick")).to_have_count(4)
    expect(home.locator("#together .reason").first).to_have_text("Often bought with it")
    assert name.inner_text() not in home.locator("#also h3").all_inner_texts()


def test_a_product_that_the_market_does_not_have_is_said_to_be_missing(market: str, browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{market}/product?id=nothing")
        expect(page.locator("#sheet h1")).to_have_text("The market does not have this")


def test_what_goes_into_the_basket_brings_what_completes_it_and_is_bought(home: Page):
    home.locator(".stall .good .plus").first.click()
    tote = home.locator("#tote")
    expect(tote).to_have_accessible_name(re.compile(r"^Basket: \$\d+\.\d\d 1 thing$"))
    tote.click()
    expect(home.locator("#completes .pick")).to_have_count(6)
    home.locator("#completes .plus").first.click()
    expect(home.locator(".lines > li")).to_have_count(2)
    expect(home.locator("#completes .note")).to_have_text(re.compile("since you put something in"))
    home.get_by_role("button", name="Buy 2 things").click()
    expect(home.locator(".thanks h2")).to_have_text("Thank you!")
    expect(home.locator("#completes-title")).to_have_text("For the next time")
    expect(tote).to_have_accessible_name("Basket is empty")


def test_the_basket_is_changed_by_keyboard_and_keeps_the_focus(home: Page):
    home.locator(".stall .good .plus").first.click()
    home.goto(f"{home.url}cart")
    more = home.locator(".more-of")
    more.focus()
    home.keyboard.press("Enter")
    expect(home.locator(".steps")).to_contain_text("2")
    expect(more).to_be_focused()
    home.locator(".remove").press("Enter")
    expect(home.locator("#lines")).to_contain_text("Your basket is empty")
    expect(home.locator("#completes")).to_be_hidden()


def test_while_one_types_the_market_suggests_and_the_keys_choose(home: Page):
    home.locator("#words").press_sequentially("appl")
    ideas = home.locator("#ideas").get_by_role("option")
    expect(ideas.first).to_be_visible()
    home.keyboard.press("ArrowDown")
    expect(ideas.first).to_have_attribute("aria-selected", "true")
    wanted = ideas.first.locator("b").inner_text()
    home.keyboard.press("Enter")
    expect(home.locator("#sheet h1")).to_have_text(wanted)


def test_an_idea_is_chosen_by_a_click_too_and_escape_puts_them_away(home: Page):
    words, ideas = home.locator("#words"), home.locator("#ideas").get_by_role("option")
    words.press_sequentially("egg")
    expect(ideas.first).to_be_visible()
    words.press("Escape")
    expect(ideas).to_have_count(0)
    words.press("s")
    ideas.get_by_text("All of Eggs").click()
    expect(home.locator("#found-title")).to_have_text("Eggs")


def test_a_search_finds_by_name_and_suggests_something_else_beside_it(market: str, browser_page: Page):
    browser_page.goto(f"{market}/search?q=apples")
    found = browser_page.locator("#found > li")
    expect(found.first).to_be_visible()
    assert all("apple" in text.lower() for text in found.locator(".name").all_inner_texts())
    expect(browser_page.locator("#interested .pick")).to_have_count(6)
    assert not set(products(browser_page, "#found")) & set(products(browser_page, "#interested ol"))


def test_a_search_for_nothing_there_is_says_so(market: str, browser_page: Page):
    browser_page.goto(f"{market}/search?q=gramophones")
    expect(browser_page.locator("#found-note")).to_contain_text("Nothing here is called “gramophones”")
    expect(browser_page.locator("#interested .pick")).to_have_count(6)


def test_a_category_is_a_page_too(home: Page):
    home.locator(".chip", has_text="Eggs").click()
    expect(home.locator("#found-title")).to_have_text("Eggs")
    expect(home.locator(".chip", has_text="Eggs")).to_have_attribute("aria-current", "page")
    expect(home.locator("#found > li").first).to_be_visible()


def test_the_drawer_tells_why_each_product_is_there_and_what_the_market_said(home: Page):
    home.locator("#peek").click()
    drawer = home.locator("#drawer")
    expect(drawer).to_be_focused()
    expect(drawer.locator(".messages b", has_text="CONNECTION_ACK")).to_be_visible()
    first = home.locator(".board .name").first.inner_text()
    why = drawer.locator(".why-one").first
    expect(why.locator("a")).to_have_text(first)
    expect(why.locator(".bars-sum")).to_have_text(re.compile(r"score 0\.\d\d · confidence \d+ %"))
    home.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(home.locator("#peek")).to_be_focused()


def test_recommendations_that_were_seen_and_followed_are_counted(market: str, browser: Browser):
    def counted() -> dict[str, int]:
        return httpx.get(f"{market}/api/recommendations/stats").json()["data"]["recommendations"]

    before = counted()
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{market}/?user=somebody-who-counts")
        is_live(page)
        page.locator(".board .open").first.click()
        expect(page.locator("#also .pick")).to_have_count(8)
    until(lambda: counted()["clicks"] == before["clicks"] + 1)
    assert counted()["impressions"] >= before["impressions"] + 12


# ---------------------------------------------------------------------------------- two shoppers, two windows


@pytest.fixture
def two(shop: Shop, browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Return the windows of ann and ben, who are both on the market's first page."""
    with browser.new_context() as hers, browser.new_context() as his:
        ann, ben = hers.new_page(), his.new_page()
        for page, name in ((ann, "ann"), (ben, "ben")):
            page.goto(f"{shop.address}/?user={name}")
            is_live(page)
            expect(page.locator(".board .picks > li").first).to_be_visible()
        yield ann, ben


def test_when_one_buys_the_shelf_of_the_other_changes(shop: Shop, two: tuple[Page, Page]):
    ann, ben = two
    before = products(ben, ".board .picks")

    for product in ("mead", "gouda"):
        ann.goto(f"{shop.address}/product?id={product}")
        ann.get_by_role("button", name="Add to basket", exact=True).click()
    ann.goto(f"{shop.address}/cart")
    ann.get_by_role("button", name="Buy 2 things").click()
    expect(ann.locator(".thanks h2")).to_have_text("Thank you!")

    expect(ben.locator(".board .note")).to_have_text(
        re.compile("since (others were shopping|the trends changed)")
    )
    assert products(ben, ".board .picks") != before


def test_a_price_that_falls_arrives_in_the_page_of_everybody(shop: Shop, two: tuple[Page, Page]):
    shop.change("brie", price=5.5)

    for page in two:
        expect(page.locator("#news")).to_have_text("Brie cost $7.00 and is $5.50 now.")
        fell = page.locator("#drops .good")
        expect(fell).to_have_count(1)
        expect(fell.locator(".tag")).to_have_text(re.compile(r"before \$7\.00 \$5\.50"))


def test_a_price_that_falls_is_the_new_one_on_the_page_of_the_product_and_in_the_basket(
    shop: Shop, two: tuple[Page, Page]
):
    ann, ben = two
    ann.goto(f"{shop.address}/product?id=brie")
    ann.get_by_role("button", name="Add to basket", exact=True).click()
    ben.goto(f"{shop.address}/product?id=brie")
    is_live(ben)
    ann.goto(f"{shop.address}/cart")
    is_live(ann)
    shop.change("brie", price=5.5)

    expect(ben.locator("#sheet .tag")).to_contain_text("$5.50")
    expect(ann.locator(".total")).to_contain_text("$5.50")


def test_whoever_plays_the_farmer_changes_what_others_see(shop: Shop, two: tuple[Page, Page]):
    ann, ben = two
    ann.goto(f"{shop.address}/product?id=gouda")
    ann.locator("#peek").click()
    ann.get_by_role("button", name="Price to $16.00").click()
    expect(ben.locator("#news")).to_have_text("Gouda cost $20.00 and is $16.00 now.")

    ann.get_by_role("button", name="Sell out").click()
    expect(ann.locator(".farmer")).to_contain_text("Gouda: told.")
    ann.reload()
    expect(ann.get_by_role("button", name="Sold out today")).to_be_disabled()
    ann.get_by_role("button", name="Back in stock").click()
    expect(ben.locator("#news")).to_have_text("Gouda from Moor Farm is back.")
    expect(ann.locator(".stock")).to_have_text("12 left today")


def test_what_falls_in_price_while_one_goes_from_page_to_page_is_not_missed(
    shop: Shop, two: tuple[Page, Page]
):
    ann, _ = two
    # A page between two pages of the shop, which has no stream.
    ann.goto(f"{shop.address}/health/live")
    shop.change("brie", price=5.5)
    ann.goto(f"{shop.address}/cart")
    expect(ann.locator("#news")).to_have_text("Brie cost $7.00 and is $5.50 now.")
    ann.goto(f"{shop.address}/")
    expect(ann.locator("#drops .good")).to_have_count(1)


def test_what_a_favourite_farm_has_newly_is_said_and_shown(shop: Shop, browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        # Who bought from Hill Farm before.
        page.goto(f"{shop.address}/?user=neighbour-0")
        is_live(page)
        expect(page.locator("#arrivals")).to_be_hidden()
        shop.add("bagels", "hill", "Bread", 4.0)
        expect(page.locator("#news")).to_have_text("New from Hill Farm: Bagels.")
        expect(page.locator("#arrivals .name")).to_have_text("Bagels")


def test_another_shopper_is_another_person(shop: Shop, two: tuple[Page, Page]):
    ann, _ = two
    ann.locator(".pick .plus").first.click()
    expect(ann.locator("#tote b")).to_be_visible()
    ann.goto(f"{shop.address}/")
    ann.get_by_label("Shopping as").select_option(label="another new visitor")
    expect(ann.locator(".board .note")).to_contain_text("Nobody knows you yet")
    expect(ann.locator("#tote")).to_have_accessible_name("Basket is empty")


def test_who_was_cut_off_is_told_what_was_missed_and_what_was_done_meanwhile_arrives(
    shop: Shop, browser: Browser
):
    with Line(shop.address) as line, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{line.address}/?user=ann")
        is_live(page)
        expect(page.locator(".board .picks > li").first).to_be_visible()

        line.cut()
        expect(page.locator("#link")).to_have_text("Reconnecting…")
        shop.change("brie", price=5.5)
        page.locator(".pick .plus").first.click()
        expect(page.locator("#notice")).to_contain_text("what you do is kept")

        line.mend()
        expect(page.locator("#news")).to_have_text("Brie cost $7.00 and is $5.50 now.", timeout=20_000)
        is_live(page)
        expect(page.locator("#notice")).to_be_hidden()
        wait_for_cart(shop, "ann")


def wait_for_cart(shop: Shop, user_id: str) -> None:
    """Return once the server has something in the shopper's cart, exactly one action."""

    def carted() -> int:
        actions = shop.call("GET", f"/api/users/{user_id}")["actions"]
        return sum(action["action"] == "ADD_TO_CART" for action in actions)

    until(lambda: carted() > 0)
    assert carted() == 1
