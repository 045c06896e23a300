"""The source of all speech here: flite, a small free synthesiser, with its four voices warped into many speakers.

flite's own f0_shift moves the pitch and duration_stretch the tempo; playing the result faster or slower moves the
formants (with pitch and tempo, which is made up for). Every speaker between the extremes exists.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.audio.files import read_audio
from ..core.audio.resample import resample

RATE = 24_000  # Hz, what is trained on
SILENCE = "pau"  # as flite names it
_FLITE_RATE = 16_000
_GRID = 200  # Hz; formants move in steps of 1.25 %, so that the resampler's kernels stay small
PRIVATE = Path(__file__).parents[1] / "build" / "flite" / "flite"  # a copy of our own, see get_flite.py
BASES = {"slt": 171.0, "rms": 103.0, "awb": 135.0, "kal16": 99.0}  # voice -> its median f0 in Hz


class FliteMissing(RuntimeError):
    """There is no flite on this machine."""


@dataclass(frozen=True)
class Speaker:
    """A voice of flite with its pitch and its formants multiplied."""

    base: str
    pitch: float = 1.0
    formants: float = 1.0

    @property
    def f0(self) -> float:
        """The median pitch to expect, in Hz."""
        return BASES[self.base] * self.pitch


@dataclass(frozen=True)
class Phone:
    """name: as flite spells it, `SILENCE` for none. end: in seconds."""

    name: str
    end: float


@dataclass(frozen=True)
class Utterance:
    """What a speaker made of a text: audio [S] at `RATE`, and when each phone ends."""

    audio: NDArray[np.float32]
    phones: tuple[Phone, ...]


def program() -> str:
    """Where flite is. Raises FliteMissing."""
    if path := shutil.which("flite"):
        return path
    if PRIVATE.exists():
        return str(PRIVATE)
    raise FliteMissing(
        "flite is not installed: `apt install flite` (Debian, Ubuntu), or https://github.com/festvox/flite"
    )


def speak(text: str, speaker: Speaker, tempo: float = 1.0) -> Utterance:
    """`text` as `speaker` says it. Raises FliteMissing, subprocess.SubprocessError."""
    rate = round(_FLITE_RATE * speaker.formants / _GRID) * _GRID
    warp = rate / _FLITE_RATE
    with tempfile.TemporaryDirectory(prefix="flite-") as folder:
        wave = Path(folder) / "speech.wav"
        command = [
            *(program(), "-voice", speaker.base, "-psdur", "-o", str(wave)),
            *("--setf", f"duration_stretch={warp / tempo:.4f}", *_pitch(speaker, speaker.pitch / warp)),
            *("-t", text if " " in text else text + " "),
        ]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        audio, _ = read_audio(wave)
    pairs = (entry.rsplit(":", 1) for entry in told.stdout.split())
    phones = tuple(Phone(name, float(end) / warp) for name, end in pairs)
    return Utterance(resample(audio.reshape(-1), rate, RATE), phones)


def _pitch(speaker: Speaker, shift: float) -> list[str]:
    if speaker.base == "kal16":  # made of diphones: its pitch is a target in Hz, not a factor
        return ["--setf", f"int_f0_target_mean={BASES['kal16'] * shift:.2f}"]
    return ["--setf", f"f0_shift={shift:.4f}"]
