"""One process at a time: a folder that is locked while something is made in it."""

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path


def take_turn(folder: Path) -> ExitStack | None:
    """Return what is to be held while something is made in a folder; None while another process holds it.

    No file is left behind, and no lock of a process that was killed. Where a folder cannot be locked,
    everybody has a turn.
    """
    try:
        return _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def wait_for_turn(folder: Path) -> ExitStack:
    """Return the same, once no other process holds it."""
    return _locked(folder, fcntl.LOCK_EX)


def _locked(folder: Path, how: int) -> ExitStack:
    with ExitStack() as opened:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            opened.callback(os.close, descriptor)
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            raise
        except OSError:
            return ExitStack()
        return opened.pop_all()
