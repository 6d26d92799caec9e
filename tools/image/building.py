"""Carries out the steps of a Dockerfile's stages, each in a root of its own."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from tools.image.dockerfile import Stage, Step, Unknown, ignored
from tools.image.root import Impossible, enter, make

INDEX = ("index-url", "extra-index-url", "find-links", "trusted-host", "cert", "proxy", "timeout", "no-index")
"""What pip is told of this machine's package index."""

PYTHON = re.compile(r"python:(3\.\d+)-slim")


def build(stages: list[Stage], context: Path, work: Path, python: Path, say: Callable[[str], None]) -> Path:
    """Return the root of the last stage. What pip is told of this machine is told to the steps alone."""
    clean, root, roots, known = work / "base", work, dict[str, Path](), index()
    say("a clean root: Debian's base, and a Python with pip")
    make(clean, python)
    for number, stage in enumerate(stages):
        root = work / f"stage-{number}"
        say(f"FROM {stage.base} AS {stage.name}")
        python_version(stage)
        subprocess.run(["cp", "-a", str(clean), str(root)], check=True)
        for step in stage.steps:
            say(f"line {step.instruction.line}: {step.instruction.written}")
            folder_in(root, step.folder).mkdir(parents=True, exist_ok=True)
            if step.instruction.word == "COPY":
                _copy(step, root, context, roots)
            else:
                _run(step, root, known)
        folder_in(root, stage.folder).mkdir(parents=True, exist_ok=True)
        roots[stage.name] = roots[str(number)] = root
    return root


def python_version(stage: Stage) -> str:
    """Return which Python a stage is built upon; raise Unknown for one that is built upon something else."""
    found = PYTHON.fullmatch(stage.base)
    if found is None:
        raise Unknown(f"nobody here has {stage.base}: it takes python:3.N-slim")
    return found[1]


def folder_in(root: Path, path: str) -> Path:
    """Return where a path of a root lies here."""
    return root / path.lstrip("/")


def index() -> dict[str, str]:
    """Return the variables that tell pip of the index it is configured for on this machine."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = {}
    for line in said.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].removeprefix("default-")
        if name in INDEX:
            found[f"PIP_{name.upper().replace('-', '_')}"] = str(ast.literal_eval(value))
    return found


def places(known: Mapping[str, str]) -> list[str]:
    """Return the folders of this machine that hold packages: beside an index lie the files that it names."""
    urls = " ".join(known.get(f"PIP_{name}", "") for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS"))
    paths = [
        Path(unquote(urlsplit(url).path)) for url in urls.split() if urlsplit(url).scheme in ("", "file")
    ]
    return sorted({str(path.parent if path.name == "simple" else path) for path in paths if path.is_dir()})


def _copy(step: Step, root: Path, context: Path, roots: Mapping[str, Path]) -> None:
    """Do as COPY does: of folders what is in them, and into a folder where that ends in a slash."""
    *sources, target = step.instruction.words
    stage = step.instruction.options.get("from")
    if stage is not None and stage not in roots:
        raise Unknown(f"line {step.instruction.line}: there is no stage {stage}")
    out = [] if stage else (context / ".dockerignore").read_text().splitlines()
    to = folder_in(root, str(PurePosixPath(step.folder, target)))
    for source in sources:
        path = folder_in(roots[stage] if stage else context, source)
        if not path.exists() or (path.is_file() and ignored(source, out)):
            raise Impossible(f"line {step.instruction.line}: there is no {source} to copy")
        if path.is_dir():
            _copy_folder(path, to, None if stage else context, out)
        else:
            file = to / path.name if target.endswith("/") or len(sources) > 1 else to
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, file, follow_symlinks=False)


def _copy_folder(path: Path, to: Path, context: Path | None, out: list[str]) -> None:
    def unwanted(folder: str, names: list[str]) -> set[str]:
        if context is None:
            return set()
        here = Path(folder).relative_to(context)
        return {name for name in names if ignored(str(here / name), out)}

    shutil.copytree(path, to, symlinks=True, ignore=unwanted, dirs_exist_ok=True)


def _run(step: Step, root: Path, known: Mapping[str, str]) -> None:
    """Run a command in the root, with nothing of this machine but where packages are."""
    brought = places(known)
    made = [folder_in(root, place) for place in brought if not folder_in(root, place).exists()]
    for folder in made:
        folder.mkdir(parents=True)
    inside = enter(root, step.instruction.command, user=step.user, folder=step.folder, brought=brought)
    done = subprocess.run(
        inside,
        env={"HOME": "/root"} | step.environment | dict(known),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    for folder in made:
        folder.rmdir()
    if done.returncode:
        raise Impossible(f"line {step.instruction.line} ended with {done.returncode}:\n{done.stdout[-3000:]}")
