"""From spoken segments to one finished waveform: pauses, loudness, peak, ends, sample rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .audio.level import fade_ends, gain, limit_peak, match_level, speech_level, speech_span
from .audio.resample import resample

EDGE_SECONDS = 0.08  # of a segment's own silence that is kept at a join: breath and release live there
_PAUSES = {"\n": 0.6, ".。!！?？…": 0.3, ";；:：": 0.22, ",，、": 0.12}  # seconds, by a segment's last character
_MAX_CORRECTION_DB = 6.0  # a segment further off than this is meant to be, or is not speech


def join(
    segments: Sequence[NDArray[np.float32]], texts: Sequence[str], rate: int
) -> tuple[NDArray[np.float32], list[int]]:
    """Segments [S_i] at `rate` with natural pauses between them and equal loudness; each one's first sample.

    Between two segments the silence that the model made is replaced by the pause that the text asks
    for; before the first and behind the last it stays.
    """
    levels = [level for level in (speech_level(segment, rate) for segment in segments) if level is not None]
    target = float(np.median(levels)) if levels else 0.0
    parts: list[NDArray[np.float32]] = []
    starts: list[int] = []
    length = 0
    for index, segment in enumerate(segments):
        part = _inner(_levelled(segment, rate, target), rate, first=index == 0, last=index == len(segments) - 1)
        if index:
            silence = np.zeros(round(pause(texts[index - 1]) * rate), np.float32)
            parts.append(silence)
            length += len(silence)
        starts.append(length)
        parts.append(part)
        length += len(part)
    return np.concatenate(parts), starts


def finish(
    audio: NDArray[np.float32], rate: int, *, gain_db: float = 0.0, sample_rate: int | None = None
) -> NDArray[np.float32]:
    """The waveform as it is handed out: louder by `gain_db`, at `sample_rate`, peak at most -1 dBFS, ends faded."""
    target = sample_rate or rate
    louder = audio * np.float32(gain(gain_db))
    return fade_ends(limit_peak(resample(louder, rate, target)), target)


def _levelled(segment: NDArray[np.float32], rate: int, target: float) -> NDArray[np.float32]:
    level = speech_level(segment, rate)
    if level is None or level == target:
        return segment
    correction = np.clip(target - level, -_MAX_CORRECTION_DB, _MAX_CORRECTION_DB)
    return match_level(segment, rate, level + float(correction))


def _inner(segment: NDArray[np.float32], rate: int, *, first: bool, last: bool) -> NDArray[np.float32]:
    """The segment without long silence at the ends that are joined."""
    start, stop = speech_span(segment, rate)
    if stop == 0:
        return segment
    edge = round(EDGE_SECONDS * rate)
    begin = 0 if first else max(0, start - edge)
    end = len(segment) if last else min(len(segment), stop + edge)
    part = segment[begin:end]
    return part if first and last else fade_ends(part, rate)


def pause(text: str) -> float:
    """Seconds of silence behind a segment, by how its text ends."""
    last = text.rstrip(" \"'”’」』）)")[-1:]
    return next((seconds for marks, seconds in _PAUSES.items() if last and last in marks), 0.15)
