"""Punnet: real-time recommendations for farmers' markets and local-food shops.

A shop's own code needs `on` and `Event`, and nothing else from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from punnet.handlers.event import Event
    from punnet.handlers.registry import on

__version__ = "0.1.0"
__all__ = ["Event", "on"]


_HOMES = {"Event": "punnet.handlers.event", "on": "punnet.handlers.registry"}


def __getattr__(name: str) -> object:
    """Return what own handlers are made with; it is imported only once it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
