"""Where the speech goes: a file that nobody had before, or standard output."""

from __future__ import annotations

import io
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .. import core
from .console import write_stdout

if TYPE_CHECKING:
    from ..core import Speech

DEFAULT_NAME = "hello.wav"


class Output(Protocol):
    def check(self) -> None:
        """Complain before the work what could not be written after it. Raises StorageError."""
        ...

    def write(self, speech: Speech) -> Path | None:
        """The file that was written; None is standard output. Raises StorageError, BrokenPipeError."""
        ...


class StandardOutput:
    """A WAV file on standard output, for a player or another program behind a pipe."""

    def check(self) -> None:
        if sys.stdout is None:  # as `>&-` leaves it
            raise core.StorageError("standard output is closed: name a file with -o FILE")
        if sys.stdout.isatty():
            raise core.StorageError("standard output is a terminal, which cannot play a WAV: name a file with -o FILE")

    def write(self, speech: Speech) -> None:
        wav = io.BytesIO()
        core.write_wav(wav, speech.audio, speech.sample_rate)
        write_stdout(wav.getvalue())


class NamedFile:
    """The file that the caller named; one that exists is only replaced on demand."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = path
        self._force = force

    def check(self) -> None:
        if self._path.is_dir():
            raise core.StorageError(f"{self._path} is a folder: name a file in it")
        if self._is_device():
            return
        if self._path.suffix.lower() != ".wav":
            raise core.StorageError(f"{self._path} would hold a WAV: give it a name that ends in .wav")
        if not self._path.parent.is_dir():
            raise core.StorageError(f"there is no folder {self._path.parent}: make it first")
        if self._path.exists() and not self._force:
            raise self._exists()
        _check_folder(self._path.parent)

    def write(self, speech: Speech) -> Path:
        if self._force or self._is_device():
            core.write_wav(self._path, speech.audio, speech.sample_rate)
        elif not _write_new(self._path, speech):
            raise self._exists()
        return self._path

    def _is_device(self) -> bool:
        """A device or a pipe, such as `>(aplay)`: nothing in it can be lost."""
        return self._path.exists() and not self._path.is_file()

    def _exists(self) -> core.StorageError:
        return core.StorageError(f"{self._path} exists already: name another file, or replace it with --force")


class NextFreeFile:
    """hello.wav in the current folder, or hello-2.wav, hello-3.wav, … where that exists."""

    def check(self) -> None:
        _check_folder(Path())

    def write(self, speech: Speech) -> Path:
        first = Path(DEFAULT_NAME)
        path = first
        for number in count(2):
            if _write_new(path, speech):
                break
            path = first.with_stem(f"{first.stem}-{number}")
        return path


def choose(name: str | None, *, force: bool) -> Output:
    """The output that `-o NAME` means."""
    if name is None:
        return NextFreeFile()
    return StandardOutput() if name == "-" else NamedFile(Path(name), force=force)


def _check_folder(folder: Path) -> None:
    """Raises StorageError where no file can be made; one that nobody sees is."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        place = folder.resolve()
        raise core.StorageError(f"{place} cannot be written to ({error.strerror}): choose another -o FILE") from error


def _write_new(path: Path, speech: Speech) -> bool:
    """Write `path` unless it exists, also if somebody else makes it at this very moment. Raises StorageError."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    except OSError as error:
        raise core.StorageError(f"{path} could not be written: {error.strerror}") from error
    try:
        core.write_wav(path, speech.audio, speech.sample_rate)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True
