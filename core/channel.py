"""What happens to a request, from the worker that speaks it to the one consumer that listens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import Cancelled
from .request import Progress


@dataclass(frozen=True)
class Sound:
    """Audio [S] float32 at the model's rate, of the segment that is running."""

    audio: NDArray[np.float32]


@dataclass(frozen=True)
class SegmentEnd:
    """The segment that was running is over. warnings: what may be wrong with it, for the user to read."""

    text: str
    speech_tokens: list[int]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """Nothing follows. error: why, if it is not because all was said. seconds: spent in each stage."""

    error: BaseException | None
    seconds: Mapping[str, float]


Event: TypeAlias = Progress | Sound | SegmentEnd | Done


class Channel:
    """Events in order. `wake` is called when the consumer has read on or lost interest."""

    def __init__(self, wake: Callable[[], None], rate: int, ahead_seconds: float) -> None:
        self._wake = wake
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._unread = 0
        self._most_unread = ahead_seconds * rate
        self.read = monotonic()
        self.cancelled = False

    def put(self, event: Event) -> None:
        with self._changed:
            if self.cancelled:
                return
            if isinstance(event, Sound):
                if not self._unread:
                    self.read = monotonic()
                self._unread += len(event.audio)
            self._events.append(event)
            self._changed.notify()

    @property
    def full(self) -> bool:
        """Whether so much is unread that no more should be made."""
        return self._unread > self._most_unread

    def get(self, timeout: float) -> Event | None:
        """The next event; None if there was none for `timeout` seconds."""
        with self._changed:
            if not self._events:
                self._changed.wait(timeout)
            if not self._events:
                return None
            event = self._events.popleft()
            was_full = self.full
            if isinstance(event, Sound):
                self._unread -= len(event.audio)
            self.read = monotonic()
        if was_full and not self.full:
            self._wake()
        return event

    def cancel(self) -> None:
        """Nobody wants to hear more; who is waiting for it gets Cancelled."""
        with self._changed:
            self.cancelled = True
            self._events.clear()
            self._events.append(Done(Cancelled("stopped on request"), {}))
            self._changed.notify()
        self._wake()
