"""Machine code for all loops, made by a process of its own.

A compiler keeps what it needed until its process ends, which is more than a server without shoppers needs.
"""

import logging
import os
import subprocess
import sys

from punnet.core.compiled import drop_former, folder, is_kept
from punnet.engine.rehearsal import rehearse
from punnet.turns import wait_for_turn

REHEARSAL = "from punnet.engine.rehearsal import rehearse; rehearse()"
"""What the other process does. It leaves machine code where its environment says."""

logger = logging.getLogger(__name__)


def prepare_loops() -> None:
    """Have all compiled loops ready, compiled now where no earlier process did; one does so for all.

    Where the other process fails, or what it made cannot be kept, they are compiled here.
    """
    where = folder()
    with wait_for_turn(where.parent):
        is_first = not is_kept()
        if is_first:
            logger.warning(
                "compiling, which takes a quarter of a minute the first time after an installation"
            )
            told = os.environ | {"NUMBA_CACHE_DIR": str(where)}
            subprocess.run([sys.executable, "-c", REHEARSAL], env=told, check=False)
    rehearse()
    if is_first:
        drop_former()
