"""Speech laid where it belongs, and over what was there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..audio.level import gain
from ..audio.limiter import CEILING_DB, Limiter
from .fit import OVERLAPS, Placement

_BLOCK = 1 << 20  # samples whose loudness is worked out at once


def onsets(placements: Sequence[Placement], sizes: Sequence[int], rate: int, length: int) -> list[int]:
    """First samples of speech that is `sizes` samples long, within a track of `length`: where the placements say.

    But for the sample or two by which rounding would make speech overlap that was not to, or last beyond the end.
    Raises ValueError if something is longer than the track.
    """
    if sizes and max(sizes) > length:
        raise ValueError(f"speech of {max(sizes)} samples in a track of {length}")
    order = sorted(range(len(placements)), key=lambda index: placements[index].start)
    starts = [0] * len(placements)
    free = 0
    for index in order:
        starts[index] = max(round(placements[index].start * rate), free)
        free = 0 if OVERLAPS in placements[index].steps else starts[index] + sizes[index]
    end = length
    for index in reversed(order):
        end = length if OVERLAPS in placements[index].steps else end
        starts[index] = end = max(0, min(starts[index], end - sizes[index]))
    return starts


def lay(parts: Sequence[tuple[int, NDArray[np.float32]]], length: int, rate: int) -> NDArray[np.float32]:
    """(first sample, waveform [S]) of each part -> [length], peak at most -1 dBFS: only what is louder is made softer.

    Raises ValueError if a part lies beyond the track.
    """
    track = np.zeros(length, np.float32)
    for start, part in parts:
        if not 0 <= start <= length - len(part):
            raise ValueError(f"samples {start} to {start + len(part)} of a track of {length}")
        track[start : start + len(part)] += part
    return _limited(track[None], rate)[0]


def duck(
    background: NDArray[np.float32],
    spans: Sequence[tuple[float, float]],
    rate: int,
    *,
    depth_db: float = -12.0,
    attack: float = 0.15,
    release: float = 0.4,
) -> NDArray[np.float32]:
    """background [C, S], softer by `depth_db` during the spans (seconds): it falls within `attack` seconds before one,
    and comes back within `release` seconds after it."""
    ducked = background.copy()
    starts, ends = _apart(spans)
    if not len(starts):
        return ducked
    for begin in range(0, background.shape[1], _BLOCK):
        block = ducked[:, begin : begin + _BLOCK]
        time = (begin + np.arange(block.shape[1])) / rate
        after = np.searchsorted(starts, time, side="right")  # spans that have begun
        to_come = np.append(starts, np.inf)[after] - time
        gone = time - np.append(-np.inf, ends)[after]
        near = np.maximum(1 - to_come / max(attack, 1 / rate), 1 - gone / max(release, 1 / rate)).clip(0, 1)
        level = depth_db * (0.5 - 0.5 * np.cos(np.pi * near))
        block *= (10.0 ** (level / 20.0)).astype(np.float32)
    return ducked


def under(speech: NDArray[np.float32], background: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """speech [S] over background [C, S] -> [C, S], peak at most -1 dBFS. Raises ValueError if lengths differ."""
    if speech.shape != background.shape[1:]:
        raise ValueError(f"speech of {len(speech)} samples over {background.shape[1]}")
    return _limited(background + speech, rate)


def _apart(spans: Sequence[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts and ends, in order, of what the spans cover together."""
    merged: list[list[float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array([start for start, _ in merged]), np.array([end for _, end in merged])


def _limited(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """audio [C, S] with its peak at most at the ceiling, all channels by the same factor."""
    ceiling = np.float32(gain(CEILING_DB))
    loud = np.abs(audio).max(axis=0, initial=0.0)
    if loud.max(initial=0.0) <= ceiling:
        return audio
    limiter = Limiter(rate)
    softer = np.concatenate((limiter.feed(loud), limiter.finish()))
    factor = np.divide(softer, loud, out=np.ones_like(loud), where=loud > 0)
    return np.clip(audio * factor, -ceiling, ceiling)
