"""The pitch of clean speech, for training and for judging: the best path through autocorrelation peaks.

Normalised autocorrelation per frame as in Boersma (1993), "Accurate short-term analysis of the fundamental
frequency", candidates joined by dynamic programming that pays for octave jumps and for voicing that comes and goes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 60.0, 420.0  # Hz
_WINDOW = 0.045  # seconds: nearly three periods of the lowest pitch
_CANDIDATES = 4
_VOICED = 0.45  # autocorrelation above which a frame is rather voiced
_SILENT = 0.005  # level relative to the loudest frame below which it is not
_JUMP, _SWITCH, _LOW = 0.6, 0.2, 0.03  # costs: per octave, per change of voicing, per octave below the highest


def f0(audio: NDArray[np.float32], rate: int, hop: int) -> NDArray[np.float32]:
    """audio [S] -> pitch [S // hop] in Hz, 0 where there is none; frame t is centred at (t + 1/2) * hop."""
    count = len(audio) // hop
    if count == 0:
        return np.zeros(0, np.float32)
    size = int(_WINDOW * rate)
    frames = _frames(audio, count, hop, size)
    correlation = _autocorrelation(frames, int(rate / LOWEST) + 2)
    lags, strengths = _peaks(correlation, int(rate / HIGHEST))
    level = np.sqrt((frames**2).mean(1))
    strengths[level < _SILENT * level.max()] = 0
    return _best_path(np.where(lags > 0, rate / np.maximum(lags, 1), 0), strengths)


def _frames(audio: NDArray[np.float32], count: int, hop: int, size: int) -> NDArray[np.float32]:
    """[count, size], each less its mean."""
    left = size // 2 - hop // 2
    padded = np.pad(audio, (left, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: count * hop : hop]
    return frames - frames.mean(1, keepdims=True)


def _autocorrelation(frames: NDArray[np.float32], lags: int) -> NDArray[np.float32]:
    """[count, lags], 1 at lag 0, the window's own decay divided out."""
    size = frames.shape[1]
    window = np.hanning(size).astype(np.float32)
    length = 1 << (size + lags - 1).bit_length()

    def correlate(x: NDArray[np.float32]) -> NDArray[np.float32]:
        power = np.abs(np.fft.rfft(x, length)) ** 2
        raw = np.fft.irfft(power, length)[..., :lags]
        return (raw / np.maximum(raw[..., :1], 1e-9)).astype(np.float32)

    return correlate(frames * window) / correlate(window)


def _peaks(correlation: NDArray[np.float32], shortest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The strongest peaks of each frame: lags (refined by a parabola, 0 where there is none) and heights."""
    before, here, after = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    is_peak = (here > before) & (here >= after) & (here > 0.2)
    is_peak[:, : shortest - 1] = False
    height = np.where(is_peak, here, 0)
    # As the path will value them: multiples of a short period correlate as well, and must not crowd it out.
    worth = np.where(is_peak, np.minimum(here, 1) - _LOW * np.log2(np.arange(1, here.shape[1] + 1)), -np.inf)
    best = np.argsort(-worth, axis=1, kind="stable")[:, :_CANDIDATES]
    rows = np.arange(len(best))[:, None]
    left, middle, right = before[rows, best], here[rows, best], after[rows, best]
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-9, bend, 1), 0)
    found = height[rows, best] > 0
    return np.where(found, best + 1 + shift, 0), np.where(found, middle, 0).clip(0, 1).astype(np.float64)


def _best_path(pitch: NDArray[np.float64], strength: NDArray[np.float64]) -> NDArray[np.float32]:
    """Dynamic programming over candidates; the last one of every frame is silence."""
    frames = len(pitch)
    octave = np.log2(np.maximum(pitch, 1) / LOWEST)
    gain = np.where(pitch > 0, strength + _LOW * octave, -1.0)
    gain = np.concatenate([gain, np.full((frames, 1), _VOICED)], 1)
    octave = np.concatenate([octave, np.zeros((frames, 1))], 1)
    silent = np.zeros(gain.shape[1], bool)
    silent[-1] = True
    switches = _SWITCH * (silent[:, None] != silent[None])
    both = ~silent[:, None] & ~silent[None]
    total = gain[0]
    back = np.zeros(gain.shape, np.int64)
    for frame in range(1, frames):
        jump = _JUMP * np.abs(octave[frame - 1][:, None] - octave[frame][None]) * both
        scores = total[:, None] - jump - switches
        back[frame] = scores.argmax(0)
        total = scores.max(0) + gain[frame]
    path = np.zeros(frames, np.int64)
    path[-1] = total.argmax()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    padded = np.concatenate([pitch, np.zeros((frames, 1))], 1)
    return padded[np.arange(frames), path].astype(np.float32)
