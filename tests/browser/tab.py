"""A page on which one snippet runs, and what it did there."""

from typing import Any

from playwright.sync_api import ConsoleMessage, Page

from tests.browser.workshop import Workshop

TAKE = """name => {
    const at = calls.findIndex(([called]) => called === name);
    return at >= 0 && calls.splice(at, 1)[0].slice(1);
}"""


class Tab:
    """A page of the server's own origin, empty but for a snippet. What goes wrong there is in `errors`."""

    def __init__(self, page: Page, address: str, workshop: Workshop) -> None:
        self.page = page
        self.errors: list[str] = []
        self._address = address
        self._workshop = workshop
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def run(self, snippet: str, usage: str, *, compiler: bool = False) -> None:
        """Run a snippet, and after it the lines that use it."""
        script = self._workshop.script(snippet, usage, compiler=compiler)
        # Chromium would keep a page that Playwright makes up away from this machine's ports.
        self.page.goto(f"{self._address}/health/live")
        self.page.evaluate("document.body.innerHTML = '<main id=root></main>'")
        self.page.add_script_tag(content=script)

    def called(self, name: str) -> Any:
        """Wait for a call of a function of the harness; return its arguments, of each call once, in order."""
        return self.page.wait_for_function(TAKE, arg=name).json_value()

    def calls_left(self, name: str) -> int:
        """Return how many calls `called` has not returned."""
        return self.page.evaluate("name => calls.filter(([called]) => called === name).length", name)

    def products(self, selector: str) -> list[str | None]:
        """Return the ids on the cards in a part of the page, in order."""
        return [card.get_attribute("data-id") for card in self.page.locator(f"{selector} article").all()]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)
