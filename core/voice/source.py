"""What a recording says, for another voice to say it: cut into parts that a speech tokenizer can hear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio.level import speech_level
from ..audio.rates import check_rate
from ..audio.resample import resample
from ..errors import AudioError

RATE = 16_000  # Hz, of the parts
TOKEN = RATE // 25  # samples of one speech token
LONGEST = 700  # tokens: 28 s, a little less than the tokenizer was made for
_SEARCHED = 200  # tokens at the end of a part, among which it is cut where it is quietest
_QUIET = 5  # tokens over which quiet is measured


def source_parts(samples: NDArray[np.float32], rate: int) -> list[NDArray[np.float32]]:
    """A recording [C, S] at `rate` Hz, of any length -> parts [N] at RATE, whole tokens each, that follow each other.

    Silence is filled in behind the last one. Raises AudioError if there is nothing to hear.
    """
    check_rate(rate)
    if not np.isfinite(samples).all():
        raise AudioError("the source holds samples that are not numbers (NaN or Inf): export it again as 16-bit PCM")
    mono = samples.mean(axis=0, dtype=np.float32)
    if speech_level(mono, rate) is None:
        raise AudioError("the source is silent: check the recording")
    heard = resample(mono, rate, RATE)
    heard = np.pad(heard, (0, -len(heard) % TOKEN))
    parts = []
    while len(heard) > LONGEST * TOKEN:
        stop = _quietest(heard[: LONGEST * TOKEN])
        parts.append(heard[:stop])
        heard = heard[stop:]
    return [*parts, heard]


def _quietest(audio: NDArray[np.float32]) -> int:
    """A multiple of TOKEN near the end, in the middle of what is quietest there."""
    power = np.square(audio[-_SEARCHED * TOKEN :], dtype=np.float64).reshape(-1, TOKEN).mean(axis=1)
    around = np.convolve(power, np.ones(_QUIET), mode="valid")
    return len(audio) - _SEARCHED * TOKEN + (int(around.argmin()) + _QUIET // 2 + 1) * TOKEN
