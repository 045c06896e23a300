"""A model that comes and goes: loaded in the background, tried again, unloaded when nobody needs it."""

from __future__ import annotations

import gc
import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from .. import core

LONGEST_PAUSE = 3600.0  # seconds between two attempts
END_SECONDS = 30.0  # that work in the background may take to notice that nobody needs it
_CLOSE_SECONDS = 5.0


class Closable(Protocol):
    def close(self, wait: float) -> None: ...


E = TypeVar("E", bound=Closable)


class Resident(Generic[E]):
    """One engine, made by `load` whenever it is wanted and not there. Safe from many threads.

    It is wanted from the first `take` on. A failure is told to the log once, and the next attempts follow after
    retry_seconds, twice that, and so on. idle_seconds: without anybody who took it, after which it is freed; 0: never.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], E],
        *,
        retry_seconds: float,
        idle_seconds: float = 0.0,
        meanwhile: str = "",
        log: logging.Logger,
    ) -> None:
        """meanwhile: what happens to requests until it is there, for the log."""
        self.name, self._load, self._log, self._meanwhile = name, load, log, meanwhile
        self._retry_seconds, self._idle_seconds = retry_seconds, idle_seconds
        self._changed = threading.Condition()
        self._engine: E | None = None
        self._error: BaseException | None = None
        self._told = ""
        self._wanted = self._loading = self._leaving = self._closed = False
        self._users = self._failures = 0
        self._last_used = self._not_before = 0.0
        self._keeper: threading.Thread | None = None

    @property
    def engine(self) -> E | None:
        """What is loaded, to be looked at."""
        return self._engine

    @property
    def ready(self) -> bool:
        with self._changed:
            return self._usable()

    @property
    def loading(self) -> bool:
        return self._loading

    @property
    def error(self) -> BaseException | None:
        """Why it is not there; None if it is, or was never asked for, or is loaded for the first time."""
        return self._error

    def want(self) -> None:
        """Have it loaded, now or when it may be tried again. Returns at once."""
        with self._changed:
            if self._closed:
                return
            self._wanted = True
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name=f"cosyvox {self.name}", daemon=True)
                self._keeper.start()
            self._changed.notify_all()

    def take(self, wait: float) -> E | None:
        """The engine, until `give`; None if it is not there within `wait` seconds, or failed and is not tried now."""
        self.want()
        with self._changed:
            self._changed.wait_for(lambda: self._usable() or self._error is not None or self._closed, wait)
            if not self._usable():
                return None
            self._users += 1
            return self._engine

    def give(self) -> None:
        """Whoever took it needs it no more."""
        with self._changed:
            self._users -= 1
            self._last_used = time.monotonic()
            self._changed.notify_all()

    def alone(self, wait: float) -> bool:
        """Whether, within `wait` seconds, nobody has it but the caller, and it is to stay."""
        with self._changed:
            self._changed.wait_for(lambda: self._users <= 1 or not self._usable(), wait)
            return self._users <= 1 and self._usable()

    def fault(self, error: BaseException) -> None:
        """It cannot work as it is: freed as soon as those who took it are done, and loaded again after a pause."""
        with self._changed:
            if self._engine is None or self._leaving:
                return
            self._leaving, self._error = True, error
            self._changed.notify_all()
        self._tell(error, self._retry_seconds)
        _let_go(error)

    def close(self, wait: float) -> None:
        """Free it. Those who took it may end within `wait` seconds; nobody gets it any more. Loading ends, too."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._users == 0, wait)
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close(0.0)
        if self._keeper is not None:  # the interpreter must not end while it computes
            self._keeper.join(END_SECONDS)

    def _usable(self) -> bool:
        return self._engine is not None and not self._leaving and not self._closed

    def _keep(self) -> None:
        """The one thread that loads and frees."""
        while True:
            with self._changed:
                while not self._closed and not self._due():
                    self._changed.wait(self._until())
                if self._closed:
                    return
                engine, self._engine = self._engine, None
                self._loading = engine is None
            if engine is None:
                self._attempt()
            else:
                self._free(engine)
                del engine
                gc.collect()  # what engines hold are rings of objects

    def _due(self) -> bool:
        """Whether there is something to do now."""
        now = time.monotonic()
        if self._engine is None:
            return self._wanted and now >= self._not_before
        if self._users:
            return False
        return self._leaving or (0 < self._idle_seconds <= now - self._last_used)

    def _until(self) -> float | None:
        """Seconds until that may change by itself."""
        if self._engine is None:
            return max(0.0, self._not_before - time.monotonic()) if self._wanted else None
        if self._users or not self._idle_seconds:
            return None
        return max(0.0, self._last_used + self._idle_seconds - time.monotonic())

    def _attempt(self) -> None:
        try:
            engine = self._load()
        except BaseException as error:
            with self._changed:
                self._failures += 1
                pause = min(self._retry_seconds * 2 ** min(self._failures - 1, 20), LONGEST_PAUSE)
                self._error, self._loading = error, False
                self._not_before = time.monotonic() + pause
                closed = self._closed
                self._changed.notify_all()
            if not closed and not isinstance(error, core.Cancelled):
                self._tell(error, pause)
            _let_go(error)
            return
        with self._changed:
            self._error, self._failures, self._loading, self._told = None, 0, False, ""
            self._last_used = time.monotonic()
            closed = self._closed
            if not closed:
                self._engine = engine
            self._changed.notify_all()
        if closed:
            engine.close(0.0)
        else:
            self._log.info("%s is loaded", self.name)

    def _free(self, engine: E) -> None:
        """Of a model that failed the next attempt is due after a pause; one that idled waits to be wanted."""
        engine.close(_CLOSE_SECONDS)
        with self._changed:
            self._wanted = self._leaving
            self._not_before = time.monotonic() + self._retry_seconds if self._leaving else 0.0
            idle = not self._leaving
            self._leaving = False
        if idle:
            self._log.info("%s is unloaded: nobody needed it for %g minutes", self.name, self._idle_seconds / 60)

    def _tell(self, error: BaseException, pause: float) -> None:
        """Once for each kind of trouble; a defect of ours with where it happened, for whoever looks for it."""
        told = f"{type(error).__name__}: {error}"
        level = logging.DEBUG if told == self._told else logging.ERROR
        self._told = told
        reason = error if isinstance(error, core.CosyVoxError) else told
        unknown = not isinstance(error, core.CosyVoxError)
        self._log.log(
            level,
            "%s cannot speak: %s; it is tried again in %.0f s%s",
            self.name,
            reason,
            pause,
            self._meanwhile,
            exc_info=error if unknown and level == logging.ERROR else None,
        )


def _let_go(error: BaseException | None) -> None:
    """An error that is kept holds no half a model: frames keep what they worked on."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
