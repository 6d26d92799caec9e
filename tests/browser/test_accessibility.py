"""Every page, checked by axe-core, wide and narrow."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import npm

pytestmark = pytest.mark.browser

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}
RUN = """async () => (await axe.run()).violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, nodes: nodes.map(({ target, failureSummary }) => [target.join(" "), failureSummary])
}))"""


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script of axe-core."""
    modules = npm.packages(Path(__file__).resolve().parent)
    return (modules / "axe-core" / "axe.min.js").read_text()


def found(page: Page, axe: str) -> list[dict[str, object]]:
    """Return what is gravely wrong with a page as it is now."""
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    page.evaluate(axe)
    return [finding for finding in page.evaluate(RUN) if finding["impact"] in GRAVE]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/", ".stall .good >> nth=30"),
        ("/product?id=gala-apples-birch-hill", "#together .pick"),
        ("/product?id=nothing", "#sheet h1"),
        ("/cart", "#lines .bare"),
        ("/search?q=apples", "#interested .pick"),
        ("/search?q=gramophones", "#interested .pick"),
        ("/admin", "main"),
    ],
)
def test_nothing_grave_is_found_on_a_page(
    market: str, browser: Browser, axe: str, path: str, there: str, size: dict[str, int]
):
    with browser.new_context(viewport=size, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{market}{path}")
        expect(page.locator(there).first).to_be_visible()
        assert found(page, axe) == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_grave_is_found_in_what_opens_on_a_page(
    market: str, browser: Browser, axe: str, size: dict[str, int]
):
    with browser.new_context(viewport=size, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(market)
        expect(page.locator(".stall .good").nth(30)).to_be_visible()
        page.locator(".stall .plus").first.click()
        page.locator(".board .why summary").first.click()
        page.locator("#words").press_sequentially("appl")
        expect(page.locator("#ideas").get_by_role("option").first).to_be_visible()
        assert found(page, axe) == []

        page.goto(f"{market}/cart")
        expect(page.locator("#completes .pick").first).to_be_visible()
        page.locator("#peek").click()
        page.locator(".messages summary").first.click()
        expect(page.locator(".why-one").first).to_be_visible()
        assert found(page, axe) == []
