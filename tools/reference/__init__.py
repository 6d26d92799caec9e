"""The pages of the reference that say what the code says: written from the tables that the server goes by.

`python -m tools.reference` writes them; `./dev docs` does so before it builds the site.
"""

from collections.abc import Callable
from pathlib import Path

from tools.reference import commands, errors, messages, rest, settings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings.page,
    "commands.md": commands.page,
    "rest.md": rest.page,
    "stream-messages.md": messages.page,
    "errors.md": errors.page,
}
"""Each page by the name of its file."""
