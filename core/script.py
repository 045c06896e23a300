"""What a request is to say, written by whoever has the text, read by the worker that speaks it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True)
class Part:
    """Text and its ids: of a segment that begins here or began before, and is complete here or goes on."""

    text: str
    ids: list[int]
    begins: bool = True
    ends: bool = True


class Script:
    """Parts in order, and whether more will come. `wake` is called whenever that changed.

    on_pause: called by the worker when nothing was written for a while; may add what was held back.
    """

    def __init__(self, wake: Callable[[], None], parts: Iterable[Part] = (), *, closed: bool = False) -> None:
        self._wake = wake
        self.on_pause: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._parts = deque(parts)
        self._closed = closed
        self.error: BaseException | None = None
        self._written: float | None = None

    def add(self, parts: Iterable[Part]) -> None:
        with self._lock:
            self._parts.extend(parts)
        self._wake()

    def touch(self) -> None:
        """Something was written, though it may be held back."""
        self._written = monotonic()

    @property
    def quiet_since(self) -> float | None:
        """When it was written to for the last time; None if what that held back was asked for since."""
        return self._written if self.open else None

    def pause(self) -> None:
        """Have what is held back added."""
        self._written = None
        if self.on_pause is not None:
            self.on_pause()

    def close(self, error: BaseException | None = None) -> None:
        """There is no more; error: because whoever writes it failed."""
        with self._lock:
            self._closed = True
            self.error = self.error or error
        self._wake()

    def peek(self) -> Part | None:
        with self._lock:
            return self._parts[0] if self._parts else None

    def take(self) -> Part:
        with self._lock:
            return self._parts.popleft()

    @property
    def open(self) -> bool:
        """Whether a part may still be added."""
        return not self._closed

    @property
    def empty(self) -> bool:
        return not self._parts
