"""The code blocks of a page, as they stand there."""

import re
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]


class Block(NamedTuple):
    """A code block: its language, the words behind that, its text, and the line of the page it begins at."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that a reader writes it to, if it is one."""
        return self.said("file") or self.said("append")

    @property
    def adds(self) -> bool:
        """Whether it is added to what the file holds already."""
        return self.said("append") is not None

    def said(self, name: str) -> str | None:
        """Return what one of its words says, as `NAME=WHAT`."""
        found = (word.removeprefix(f"{name}=") for word in self.words if word.startswith(f"{name}="))
        return next(found, None)


class Command(NamedTuple):
    """A command that a reader types, and what the page shows of what it says."""

    text: str
    shown: str

    @property
    def alone(self) -> str:
        """The command without the comment behind it."""
        return re.sub(r"\s+# .*", "", self.text)


def pages() -> list[str]:
    """Return every page that people read, by its path in the checkout."""
    found = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    folders = (ROOT / "docs", ROOT / "clients")
    found += [
        path
        for folder in folders
        for path in sorted(folder.rglob("*.md"))
        if "node_modules" not in path.parts
    ]
    return [path.relative_to(ROOT).as_posix() for path in found]


def blocks(page: str) -> list[Block]:
    """Return the code blocks of a page and the comments that say what to press, in order.

    A block that is only indented has no language.
    """
    found = []
    for token in MarkdownIt().parse((ROOT / page).read_text(encoding="utf-8")):
        line = token.map[0] + 1 if token.map else 0
        if token.type in ("fence", "code_block"):
            language, *words = token.info.split() or [""]
            found.append(Block(language, tuple(words), token.content, line))
        elif press := re.fullmatch(r"<!-- press (.+) -->\s*", token.content):
            found.append(Block("comment", ("press",), press[1], line))
    return found


def commands(text: str) -> list[Command]:
    """Return the commands of a console: each begins with `$ `, and what it says stands below it."""
    typed = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not typed[0].strip(), f"a console begins with a command: {text}"
    return [_command(part) for part in typed[1:]]


def typed(page: str) -> list[str]:
    """Return the commands of a page, without what is said about them."""
    consoles = (block.text for block in blocks(page) if block.language == "console")
    return [command.alone for text in consoles for command in commands(text)]


def _command(part: str) -> Command:
    """Part a command, which goes on while a quote is open or behind a `\\`, from what came of it."""
    lines = part.splitlines()
    for count in range(1, len(lines) + 1):
        typed = "\n".join(lines[:count])
        if not typed.endswith("\\") and not _is_open(typed):
            return Command(typed, "\n".join(lines[count:]).strip())
    raise AssertionError(f"a command without an end: {part}")


def _is_open(typed: str) -> bool:
    """Return whether a quote of the shell is open at the end."""
    bare = re.sub(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?:^|\s)#.*$""", "", typed, flags=re.MULTILINE)
    return "'" in bare or '"' in bare
