"""The site, as `./dev docs` builds it."""

import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.docs.blocks import ROOT, pages

pytestmark = pytest.mark.browser

ADDRESS = re.compile(r"""(?:url\(|@import)\s*['"]?(https?:)?//""")


class Resources(HTMLParser):
    """What a page loads by itself; links that people follow are none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag loads."""
        for name, value in attrs:
            if name in ("src", "srcset", "data", "poster") or (tag == "link" and name == "href"):
                self.found.append(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as `./dev docs` does; a warning is an error."""
    dev = runpy.run_path(str(ROOT / "dev"), run_name="dev")
    folder = tmp_path_factory.mktemp("built") / "site"
    try:
        dev["build_site"](folder)
    except SystemExit:
        pytest.fail("the site cannot be built; ./dev docs says why")
    return folder


def test_every_page_is_in_it(site):
    for page in pages():
        if page != "README.md" and not page.startswith("clients/"):
            assert (site / page).with_suffix(".html").exists()


def test_nothing_is_loaded_from_elsewhere(site):
    for path in site.rglob("*.html"):
        resources = Resources()
        resources.feed(path.read_text(encoding="utf-8"))
        assert [found for found in resources.found if found.startswith(("http:", "https:", "//"))] == []
    for path in site.rglob("*.css"):
        assert not ADDRESS.search(path.read_text(encoding="utf-8")), path


def test_the_start_page_leads_to_all_four_kinds(site: Path, browser: Browser):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        asked: list[str] = []
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        expect(page.get_by_role("heading", level=1)).to_contain_text("Punnet")
        for kind in ("Tutorial", "How-to guides", "Reference", "Explanation"):
            expect(page.get_by_role("heading", name=kind, level=2)).to_be_visible()
            expect(page.locator(".sidebar-tree .caption", has_text=kind)).to_be_visible()
        page.get_by_role("link", name="Settings", exact=True).last.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Settings")
        assert {url.partition(":")[0] for url in asked} == {"file"}


def test_what_is_sought_is_found(site: Path, browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{(site / 'search.html').as_uri()}?q=wishlist")
        expect(page.locator("#search-results")).to_contain_text("The algorithms")
