"""Level and silence: how loud speech is, where it is, and putting a waveform at a wanted level.

Waveforms are [S] float32 in ±1; levels are dB relative to full scale, of the RMS unless said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.02
SILENCE_DB = -60.0  # a frame below this is silent, however quiet the recording
LEVEL_MARGIN_DB = 15.9  # what is this far below the speech does not count to its level (ITU-T P.56)
SPEECH_MARGIN_DB = 35.0  # what is this far below the speech is none: soft consonants are 30 dB below vowels


def gain(db: float) -> float:
    """dB as a factor on the amplitude."""
    return float(10.0 ** (db / 20.0))


def speech_level(audio: NDArray[np.float32], rate: int) -> float | None:
    """Level of the speech without its pauses, in dB; None if all is silent.

    The two gates of ITU-R BS.1770-4, on frames of 20 ms and without its frequency weighting.
    """
    power = frame_power(audio, rate)
    power = power[power > gain(SILENCE_DB) ** 2]
    if power.size == 0:
        return None
    power = power[power > power.mean() * gain(-LEVEL_MARGIN_DB) ** 2]
    return float(10.0 * np.log10(power.mean()))


def speech_frames(audio: NDArray[np.float32], rate: int, margin_db: float = SPEECH_MARGIN_DB) -> NDArray[np.bool_]:
    """[ceil(S / (0.02 * rate))]: which frames of 20 ms are not silence, nor `margin_db` below the speech."""
    level = speech_level(audio, rate)
    if level is None:
        level = SILENCE_DB + margin_db
    floor = max(SILENCE_DB, level - margin_db)
    speaking: NDArray[np.bool_] = frame_power(audio, rate) > gain(floor) ** 2
    return speaking


def speech_span(audio: NDArray[np.float32], rate: int) -> tuple[int, int]:
    """First sample of the first frame that is not silence and last + 1 of the last one; (0, 0) if all is silent."""
    (speaking,) = np.nonzero(speech_frames(audio, rate))
    if speaking.size == 0:
        return 0, 0
    size = frame_size(rate)
    return int(speaking[0]) * size, min(len(audio), int(speaking[-1] + 1) * size)


def noise_level(audio: NDArray[np.float32], rate: int) -> float:
    """Level in dB of what is heard between the words: the quietest tenth of the frames; at least SILENCE_DB."""
    power = np.sort(frame_power(audio, rate))
    quietest = power[: max(1, len(power) // 10)].mean()
    return float(max(SILENCE_DB, 10.0 * np.log10(max(quietest, 1e-20))))


def match_level(audio: NDArray[np.float32], rate: int, target_db: float) -> NDArray[np.float32]:
    """The waveform with its speech at `target_db`; silence stays as it is. May exceed ±1: see `limit_peak`."""
    level = speech_level(audio, rate)
    return audio if level is None else audio * np.float32(gain(target_db - level))


def limit_peak(audio: NDArray[np.float32], ceiling_db: float = -1.0) -> NDArray[np.float32]:
    """The waveform, scaled down as a whole if a sample lies above the ceiling."""
    ceiling = np.float32(gain(ceiling_db))
    peak = np.abs(audio).max(initial=0.0)
    if peak <= ceiling:
        return audio
    return np.clip(audio * (ceiling / peak), -ceiling, ceiling)  # the product may round up past the ceiling


def fade_ends(audio: NDArray[np.float32], rate: int, ms: float = 5.0) -> NDArray[np.float32]:
    """The waveform with a raised cosine over its first and last `ms`, so that it starts and ends without a click."""
    size = min(round(rate * ms / 1000.0), len(audio) // 2)
    ramp = rise(size)
    faded = audio.copy()
    faded[:size] *= ramp
    faded[len(audio) - size :] *= ramp[::-1]
    return faded


def rise(size: int) -> NDArray[np.float32]:
    """[size] from 0 to 1, a raised cosine."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / max(size, 1))).astype(np.float32)


def frame_size(rate: int) -> int:
    return round(FRAME_SECONDS * rate)


def frame_power(audio: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Mean square of each frame about its mean: a constant offset is no sound. The last frame may be shorter."""
    size = frame_size(rate)
    whole = len(audio) // size * size
    power = audio[:whole].reshape(-1, size).var(axis=1, dtype=np.float64)
    rest = audio[whole:]
    return power if rest.size == 0 else np.append(power, rest.var(dtype=np.float64))
