"""Speech laid where it belongs, and over what was there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .fit import Placement


def onsets(placements: Sequence[Placement], sizes: Sequence[int], rate: int, length: int) -> list[int]:
    """First samples of speech that is `sizes` samples long: where the placements say, to the sample or two that keep
    what was not to overlap from doing so, and all of it within the track. Raises ValueError where that cannot be."""
    raise NotImplementedError


def lay(parts: Sequence[tuple[int, NDArray[np.float32]]], length: int, rate: int) -> NDArray[np.float32]:
    """(first sample, waveform [S]) of each part -> [length], peak at most -1 dBFS: only what is louder is made softer.

    Raises ValueError if a part lies beyond the track.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def under(speech: NDArray[np.float32], background: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """speech [S] over background [C, S] -> [C, S], peak at most -1 dBFS. Raises ValueError if lengths differ."""
    raise NotImplementedError
