"""Where the speech goes: a file that nobody had before, or standard output."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .. import core
from .console import write_stdout
from .parser import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_NAME = "hello.wav"


class Output(Protocol):
    def check(self) -> None:
        """Complain before the work what could not be written after it. Raises StorageError."""
        ...

    def write(self, audio: NDArray[np.float32], rate: int) -> Path | None:
        """The file that was written; None is standard output. Raises StorageError, BrokenPipeError."""
        ...

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> Path | None:
        """The same, piece by piece where somebody listens; a file still appears whole or not at all."""
        ...


class StandardOutput:
    """A WAV file, or its bare samples, on standard output, for a player or another program behind a pipe."""

    def __init__(self, *, raw: bool) -> None:
        self._raw = raw

    def check(self) -> None:
        if sys.stdout is None:  # as `>&-` leaves it
            raise core.StorageError("standard output is closed: name a file with -o FILE")
        if sys.stdout.isatty():
            raise core.StorageError("standard output is a terminal, which cannot play a WAV: name a file with -o FILE")

    def write(self, audio: NDArray[np.float32], rate: int) -> None:
        if self._raw:
            self.stream([audio], rate)
            return
        wav = io.BytesIO()
        core.write_wav(wav, audio, rate)
        write_stdout(wav.getvalue())

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> None:
        for data in _encoded(pieces, rate, raw=self._raw):
            write_stdout(data)


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

    def write(self, audio: NDArray[np.float32], rate: int) -> Path:
        if self._force or self._is_device():
            core.write_wav(self._path, audio, rate)
        elif not _write_new(self._path, audio, rate):
            raise self._exists()
        return self._path

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> Path:
        if not self._is_device():
            return self.write(_joined(pieces), rate)
        data = _encoded(pieces, rate, raw=False)
        try:
            with self._path.open("wb", buffering=0) as device:
                for piece in data:
                    device.write(piece)
        except OSError as error:
            raise core.StorageError(f"cannot write {self._path}: {error.strerror}") from error
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

    def write(self, audio: NDArray[np.float32], rate: int) -> Path:
        first = Path(DEFAULT_NAME)
        path = first
        for number in count(2):
            if _write_new(path, audio, rate):
                break
            path = first.with_stem(f"{first.stem}-{number}")
        return path

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> Path:
        return self.write(_joined(pieces), rate)


def output_options() -> argparse.ArgumentParser:
    """Where the speech goes, and whether before it is finished."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        help=f"WAV to write, - for standard output (default: {DEFAULT_NAME} or the next free name)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.add_argument("--stream", action="store_true", help="hand out the audio while it is made")
    parser.add_argument(
        "--format",
        choices=["wav", "raw"],
        default="wav",
        help="of standard output; raw is 16-bit mono PCM (default: wav)",
    )
    return parser


def choose(args: argparse.Namespace) -> Output:
    """The output that `output_options` mean, checked. Raises UsageError, StorageError."""
    if args.json and args.output == "-":
        raise UsageError("--json and `-o -` both want standard output: name a file with -o FILE")
    if args.format == "raw" and args.output != "-":
        raise UsageError("--format raw is for standard output: add `-o -`")
    output: Output
    if args.output is None:
        output = NextFreeFile()
    elif args.output == "-":
        output = StandardOutput(raw=args.format == "raw")
    else:
        output = NamedFile(Path(args.output), force=args.force)
    output.check()
    return output


def _check_folder(folder: Path) -> None:
    """Raises StorageError where no file can be made; one that nobody sees is."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        place = folder.resolve()
        raise core.StorageError(f"{place} cannot be written to ({error.strerror}): choose another -o FILE") from error


def _write_new(path: Path, audio: NDArray[np.float32], rate: int) -> bool:
    """Write `path` unless it exists, also if somebody else makes it at this very moment. Raises StorageError."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    except OSError as error:
        raise core.StorageError(f"{path} could not be written: {error.strerror}") from error
    try:
        core.write_wav(path, audio, rate)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _joined(pieces: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate(list(pieces))


def _encoded(pieces: Iterable[NDArray[np.float32]], rate: int, *, raw: bool) -> Iterator[bytes]:
    """16-bit samples as they come, a header before the first of them."""
    header = b"" if raw else core.wav_header(rate)
    for piece in pieces:
        yield header + core.pcm16(piece).astype("<i2").tobytes()
        header = b""
