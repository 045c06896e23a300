"""What the command line prints, and where: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..core import StorageError

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..core import Progress


def use_utf8() -> None:
    """A redirected stream on Windows would have the code page's encoding, which few texts fit into."""
    if sys.stderr is None:  # as `2>&-` leaves it: `print` would fall back to standard output
        sys.stderr = io.StringIO()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def write_stdout(data: bytes) -> None:
    """All of `data` on standard output, untranslated. Raises BrokenPipeError, StorageError."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What could not be written is still buffered: Python would try, and complain, once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise StorageError(f"standard output could not be written: {error.strerror}") from error


class Console:
    """Prints a verb's outcome as its caller wants it: for people, as JSON, or only what went wrong."""

    def __init__(self, *, quiet: bool, as_json: bool) -> None:
        self._quiet = quiet
        self._as_json = as_json

    def note(self, line: str) -> None:
        """One line for whoever is watching."""
        if not (self._quiet or self._as_json):
            print(line, file=sys.stderr)

    def warn(self, line: str) -> None:
        """One line that even the quiet want to see."""
        if not self._as_json:
            print(f"warning: {line}", file=sys.stderr)

    def result(self, fields: Mapping[str, Any], text: str = "") -> None:
        """The outcome, on standard output: `fields` as one line of JSON if that was asked for, else `text`."""
        line = json.dumps(fields, ensure_ascii=False) if self._as_json else text
        if line:
            write_stdout(f"{line}\n".encode(errors="backslashreplace"))

    @contextmanager
    def progress(self) -> Iterator[ProgressBar | None]:
        """An `on_progress` that draws bars, or None where nobody would see them."""
        if self._quiet or self._as_json or not sys.stderr.isatty():
            yield None
            return
        bar = ProgressBar()
        try:
            yield bar
        finally:
            bar.close()


class ProgressBar:
    """An `on_progress` for the core: one bar at a time, replaced when the stage or the segment changes."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._label = ""

    def __call__(self, progress: Progress) -> None:
        from tqdm import tqdm

        label = progress.stage
        if progress.segments > 1:
            label += f" {progress.segment}/{progress.segments}"
        if self._bar is None or label != self._label:
            self.close()
            self._label = label
            bytes_ = progress.stage.startswith("download ")
            self._bar = tqdm(
                desc=label,
                total=progress.total,
                initial=progress.done,
                unit="B" if bytes_ else "it",
                unit_scale=bytes_,
                leave=False,
                file=sys.stderr,
            )
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
