"""The documentation at /docs, as a developer sees it."""

import json

import pytest
from playwright.sync_api import Page, expect

from punnet.web.openapi import document
from punnet.web.routes import ROUTES

pytestmark = pytest.mark.browser


def test_every_route_is_shown_and_one_can_be_tried(market: str, browser_page: Page):
    browser_page.goto(f"{market}/docs")
    described = json.loads(document(ROUTES))["paths"].values()
    expect(browser_page.locator(".opblock")).to_have_count(sum(map(len, described)))

    live = browser_page.locator("#operations-server-get_live")
    live.locator(".opblock-summary-control").click()
    live.get_by_role("button", name="Try it out").click()
    live.get_by_role("button", name="Execute").click()
    expect(live.locator(".live-responses-table .response .highlight-code")).to_contain_text('"LIVE"')
