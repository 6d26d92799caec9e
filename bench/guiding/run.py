"""One run of the fuzzer: from which inputs it begins, what it says, and what came of it."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from bench.guiding.looks import Look, read
from tests.protocol.fuzzed.targets import Target, kept

FUZZER = Path(__file__).with_name("fuzzer.py")

PATIENCE = 10
"""Seconds that one input may take."""

LARGEST = 20_000
"""Bytes of the largest input: more than the largest frame."""

HASTE = 20
"""How soon it goes on to larger inputs; libFuzzer's own 100 is slow for what begins with whole messages."""

MOST_MEMORY = 1_024
"""MiB that the process may hold; more is a finding."""

SMALL = 300
"""Bytes of the largest input that is kept where it only reaches something."""

GROWTH, GROWTH_OF_BLOCKS = 0.05, 0.01
"""By which share the memory of the process may grow after the warming, and the number of Python's blocks.

What libFuzzer keeps itself, the inputs and what they reached, is in the first and not in the second.
"""

WARMING = 0.25
"""The share of the time after which the memory is first looked at."""

_DONE = re.compile(r"DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\w+)")
_PEAK = re.compile(r"stat::peak_rss_mb:\s+(\d+)")


class Outcome(NamedTuple):
    """What came of a run: what the process held, what libFuzzer said, and the inputs that it gave up at."""

    code: int
    looks: list[Look]
    said: str
    findings: list[Path]

    @property
    def warm(self) -> Look:
        """How it was after the warming."""
        end = self.looks[-1].seconds
        return next(look for look in self.looks if look.seconds >= WARMING * end)

    @property
    def growth(self) -> float:
        """By which share the memory of the process grew after the warming."""
        return self.looks[-1].resident / self.warm.resident - 1

    @property
    def growth_of_blocks(self) -> float:
        """By which share the number of Python's pieces of memory grew after the warming."""
        return self.looks[-1].blocks / self.warm.blocks - 1

    @property
    def clean(self) -> bool:
        """Whether nothing was found, and the memory stayed what it was."""
        grown = self.growth > GROWTH or self.growth_of_blocks > GROWTH_OF_BLOCKS
        return self.code == 0 and not self.findings and not grown

    @property
    def reached(self) -> tuple[str, ...]:
        """Places in the code, with how often each was passed, the inputs that led there, and their size."""
        found = _DONE.search(self.said)
        return found.groups() if found else ("?",) * 4

    @property
    def peak(self) -> str:
        """MiB that the process held at most."""
        found = _PEAK.search(self.said)
        return found[1] if found else "?"


class Fuzzing:
    """A target, and the folder in which it is fuzzed."""

    def __init__(self, name: str, target: Target, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._corpus = folder / "corpus"
        self._dictionary = folder / "words.txt"
        self._corpus.mkdir()
        (folder / "findings").mkdir()
        for seed in (*target.seeds(), *(path.read_bytes() for path in kept(name))):
            (self._corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
        self._dictionary.write_text("".join(f"{_quoted(word)}\n" for word in sorted(target.words())))

    def run(self, seconds: int, seed: int, say: Callable[[Look], None]) -> Outcome:
        """Fuzz for so long, or until something is found."""
        options = {
            "max_total_time": seconds,
            "timeout": PATIENCE,
            "rss_limit_mb": MOST_MEMORY,
            "max_len": LARGEST,
            "len_control": HASTE,
            "seed": seed,
            "dict": self._dictionary,
            "artifact_prefix": f"{self._folder / 'findings'}/",
            "print_final_stats": 1,
        }
        log = self._folder / "log.txt"
        with log.open("wb") as said:
            process = self._start(options, [self._corpus], said)
            assert process.stdout is not None
            looks, raised = [], b""
            for line in process.stdout:
                if (look := read(line)) is None:
                    raised += line
                else:
                    looks.append(look)
                    say(look)
            code = process.wait()
        findings = sorted((self._folder / "findings").iterdir())
        return Outcome(code, looks, (raised + log.read_bytes()).decode(errors="replace"), findings)

    def distil(self, into: Path) -> None:
        """Leave in a folder the smallest of all inputs that reach as much as all of them together."""
        into.mkdir(parents=True, exist_ok=True)
        for path in into.iterdir():
            path.unlink()
        process = self._start({"merge": 1, "max_len": SMALL}, [into, self._corpus], subprocess.DEVNULL)
        if process.wait():
            raise SystemExit("libFuzzer could not choose from the corpus.")

    def _start(
        self, options: dict[str, object], folders: list[Path], said: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        words = [f"-{name}={value}" for name, value in options.items()]
        command = [sys.executable, str(FUZZER), self._name, *words, *map(str, folders)]
        heard = subprocess.DEVNULL if "merge" in options else subprocess.PIPE
        return subprocess.Popen(command, stdout=heard, stderr=said)


def _quoted(word: bytes) -> str:
    """Return a word as libFuzzer's dictionaries have it."""
    plain = (chr(byte) if 32 < byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word)
    return f'"{"".join(plain)}"'
