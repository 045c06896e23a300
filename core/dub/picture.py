"""What became of each cue, as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .report import LineReport


def timeline(lines: Sequence[LineReport], length: float) -> NDArray[np.uint8]:
    """[H, W, 3]: a row per cue, its slot and its speech against time, and the figures of the table.

    length: seconds of the clip.
    """
    raise NotImplementedError
