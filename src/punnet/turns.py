"""One process at a time: a folder that is locked while something is made in it."""

import fcntl
import os
from contextlib import ExitStack, suppress
from pathlib import Path


def take_turn(folder: Path) -> ExitStack | None:
    """Return what is to be held while something is made in a folder; None while another process holds it.

    No file is left behind, and no lock of a process that was killed. Where a folder cannot be locked,
    everybody has a turn.
    """
    return _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)


def wait_for_turn(folder: Path) -> ExitStack:
    """Return the same, once no other process holds it."""
    return _locked(folder, fcntl.LOCK_EX) or ExitStack()


def _locked(folder: Path, how: int) -> ExitStack | None:
    held = ExitStack()
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        held.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            held.close()
            return None
    return held
