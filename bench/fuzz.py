"""Throw 10,000 requests generated from the OpenAPI document at a real server, and more where asked.

    ./dev bench fuzz
    python bench/fuzz.py [EXAMPLES A ROUTE AND PHASE, 500]

Ends with an error when one of them meets a 5xx, or an answer that the document does not describe.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.fuzzing import fuzz


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    code, report = asyncio.run(fuzz(examples, seed=7, phases="examples,coverage,fuzzing,stateful"))
    print(report)
    sys.exit(code)


if __name__ == "__main__":
    main()
