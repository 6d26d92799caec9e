"""The versions of a journal's tables, and the SQL that leads from one to the next."""

from importlib.resources import files
from importlib.resources.abc import Traversable

ROOM = files("punnet.journal")


def latest(database: str) -> int:
    """Return the version that this program writes to a `database` (sqlite, postgres)."""
    return _number(_steps(database)[-1])


def script(database: str, version: int) -> str:
    """Return the SQL that brings tables of `version` up to the latest one; 0 makes them."""
    if not version:
        return (ROOM / "schema" / f"{database}.sql").read_text("utf-8")
    return "".join(step.read_text("utf-8") for step in _steps(database) if _number(step) > version)


def _steps(database: str) -> list[Traversable]:
    return sorted((ROOM / "migrations" / database).iterdir(), key=_number)


def _number(step: Traversable) -> int:
    return int(step.name[:4])
