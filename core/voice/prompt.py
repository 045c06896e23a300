"""Is this recording fit to be cloned? What is plainly not is refused, what is doubtful is warned of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..audio.level import FRAME_SECONDS, speech_frames, speech_level, speech_span
from ..audio.rates import check_rate
from ..errors import AudioError

MAX_SECONDS = 30.0  # what the speech tokenizer was made for
MIN_SPEECH_SECONDS = 0.5
ADVISED_SPEECH_SECONDS = 2.5  # what a recording of 3 s holds, between its silent ends
ADVISED_RATE = 16_000
QUIET_DB = -45.0
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale: a single one may be an honest peak
MAX_AMPLITUDE = 8.0  # decoders overshoot ±1 a little; beyond this the samples are integers in disguise


@dataclass(frozen=True)
class Prompt:
    """audio: [S] float32 mono at `rate` Hz. warnings: what may make the clone worse, for the user to read."""

    audio: NDArray[np.float32]
    rate: int
    warnings: tuple[str, ...] = ()


def prepare_prompt(samples: NDArray[np.float32], rate: int) -> Prompt:
    """samples [C, S] -> the mean of the channels, checked. Its level is not changed. Raises AudioError."""
    check_rate(rate)
    seconds = samples.shape[-1] / rate
    if seconds > MAX_SECONDS:
        raise AudioError(f"the prompt lasts {seconds:.0f} s, at most {MAX_SECONDS:.0f} s can be used: cut it to 3-10 s")
    if not np.isfinite(samples).all():
        raise AudioError("the prompt holds samples that are not numbers (NaN or Inf): export it again as 16-bit PCM")
    loudest = np.abs(samples).max(initial=0.0)
    if loudest > MAX_AMPLITUDE:
        raise AudioError(f"the prompt's samples reach {loudest:.0f}, full scale is 1: export it again as 16-bit PCM")
    audio = samples.mean(axis=0, dtype=np.float32)
    level = speech_level(audio, rate)
    if level is None:
        raise AudioError("the prompt is silent: check the recording, or record 3-10 s of clear speech")
    spoken = FRAME_SECONDS * float(speech_frames(audio, rate).sum())
    if spoken < MIN_SPEECH_SECONDS:
        raise AudioError(f"the prompt holds only {spoken:.1f} s of speech: record 3-10 s")
    return Prompt(audio, rate, tuple(_warnings(samples, audio, rate, level)))


def _warnings(samples: NDArray[np.float32], audio: NDArray[np.float32], rate: int, level: float) -> list[str]:
    warnings = []
    start, stop = speech_span(audio, rate)
    if stop - start < ADVISED_SPEECH_SECONDS * rate:
        warnings.append(f"the prompt is short ({(stop - start) / rate:.1f} s of speech): 3-10 s clone better")
    if _is_clipped(samples):
        warnings.append("the prompt is clipped: record it at a lower level, or the clone will sound distorted")
    if level < QUIET_DB:
        warnings.append(f"the prompt is very quiet ({level:.0f} dB): its noise may be cloned; record it louder")
    if rate < ADVISED_RATE:
        warnings.append(f"the prompt is sampled at {rate} Hz: the clone will sound muffled; {ADVISED_RATE} Hz or more")
    return warnings


def _is_clipped(samples: NDArray[np.float32]) -> bool:
    full = np.abs(samples) >= FULL_SCALE
    span = full.shape[-1] - CLIPPED_RUN + 1
    run = np.logical_and.reduce([full[:, offset : offset + span] for offset in range(CLIPPED_RUN)])
    return bool(run.any())
