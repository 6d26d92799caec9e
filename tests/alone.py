"""Say which modules of the named rooms are not covered, line and branch, by their own test file alone.

Reads what one run of pytest with `--cov-context=test` recorded. What a module does while it is imported is
recorded here, apart, and counts for it too.
"""

import importlib
import io
import re
import sys
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "punnet"
IMPORT = "import"


def own_tests(module: Path) -> str:
    """Return the path of a module's test file, as pytest names it."""
    return f"tests/{module.relative_to(PACKAGE).parent.as_posix()}/test_{module.name}"


def gap(coverage: Coverage, module: Path) -> str:
    """Return the report of what the module's own tests leave out, or an empty text."""
    tests = own_tests(module)
    report = io.StringIO()
    alone = [f"^{IMPORT}$", f"^{re.escape(tests)}::"]
    covered = coverage.report(include=[str(module)], contexts=alone, skip_covered=False, file=report)
    if covered == 100:
        return ""
    return f"{module.relative_to(ROOT)} is not covered by {tests} alone\n{report.getvalue()}"


def recorded(modules: list[Path]) -> Coverage:
    """Return what the run recorded, and what the modules do while they are imported."""
    coverage = Coverage(context=IMPORT)
    coverage.load()
    with coverage.collect():
        for module in modules:
            importlib.import_module(".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts))
    return coverage


def main(rooms: list[str]) -> int:
    """Print every gap, and return how many modules have one."""
    modules = [path for room in rooms for path in sorted((PACKAGE / room).rglob("[!_]*.py"))]
    coverage = recorded(modules)
    gaps = [text for module in modules if (text := gap(coverage, module))]
    sys.stdout.write("\n".join(gaps))
    return len(gaps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
