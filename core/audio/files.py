"""Recordings in, WAV files out."""

from __future__ import annotations

import os
import stat
import struct
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, RequestError, StorageError
from ..storage import replacing
from .rates import check_rate

# What a recording may take in memory: 46 minutes of 48 kHz stereo, 4.6 hours of 16 kHz mono.
MAX_BYTES = 1 << 30

Source: TypeAlias = str | os.PathLike[str] | BinaryIO | NDArray[np.float32]
_UNKNOWN = 0xFFFFFFFF


def read_audio(source: str | os.PathLike[str] | BinaryIO) -> tuple[NDArray[np.float32], int]:
    """A file, or a seekable binary stream, in a format that libsndfile reads -> samples [C, S] in ±1, rate in Hz.

    Raises AudioError if it cannot be read, is empty, is not finite or would take more than MAX_BYTES;
    the last is seen in the header, before any sample is read.
    """
    name = _name(source)
    with _opened(source, name) as file:
        rate = int(file.samplerate)
        samples: NDArray[np.float32] = np.ascontiguousarray(file.read(dtype="float32", always_2d=True).T)
    if samples.size == 0:
        raise AudioError(f"{name} holds no sound: record or export it again")
    if not np.isfinite(samples).all():
        raise AudioError(f"{name} holds samples that are not numbers (NaN or Inf): export it again as 16-bit PCM")
    return samples, rate


def samples_of(source: Source, rate: int | None) -> tuple[NDArray[np.float32], int, str]:
    """A recording, or samples [S] or [C, S] at `rate` Hz -> samples [C, S], rate in Hz and a name for them.

    Raises AudioError as `read_audio` does, RequestError for samples without a rate.
    """
    if not isinstance(source, np.ndarray):
        samples, rate = read_audio(source)
        return samples, rate, Path(getattr(source, "name", source)).stem  # type: ignore[arg-type]
    if rate is None:
        raise RequestError("samples need their rate: rate=24000")
    samples = np.atleast_2d(np.asarray(source, dtype=np.float32))
    if samples.ndim != 2:
        raise AudioError(f"samples must be [S] or [C, S], not of shape {samples.shape}")
    return samples, rate, ""


def audio_length(path: str | os.PathLike[str]) -> tuple[float, int]:
    """Seconds and rate in Hz, as the file's header has them. Raises AudioError as `read_audio` does."""
    name = _name(path)
    with _opened(path, name) as file:
        if file.frames == 0:
            raise AudioError(f"{name} holds no sound: record or export it again")
        return file.frames / file.samplerate, int(file.samplerate)


def write_wav(target: str | os.PathLike[str] | BinaryIO, audio: NDArray[np.float32], rate: int) -> None:
    """audio [S] or [C, S] in ±1 at `rate` Hz -> 16-bit PCM WAV; what is beyond ±1 is clipped.

    A file appears whole or not at all, and replaces one of that name; a stream need not be seekable.
    Raises AudioError if the audio is not finite, StorageError if it cannot be written.
    """
    pcm = pcm16(np.atleast_2d(audio))
    try:
        if isinstance(target, (str, os.PathLike)):
            with replacing(Path(target)) as stream:
                _write_pcm(stream, pcm, rate)
        else:
            _write_pcm(target, pcm, rate)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"cannot write {_name(target)} ({reason}): make room or choose another place") from error


def pcm16(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples of any shape in ±1 as 16-bit files hold them; what is beyond ±1 is clipped.

    Raises AudioError if they are not finite.
    """
    if not np.isfinite(audio).all():
        raise AudioError("the audio to be written holds samples that are not numbers (NaN or Inf)")
    return np.round(np.clip(audio, -1.0, 1.0) * 32767.0).astype(np.int16)


def wav_header(rate: int) -> bytes:
    """What stands before 16-bit mono PCM at `rate` Hz in a WAV whose length nobody knows yet: it has the greatest one.

    Players read such a stream to its end.
    """
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", _UNKNOWN, b"WAVE"),
        *(b"fmt ", 16, wave.WAVE_FORMAT_PCM, 1, rate, 2 * rate, 2, 16),
        *(b"data", _UNKNOWN),
    )


@contextmanager
def _opened(source: str | os.PathLike[str] | BinaryIO, name: str) -> Iterator[Any]:
    """A recording of a size and rate that can be read. Raises AudioError, also for what goes wrong in the block."""
    soundfile = _soundfile()
    _check_exists(source, name)
    try:
        with soundfile.SoundFile(source) as file:
            check_rate(int(file.samplerate))
            _check_size(name, file.frames, file.channels, int(file.samplerate))
            yield file
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise AudioError(f"{name} cannot be read as audio ({reason}): convert it to WAV or FLAC") from error


def _write_pcm(stream: BinaryIO, pcm: NDArray[np.int16], rate: int) -> None:
    with wave.open(stream, "wb") as file:
        file.setnchannels(pcm.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.setnframes(pcm.shape[1])  # known before the first byte: a pipe cannot be sought back to correct it
        file.writeframesraw(pcm.T.tobytes())


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the package is there, libsndfile is not
        raise AudioError(f"reading recordings needs libsndfile ({error}): pip install soundfile") from error
    return soundfile


def _name(place: object) -> str:
    if isinstance(place, (str, os.PathLike)):
        return os.fspath(place)
    name = getattr(place, "name", None)
    return name if isinstance(name, str) else "the audio stream"


def _check_exists(source: object, name: str) -> None:
    if not isinstance(source, (str, os.PathLike)):
        return
    try:
        mode = Path(source).stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise AudioError(f"there is no file {name}: check the path") from error
    if stat.S_ISDIR(mode):
        raise AudioError(f"{name} is a folder: name a recording in it")


def _check_size(name: str, frames: int, channels: int, rate: int) -> None:
    most = MAX_BYTES // (4 * channels)
    if frames > most:
        raise AudioError(
            f"{name} lasts {frames / rate / 60:.0f} minutes, more than the {most / rate / 60:.0f} that can be read "
            "in this format: cut out the part that is needed"
        )
