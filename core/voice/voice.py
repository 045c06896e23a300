"""A voice: what a model needs to know of a recording to speak like it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Voice:
    """A recording and what one family's front end hears in it.

    recording: [S] float32 mono at `sample_rate`, in ±1: the part of the prompt that is used. Empty if only the rest
        is known.
    speech_tokens: [N] int32, one per 40 ms. mel: [N * token_mel_ratio, bins] float32 log-mel.
    x_vector: [192] float32. transcript: the words of the recording; None clones across languages.
    """

    name: str
    family: str
    recording: NDArray[np.float32] = field(repr=False)
    sample_rate: int
    speech_tokens: NDArray[np.int32] = field(repr=False)
    mel: NDArray[np.float32] = field(repr=False)
    x_vector: NDArray[np.float32] = field(repr=False)
    transcript: str | None = None
    warnings: tuple[str, ...] = ()
