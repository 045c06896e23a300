"""All voices equally loud: how loud each one turned out, by its own speech.

Recordings do not tell: they are all cloned at one level, and the embedded voices still speak up to 6 dB apart.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import core

LEVEL_DB = -18.0  # of speech without its pauses, relative to full scale
ENOUGH_SECONDS = 60.0  # of speech by which a voice is known; until then every utterance tells more
LEAST_SECONDS = 0.5
MOST_DB = 12.0


@dataclass
class _Heard:
    """energy: mean square times seconds."""

    energy: float = 0.0
    seconds: float = 0.0

    @property
    def level(self) -> float:
        return 10.0 * math.log10(self.energy / self.seconds)


class Loudness:
    """Levels of voices, by whatever tells them apart. Safe from many threads."""

    def __init__(self) -> None:
        self._heard: dict[Hashable, _Heard] = {}
        self._lock = threading.Lock()

    def gain_db(self, voice: Hashable) -> float:
        """What brings this voice to LEVEL_DB; until it was heard, what the others need on average."""
        with self._lock:
            known = [self._heard[voice]] if voice in self._heard else list(self._heard.values())
            levels = [heard.level for heard in known]
        if not levels:
            return 0.0
        return max(-MOST_DB, min(MOST_DB, LEVEL_DB - sum(levels) / len(levels)))

    def heard(self, voice: Hashable) -> bool:
        """Whether anything is known of this voice."""
        with self._lock:
            return voice in self._heard

    def known(self, voice: Hashable) -> bool:
        """Whether more of its speech would tell nothing new."""
        with self._lock:
            return voice in self._heard and self._heard[voice].seconds >= ENOUGH_SECONDS

    def hear(self, voice: Hashable, audio: NDArray[np.float32], rate: int, gain_db: float = 0.0) -> None:
        """An utterance of this voice, [S] in ±1, that was made louder by gain_db."""
        level, seconds = core.speech_level(audio, rate), len(audio) / rate
        if level is None or seconds < LEAST_SECONDS:
            return
        with self._lock:
            heard = self._heard.setdefault(voice, _Heard())
            heard.energy += 10.0 ** ((level - gain_db) / 10.0) * seconds
            heard.seconds += seconds
