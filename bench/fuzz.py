"""Throw requests generated from the OpenAPI document at a real server, by each kind of caller.

    ./dev bench fuzz [EXAMPLES A ROUTE AND PHASE, 500] [CALLER ...]
    python bench/fuzz.py 100 visitor shopper

The callers are `trusted`, where AUTH_MODE is open, and `visitor`, `shopper`, `back-end` and `admin`, where
each shows who they are: nothing, a token, or a key. Without a name all of them come, one after the other.

Ends with an error when a request meets a 5xx, an answer that the document does not describe, or an answer
that is somebody else's, or when a visitor has changed something.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.fuzzing import Caller, fuzz


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    failed = []
    for caller in map(Caller, sys.argv[2:] or Caller):
        code, report = asyncio.run(
            fuzz(caller, examples, seed=7, phases="examples,coverage,fuzzing,stateful")
        )
        print(f"{caller}:\n{report}")
        if code:
            failed.append(caller)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
