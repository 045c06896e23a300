"""Speech made longer or shorter, at the same pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def time_stretch(audio: NDArray[np.float32], rate: int, factor: float) -> NDArray[np.float32]:
    """audio [S] -> [round(S * factor)]; factor: seconds after / before, 0.5 to 2. Raises RequestError beyond that."""
    raise NotImplementedError
