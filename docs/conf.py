"""How Sphinx builds the site: the Markdown as it stands in the repository, in the order of its lists.

The source folder is the whole checkout, so that a link leads to the same file here and on a forge.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

from punnet import __version__

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

project = "Punnet"
author = "the Punnet authors"
release = version = __version__

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "bench/RESULTS.md",
    "docs/**.md",
]
exclude_patterns = [
    path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ("docs", "bench")
]
nitpicky = True

myst_heading_anchors = 4
# Of MyST only what a forge shows as well.
myst_disable_syntax = ["colon_fence", "myst_role", "myst_target", "myst_line_comment", "myst_block_break"]
myst_enable_extensions: list[str] = []

html_theme = "furo"
html_title = "Punnet"
html_logo = html_favicon = "../src/punnet/web/static/icon.svg"
html_static_path = ["_site/static"]
html_extra_path = ["_site/root"]
html_css_files = ["site.css"]
html_use_index = False
html_copy_source = False
html_show_copyright = False
pygments_style = "xcode"
pygments_dark_style = "github-dark"

PAPER, WALL, LINE, INK, SOFT, LEAF, LEAF_DEEP = (
    "#fdf9f0", "#f5eddc", "#e2d5b9", "#2f2a21", "#675d4c", "#3f6b45", "#2f5636"
)  # fmt: skip
NIGHT, BOARD, RULE, CHALK, DUST, SHOOT = "#1c2420", "#222c27", "#3a473f", "#e9e4d6", "#a9b0a0", "#9fcf9c"

html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": LEAF_DEEP,
        "color-brand-content": LEAF,
        "color-brand-visited": LEAF,
        "color-background-primary": PAPER,
        "color-background-secondary": WALL,
        "color-background-hover": "#ebdfc6",
        "color-background-border": LINE,
        "color-foreground-primary": INK,
        "color-foreground-secondary": SOFT,
        "color-foreground-muted": SOFT,
        "color-foreground-border": LINE,
        "color-inline-code-background": WALL,
        "color-code-background": "#f8f2e4",
        "color-highlight-on-target": "#f6e7c1",
        "color-card": "#fffdf8",
    },
    "dark_css_variables": {
        "color-brand-primary": SHOOT,
        "color-brand-content": SHOOT,
        "color-brand-visited": SHOOT,
        "color-background-primary": NIGHT,
        "color-background-secondary": BOARD,
        "color-background-hover": "#2c3931",
        "color-background-border": RULE,
        "color-foreground-primary": CHALK,
        "color-foreground-secondary": DUST,
        "color-foreground-muted": DUST,
        "color-foreground-border": RULE,
        "color-inline-code-background": "#2a352f",
        "color-code-background": "#182019",
        "color-highlight-on-target": "#33452f",
        "color-card": BOARD,
    },
}

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
LISTED = re.compile(r"^- \[[^\]]+\]\(([^)#:]+)\.md\)", re.MULTILINE)


def with_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Put below a page of contents what Sphinx navigates by: the lists that its readers see."""
    if Path(page).name != "index":
        return
    first, *rest = HEADING.split(source[0])
    titles, parts = ("", *rest[::2]), (first, *rest[1::2])
    for title, part in zip(titles, parts, strict=True):
        if pages := LISTED.findall(part):
            caption = f":caption: {title}\n" if title else ""
            source[0] += f"\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(pages) + "\n```\n"


def setup(app: Sphinx) -> None:
    """Have the contents made."""
    app.connect("source-read", with_contents)
