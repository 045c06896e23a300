"""Utterances as they are put into a track: without silent ends, every voice equally loud."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..audio.level import fade_ends, gain, speech_level, speech_span
from ..audio.limiter import CEILING_DB, Limiter

BEFORE, AFTER = 0.03, 0.08  # seconds of silence that stay: a soft consonant begins, a breath ends
_FADE_MS = 20.0  # of a recording with noise, silence that begins at once would be heard
_MOST_DB = 6.0  # that a voice is made louder or softer


def trimmed(audio: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float32], int]:
    """The speech in audio [S], from BEFORE its first sound to AFTER its last one, and the first sample of that.

    What has no sound stays as it is.
    """
    first, last = speech_span(audio, rate)
    if last == 0:
        return audio, 0
    start = max(0, first - round(BEFORE * rate))
    return fade_ends(audio[start : last + round(AFTER * rate)], rate, ms=_FADE_MS), start


def joined(
    parts: Sequence[NDArray[np.float32]], silences: Sequence[float], rate: int
) -> tuple[NDArray[np.float32], list[int]]:
    """Trimmed parts one behind the other, and each one's first sample.

    silences: seconds that are heard in front of each, and behind the last: what a part has of its own counts.
    """
    starts, length = [], 0
    for index, part in enumerate(parts):
        kept = BEFORE + AFTER if index else BEFORE
        length += round(max(0.0, silences[index] - kept) * rate)
        starts.append(length)
        length += len(part)
    audio = np.zeros(length + round(max(0.0, silences[-1] - AFTER) * rate), np.float32)
    for start, part in zip(starts, parts, strict=True):
        audio[start : start + len(part)] = part
    return audio, starts


def levelled(
    parts: Sequence[NDArray[np.float32]], speakers: Sequence[Hashable], gains_db: Sequence[float], rate: int
) -> list[NDArray[np.float32]]:
    """Parts whose speakers are equally loud, and then louder by their gains.

    A speaker is changed as a whole: what is whispered stays softer than what is called.
    """
    levels: dict[Hashable, list[float]] = {}
    for part, speaker in zip(parts, speakers, strict=True):
        if (level := speech_level(part, rate)) is not None:
            levels.setdefault(speaker, []).append(level)
    usual = {speaker: float(np.median(of)) for speaker, of in levels.items()}
    target = float(np.median(list(usual.values()))) if usual else 0.0
    corrections = {speaker: float(np.clip(target - level, -_MOST_DB, _MOST_DB)) for speaker, level in usual.items()}
    return [
        part * np.float32(gain(corrections.get(speaker, 0.0) + gain_db))
        for part, speaker, gain_db in zip(parts, speakers, gains_db, strict=True)
    ]


def bounded(starts: Sequence[int], parts: Sequence[NDArray[np.float32]], rate: int) -> list[NDArray[np.float32]]:
    """Parts whose sum, each from its first sample on, has its peak at -1 dBFS at most.

    The peaks of one alone are limited; what lies on others is made softer together with them.
    """
    found = [_limited(part, rate) for part in parts]
    ceiling = gain(CEILING_DB) * (1 - 1e-6)  # the products are rounded
    for group in _groups(starts, parts):
        first = min(starts[index] for index in group)
        total = np.zeros(max(starts[index] + len(parts[index]) for index in group) - first, np.float32)
        for index in group:
            total[starts[index] - first :][: len(parts[index])] += found[index]
        peak = np.abs(total).max(initial=0.0)
        if peak > ceiling:
            for index in group:
                found[index] = found[index] * np.float32(ceiling / peak)
    return found


def _groups(starts: Sequence[int], parts: Sequence[NDArray[np.float32]]) -> list[list[int]]:
    """Indices of parts that lie on each other, also by way of others; at least two each."""
    groups: list[list[int]] = []
    end = -1
    for index in sorted(range(len(starts)), key=lambda index: starts[index]):
        if starts[index] >= end:
            groups.append([])
        groups[-1].append(index)
        end = max(end, starts[index] + len(parts[index]))
    return [group for group in groups if len(group) > 1]


def _limited(part: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    limiter = Limiter(rate)
    return np.concatenate((limiter.feed(part), limiter.finish()))
