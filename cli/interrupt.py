"""Ctrl-C and SIGTERM: at once while nothing is at stake, at the next safe point while the core works."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While entered, a signal raises KeyboardInterrupt; inside `deferred()` only the second one does.

    number: the signal that came last, None before any.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._deferred = False
        self._previous: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> Interrupt:
        for number in _SIGNALS:
            # An ignored signal was ignored on purpose, by `nohup` or a shell's background job.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[Callable[[], bool]]:
        """Yields `should_stop`, which turns true with the first signal: what it is given to stops by itself."""
        self._deferred = True
        try:
            yield lambda: self.number is not None
        finally:
            self._deferred = False

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number, as shells report it: 130 for Ctrl-C."""
        return 128 + (self.number or signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first = self.number is None
        self.number = number
        if not (self._deferred and first):
            raise KeyboardInterrupt
