"""A wire for tests: nothing leaves it, and there is room on it when a test says so."""

import json
from collections.abc import Callable
from typing import Any

from punnet.protocol.frames import Frame


class Reel:
    """Records the frames put on it and how it was ended; a test turns `ready`, as a reader would."""

    on_full: Callable[[], None]
    on_room: Callable[[], None]

    def __init__(self, *, ready: bool = True) -> None:
        self._ready = ready
        self.frames: list[Frame] = []
        self.ends: list[tuple[int, str]] = []

    @property
    def ready(self) -> bool:
        """Whether there is room; that there is again, a test says by `drained` of the connection."""
        return self._ready

    @ready.setter
    def ready(self, ready: bool) -> None:
        self._ready = ready
        if not ready:
            self.on_full()

    @staticmethod
    def prepare(frame: Frame) -> Frame:
        """Return the frame: here it is written as it is."""
        return frame

    def write(self, frame: Frame) -> None:
        """Record a frame."""
        self.frames.append(frame)

    def end(self, code: int, reason: str) -> None:
        """Record a goodbye."""
        self.ends.append((code, reason))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages put on the wire, as JSON says them."""
        return [json.loads(frame.text) for frame in self.frames]

    @property
    def types(self) -> list[str]:
        """The types of these messages."""
        return [message["type"] for message in self.messages]

    def clear(self) -> None:
        """Forget what was put so far."""
        self.frames.clear()
