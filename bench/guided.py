"""Fuzz the codec and the session, guided by what each input reaches in their code.

    ./dev bench guided codec|session [--minutes 10] [--seed N] [--keep]
    python bench/guided.py codec

atheris (libFuzzer for Python) begins with the fixtures of the protocol and with what tests/protocol/corpus
keeps, and changes, cuts and mixes them. Each input is thrown at a target of tests/protocol/fuzzed, which
says what must hold: whatever a client sends is accepted and lasts, or is refused in a way that can be told;
whatever is said on a stream, the session asks for nothing that cannot be carried out.

Ends with an error, and with the input, when something else is raised, one input takes more than ten seconds,
the process needs more than 1 GiB, or has grown by more than 5 % after the first quarter of the time. Python's
own pieces of memory are counted as well, and may not grow by more than 1 %: what libFuzzer keeps of the
inputs that it liked is part of the process and not of them. What was found is left in build/fuzzing; once
mended, it belongs in tests/protocol/corpus/TARGET/found, where every run of the tests throws it again.

`--keep` writes the smallest inputs that reach as much as all of them to tests/protocol/corpus/TARGET/reached.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.guiding.looks import Look
from bench.guiding.run import Fuzzing, Outcome
from tests.protocol.fuzzed.targets import CORPUS, TARGETS

FOUND = Path(__file__).resolve().parent.parent / "build" / "fuzzing"
MIB = 1 << 20


def progress(look: Look) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{look.seconds:,.0f} s, {look.executions:,} inputs", end="\r", file=sys.stderr)


def show(outcome: Outcome) -> None:
    """Print the figures, and what was found."""
    warm, end = outcome.warm, outcome.looks[-1]
    places, passed, inputs, size = outcome.reached
    print(f"{'inputs':32}{end.executions:>12,}  in {end.seconds:.0f} s")
    print(f"{'  a second':32}{end.executions / end.seconds:>12,.0f}")
    print(f"{'places of the code reached':32}{places:>12}  told apart by how often: {passed}")
    print(f"{'inputs that reach something':32}{inputs:>12}  of {size} altogether")
    for name, look in (("memory after the warming", warm), ("memory at the end", end)):
        blocks = f"{look.blocks:,} blocks of Python"
        print(f"{name:32}{look.resident / MIB:>8.1f} MiB  {blocks}, at {look.seconds:.0f} s")
    print(f"{'  growth':32}{outcome.growth:>+12.2%}  {outcome.growth_of_blocks:+.3%} of the blocks")
    print(f"{'memory at most':32}{outcome.peak:>8} MiB")


def tell(name: str, outcome: Outcome) -> None:
    """Print what was found, and save it."""
    print("\n".join(line for line in outcome.said.splitlines() if not line.startswith(("#", "INFO:"))))
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in outcome.findings:
        saved = shutil.copy(path, folder)
        print(f"! {path.name}: {path.read_bytes()[:2_000]!r}\n! saved as {saved}")


def main() -> None:
    """Print the figures, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the smallest inputs that reach as much")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="punnet-fuzzing-") as folder:
        fuzzing = Fuzzing(options.target, TARGETS[options.target], Path(folder))
        outcome = fuzzing.run(round(60 * options.minutes), options.seed, progress)
        if outcome.looks:
            show(outcome)
        if outcome.code or outcome.findings:
            tell(options.target, outcome)
        if options.keep and outcome.clean:
            fuzzing.distil(CORPUS / options.target / "reached")
    sys.exit(not outcome.looks or not outcome.clean)


if __name__ == "__main__":
    main()
