"""Which frames are speech, of a waveform that is still arriving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .level import LEVEL_MARGIN_DB, SILENCE_DB, SPEECH_MARGIN_DB, frame_power, frame_size, gain

_LOUDEST_DB, _BIN_DB = 20.0, 0.5


class SpeechDetector:
    """`level.speech_frames`, where the level is that of the speech so far.

    Levels are kept as a histogram, as ITU-R BS.1770-4 suggests for long programmes: what is kept does not grow.
    """

    def __init__(self, rate: int) -> None:
        self.size = frame_size(rate)  # samples of a frame
        self._rate = rate
        self._count = np.zeros(round((_LOUDEST_DB - SILENCE_DB) / _BIN_DB) + 1)
        self._power = np.zeros(len(self._count))

    def hears(self, frame: NDArray[np.float32]) -> bool:
        """Whether the next frame is speech: [size] samples, or fewer at the end."""
        power = float(frame_power(frame, self._rate)[0])
        if power <= gain(SILENCE_DB) ** 2:
            return False
        place = int((10.0 * np.log10(power) - SILENCE_DB) / _BIN_DB)
        place = min(max(place, 0), len(self._count) - 1)
        self._count[place] += 1
        self._power[place] += power
        gate = self._power.sum() / self._count.sum() * gain(-LEVEL_MARGIN_DB) ** 2
        counted = self._power > gate * self._count
        level = self._power[counted].sum() / self._count[counted].sum()
        return bool(power > level * gain(-SPEECH_MARGIN_DB) ** 2)
