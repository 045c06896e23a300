"""A look-ahead peak limiter for a waveform that is still arriving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .level import gain, rise

CEILING_DB = -1.0
LOOKAHEAD_SECONDS = 0.005
# Slow, since this stands for scaling the whole: between two syllables nothing is heard to swell.
RELEASE_DB_PER_SECOND = 3.0

Samples = NDArray[np.float32]


class Limiter:
    """Samples come out `lookahead` later than they go in, unchanged as long as none exceeds the ceiling.

    The gain falls smoothly before the sample that asks for it, and then rises slowly. The same samples
    come out, to the bit, however they are cut.
    """

    def __init__(self, rate: int) -> None:
        self.lookahead = round(LOOKAHEAD_SECONDS * rate)
        self._ceiling = np.float32(gain(CEILING_DB))
        self._release = np.log(gain(RELEASE_DB_PER_SECOND)) / rate  # nepers a sample
        ramp = 1 - np.cos(2 * np.pi * (np.arange(self.lookahead + 1) + 1) / (self.lookahead + 2))
        self._weights = ramp / ramp.sum()
        self._inside = np.zeros(0, np.float32)  # in, and not out yet
        self._done = 0  # samples that are out
        self._reduced = np.zeros(self.lookahead)  # what the last gains that were asked for lacked to 1
        self._lowest = np.inf  # of the gains asked for so far: nepers, the release taken off

    def feed(self, audio: Samples) -> Samples:
        """audio [S] -> the samples that come out, as many as went in but for the first `lookahead`."""
        self._inside = np.concatenate((self._inside, audio))
        count = len(self._inside) - self.lookahead
        if count <= 0:
            return np.zeros(0, np.float32)
        limited = self._limit(count)
        self._inside = self._inside[count:]
        self._done += count
        return limited

    def fade_out(self) -> None:
        """Sound ends here: a raised cosine goes over what is still inside."""
        self._inside = self._inside * rise(len(self._inside))[::-1]

    def finish(self) -> Samples:
        """The rest; nothing may be fed afterwards."""
        return self.feed(np.zeros(self.lookahead, np.float32))

    def _limit(self, count: int) -> Samples:
        """The first `count` samples of those inside, at which every gain within `lookahead` is known."""
        loud = np.abs(self._inside, dtype=np.float64)
        if not self._reduced.any() and np.isinf(self._lowest) and loud.max() <= self._ceiling:
            return self._inside[:count]
        wanted = np.log(np.minimum(1.0, self._ceiling / np.maximum(loud, self._ceiling)))
        ahead = np.lib.stride_tricks.sliding_window_view(wanted, self.lookahead + 1).min(axis=1)
        # Each gain is at most the one before it, released by a sample. The time, taken off, leaves a running minimum.
        time = self._release * np.arange(self._done, self._done + count)
        lowest = np.minimum.accumulate(np.append(self._lowest, ahead - time))[1:]
        self._lowest = float(lowest[-1]) if lowest[-1] + time[-1] < 0 else np.inf
        reduced = np.append(self._reduced, -np.expm1(np.minimum(lowest + time, 0.0)))
        self._reduced = reduced[len(reduced) - self.lookahead :]
        # An average of gains that all are low enough for this sample: it is low enough too.
        factor = 1 - np.convolve(reduced, self._weights, "valid")
        limited = (self._inside[:count] * factor).astype(np.float32)
        return np.clip(limited, -self._ceiling, self._ceiling)  # what rounding left
