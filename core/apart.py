"""Computing in a thread of its own, which takes its team of helpers with it when it ends.

Every thread that has ever computed with OpenMP keeps a team, and where the teams together outnumber the processors,
GNU's library lets all of them fall asleep between two products: everything the worker does would take twice as long
for as long as the caller's thread lives. So what callers need computed is computed apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from .errors import Cancelled
from .request import OnProgress, Progress

Result = TypeVar("Result")

_LOOK_SECONDS = 0.2  # a wait without an end cannot be interrupted from the keyboard everywhere


def apart(work: Callable[[], Result]) -> Result:
    """The result of `work`. Raises what it raises."""
    return apart_telling(lambda _: work(), None)


def apart_telling(work: Callable[[OnProgress], Result], on_progress: OnProgress | None) -> Result:
    """As `apart`; on_progress is called in the caller's thread. Where that is interrupted, so is the work."""
    told: SimpleQueue[Progress | None] = SimpleQueue()
    results: list[Result] = []
    errors: list[BaseException] = []
    interrupted = threading.Event()

    def tell(progress: Progress) -> None:
        if interrupted.is_set():
            raise Cancelled("nobody waits for it any more")
        told.put(progress)

    def run() -> None:
        try:
            results.append(work(tell))
        except BaseException as error:
            errors.append(error)
        finally:
            told.put(None)

    thread = threading.Thread(target=run, name="cosyvox apart", daemon=True)
    thread.start()
    try:
        while (progress := _next(told)) is not None:
            if on_progress is not None:
                on_progress(progress)
    finally:  # the interpreter must not end while it computes
        interrupted.set()
        thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _next(told: SimpleQueue[Progress | None]) -> Progress | None:
    while True:
        try:
            return told.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue
