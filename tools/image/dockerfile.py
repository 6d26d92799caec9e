"""A Dockerfile, taken apart: its stages and their instructions."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from string import Template
from typing import NamedTuple

SHELL = ("/bin/sh", "-c")
STATES = ("ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD")
STEPS = ("COPY", "RUN")
KNOWN = ("FROM", *STATES, *STEPS)
TIMES = ("interval", "timeout", "start-period", "start-interval", "retries")
OPTIONS = {"COPY": ("from",), "HEALTHCHECK": TIMES}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where an image looks for programs, if it does not say."""


class Unknown(Exception):
    """Something in a Dockerfile that nobody knows how to carry out."""


class Instruction(NamedTuple):
    """One instruction: its word, its options, the rest, and the line it begins at."""

    word: str
    options: dict[str, str]
    rest: str
    line: int

    @property
    def written(self) -> str:
        """It as it could stand in one line."""
        options = (f"--{name}={value}" for name, value in self.options.items())
        return " ".join([self.word, *options, *self.rest.split()])

    @property
    def command(self) -> list[str]:
        """The command it names, with a shell around it where it is no list."""
        listed = _list(self.rest)
        return [*SHELL, self.rest] if listed is None else listed

    @property
    def words(self) -> list[str]:
        """What it names, one by one."""
        listed = _list(self.rest)
        return shlex.split(self.rest) if listed is None else listed


@dataclass
class Stage:
    """A stage: what it is built upon, its name, its steps, and what its containers are told at the end."""

    base: str
    name: str
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    folder: str = "/"
    user: str = "0:0"
    exposed: list[str] = field(default_factory=list)
    signal: str = "SIGTERM"
    health: Instruction | None = None
    entrypoint: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    steps: list["Step"] = field(default_factory=list)


class Step(NamedTuple):
    """A COPY or a RUN, and what held when it came."""

    instruction: Instruction
    environment: dict[str, str]
    folder: str
    user: str


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile in order; raise Unknown, with the line, where that cannot be."""
    found: list[Stage] = []
    for each in instructions(text):
        if each.word == "FROM":
            base, *named = each.words
            found.append(Stage(base, named[1] if named else str(len(found))))
        elif not found:
            raise Unknown(f"line {each.line}: {each.word} stands before the first FROM")
        elif each.word in STEPS:
            now = found[-1]
            found[-1].steps.append(Step(each, dict(now.environment), now.folder, now.user))
        else:
            _note(found[-1], each)
    return found


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile; a line that ends in a backslash goes on."""
    found: list[Instruction] = []
    parts: list[str] = []
    begun = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun if parts else number
        parts.append(re.sub(r"\\\s*$", "", line))
        if parts[-1] == line:
            found.append(_instruction("".join(parts).strip(), begun))
            parts = []
    if parts:
        raise Unknown(f"line {begun}: it goes on, and there is nothing more")
    return found


def _instruction(text: str, line: int) -> Instruction:
    word, _, rest = text.partition(" ")
    if word not in KNOWN:
        raise Unknown(f"line {line}: nobody here knows how to carry out {word}")
    if "<<" in rest:
        raise Unknown(f"line {line}: a text in the Dockerfile itself (<<) is not known here")
    options = {}
    while option := re.match(r"--([a-z-]+)=(\S+)\s+", rest.lstrip()):
        if option[1] not in OPTIONS.get(word, ()):
            raise Unknown(f"line {line}: nobody here knows --{option[1]} of {word}")
        options[option[1]] = option[2]
        rest = rest.lstrip()[option.end() :]
    if rest.lstrip().startswith("--"):
        raise Unknown(f"line {line}: nobody here knows {rest.split()[0]} of {word}")
    return Instruction(word, options, rest.strip(), line)


def _note(stage: Stage, each: Instruction) -> None:
    """Take over what an instruction says of the containers, and of the steps that follow."""
    match each.word:
        case "ENV":
            _set(stage.environment, each.words)
        case "WORKDIR":
            stage.folder = str(PurePosixPath(stage.folder, each.rest))
        case "USER":
            stage.user = _by_number(each)
        case "EXPOSE":
            stage.exposed += each.words
        case "STOPSIGNAL":
            stage.signal = each.rest
        case "HEALTHCHECK":
            stage.health = _asking(each)
        case "ENTRYPOINT":
            stage.entrypoint = each.command
        case _:
            stage.arguments = each.command


def _set(environment: dict[str, str], pairs: list[str]) -> None:
    for pair in pairs:
        name, _, value = pair.partition("=")
        environment[name] = Template(value).substitute(environment)


def _by_number(user: Instruction) -> str:
    if not re.fullmatch(r"\d+:\d+", user.rest):
        raise Unknown(f"line {user.line}: USER is known here as NUMBER:NUMBER alone")
    return user.rest


def _asking(check: Instruction) -> Instruction:
    """Return a HEALTHCHECK as the command that it runs."""
    kind, _, command = check.rest.partition(" ")
    if kind != "CMD":
        raise Unknown(f"line {check.line}: nobody here knows HEALTHCHECK {kind}")
    return check._replace(rest=command.strip())


def _list(text: str) -> list[str] | None:
    """Return a list that is written as JSON, None where it is none."""
    if not text.startswith("["):
        return None
    try:
        listed: list[str] = json.loads(text)
    except ValueError:
        return None
    return listed


def ignored(path: str, patterns: list[str]) -> bool:
    """Return whether a .dockerignore of these lines leaves a path out: the last line that fits decides."""
    parts = PurePosixPath(path).parts
    ways = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    out = False
    for line in patterns:
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        fits = _fitting(pattern.removeprefix("!").strip("/"))
        if any(fits.fullmatch(way) for way in ways):
            out = not pattern.startswith("!")
    return out


def _fitting(pattern: str) -> re.Pattern[str]:
    kinds = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(kinds.get(part, re.escape(part)) for part in parts))
