"""Where the sound goes: a file that nobody had before, or standard output."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .. import core
from .console import write_stdout
from .parser import UsageError
from .target import Target, check_folder, write_new

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
        self._target = Target(path, (".wav",), "a WAV", force=force)

    def check(self) -> None:
        self._target.check()

    def write(self, audio: NDArray[np.float32], rate: int) -> Path:
        return self._target.write(lambda path: core.write_wav(path, audio, rate))

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> Path:
        if not self._target.is_device:
            return self.write(_joined(pieces), rate)
        path, data = self._target.path, _encoded(pieces, rate, raw=False)
        try:
            with path.open("wb", buffering=0) as device:
                for piece in data:
                    device.write(piece)
        except OSError as error:
            raise core.StorageError(f"cannot write {path}: {error.strerror}") from error
        return path


class NextFreeFile:
    """The first of hello.wav, hello-2.wav, hello-3.wav, … that does not exist in the current folder."""

    def __init__(self, name: str) -> None:
        self._name = name

    def check(self) -> None:
        check_folder(Path())

    def write(self, audio: NDArray[np.float32], rate: int) -> Path:
        first = Path(self._name)
        path = first
        for number in count(2):
            if write_new(path, lambda path: core.write_wav(path, audio, rate)):
                break
            path = first.with_stem(f"{first.stem}-{number}")
        return path

    def stream(self, pieces: Iterable[NDArray[np.float32]], rate: int) -> Path:
        return self.write(_joined(pieces), rate)


def file_options(default: str = DEFAULT_NAME) -> argparse.ArgumentParser:
    """Where the sound goes."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        help=f"WAV to write, - for standard output (default: {default} or the next free name)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(format="wav")
    return parser


def output_options() -> argparse.ArgumentParser:
    """Where the speech goes, and whether before it is finished."""
    parser = argparse.ArgumentParser(add_help=False, parents=[file_options()])
    parser.add_argument("--stream", action="store_true", help="hand out the audio while it is made")
    parser.add_argument(
        "--format",
        choices=["wav", "raw"],
        default="wav",
        help="of standard output; raw is 16-bit mono PCM (default: wav)",
    )
    return parser


def choose(args: argparse.Namespace, default: str = DEFAULT_NAME) -> Output:
    """The output that `file_options` or `output_options` mean, checked. Raises UsageError, StorageError."""
    if args.json and args.output == "-":
        raise UsageError("--json and `-o -` both want standard output: name a file with -o FILE")
    if args.format == "raw" and args.output != "-":
        raise UsageError("--format raw is for standard output: add `-o -`")
    output: Output
    if args.output is None:
        output = NextFreeFile(default)
    elif args.output == "-":
        output = StandardOutput(raw=args.format == "raw")
    else:
        output = NamedFile(Path(args.output), force=args.force)
    output.check()
    return output


def _joined(pieces: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate(list(pieces))


def _encoded(pieces: Iterable[NDArray[np.float32]], rate: int, *, raw: bool) -> Iterator[bytes]:
    """16-bit samples as they come, a header before the first of them."""
    header = b"" if raw else core.wav_header(rate)
    for piece in pieces:
        yield header + core.pcm16(piece).astype("<i2").tobytes()
        header = b""
