"""References for cloning, cut from the film itself: how somebody sounds in a scene is how the scene sounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..audio.level import fade_ends
from ..errors import AudioError
from ..voice.prompt import Prompt, prepare_prompt
from .cue import Cue

ENOUGH, MOST = 4.0, 12.0  # seconds of a reference
_LEAST = 1.5  # seconds that are enough where nobody knows who speaks: what is said next may be another's
_MARGIN = 0.05  # seconds around a cue


def cue_prompts(cues: Sequence[Cue], source: NDArray[np.float32], rate: int) -> list[Prompt | None]:
    """For every cue a prompt cut from source [C, S] at `rate` Hz, where that cue is; None where nobody is heard.

    What is too short alone is put together with the nearest cues of the same speaker, in the order of the film.
    """
    source = source.mean(axis=0, dtype=np.float32)
    return [_prompt(_pieces(index, cues), source, rate) for index in range(len(cues))]


def _pieces(index: int, cues: Sequence[Cue]) -> list[Cue]:
    """The cue and as many of its speaker's nearest ones as make a reference."""
    cue = cues[index]
    enough = _LEAST if cue.speaker is None else ENOUGH
    others = [other for place, other in enumerate(cues) if place != index and other.speaker == cue.speaker]
    chosen, seconds = [cue], cue.end - cue.start
    for other in sorted(others, key=lambda other: abs(other.start - cue.start)):
        length = other.end - other.start
        if seconds >= enough:
            break
        if seconds + length <= MOST:
            chosen.append(other)
            seconds += length
    return sorted(chosen, key=lambda one: one.start)


def _prompt(pieces: Sequence[Cue], source: NDArray[np.float32], rate: int) -> Prompt | None:
    """Of pieces of source [S]."""
    spans = [
        source[max(0, round((piece.start - _MARGIN) * rate)) : round((piece.end + _MARGIN) * rate)] for piece in pieces
    ]
    samples = np.concatenate([fade_ends(span, rate) for span in spans])
    if not samples.size:
        return None
    try:
        return prepare_prompt(samples[None], rate)
    except AudioError:  # silent there, or nearly
        return None
