"""Which part of a long recording to clone: whole phrases, from pause to pause."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio.level import FRAME_SECONDS, SPEECH_MARGIN_DB, speech_frames, speech_span

SHORTEST, LONGEST = 3.0, 12.0  # seconds
PAUSE_SECONDS = 0.2
ENDS_SECONDS = 0.25  # of silence that may stay before and after the speech
# Where a noisy recording never falls silent, a pause is what is clearly below the speech.
MARGINS_DB = (SPEECH_MARGIN_DB, 25.0, 15.0)


def trim_ends(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """audio [S] without silence at its ends that is longer than ENDS_SECONDS."""
    start, stop = speech_span(audio, rate)
    margin = round(ENDS_SECONDS * rate)
    return audio[max(0, start - margin) : stop + margin]


def best_part(audio: NDArray[np.float32], rate: int) -> tuple[int, int]:
    """Samples [start, stop) of the part between two pauses that holds most speech in SHORTEST to LONGEST seconds.

    Without pauses, the first LONGEST seconds.
    """
    for margin in MARGINS_DB:
        speaking = speech_frames(audio, rate, margin)
        part = _fullest(speaking, _pauses(speaking))
        if part is not None:
            size = round(FRAME_SECONDS * rate)
            return part[0] * size, min(len(audio), part[1] * size)
    return 0, min(len(audio), round(LONGEST * rate))


def _pauses(speaking: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames in the middle of pauses of at least PAUSE_SECONDS, the ends of the recording not among them."""
    edges = np.flatnonzero(np.diff(speaking.astype(np.int8), prepend=1, append=1))
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= round(PAUSE_SECONDS / FRAME_SECONDS)
    middles: NDArray[np.int64] = (starts[long] + stops[long]) // 2
    return middles


def _fullest(speaking: NDArray[np.bool_], pauses: NDArray[np.int64]) -> tuple[int, int] | None:
    shortest, longest = round(SHORTEST / FRAME_SECONDS), round(LONGEST / FRAME_SECONDS)
    cuts = np.unique(np.concatenate(([0], pauses, [len(speaking)])))
    # For each start the furthest cut within reach: more speech is better, so no nearer one can win.
    last = np.searchsorted(cuts, cuts + longest, side="right") - 1
    spoken = np.concatenate(([0], np.cumsum(speaking)))
    amount = np.where(cuts[last] - cuts >= shortest, spoken[cuts[last]] - spoken[cuts], -1)
    best = int(amount.argmax())
    return None if amount[best] <= 0 else (int(cuts[best]), int(cuts[last[best]]))
