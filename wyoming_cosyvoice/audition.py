"""Voices speak a few sentences to nobody: so that a model is warm, and it is known how loud each of them is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from .. import core
from .hearing import Hearing, Key
from .loudness import Loudness

SAMPLES = (
    "The kitchen light is on, and the front door is locked.",
    "It is a quarter past seven, and it is going to rain today.",
)
QUIET_DB = -12.0  # so that no limiter makes loud voices look less so
MOST_VOICES = 16
WAIT_SECONDS = 600.0  # for a moment in which nobody else is spoken for
CALM_SECONDS = 1.5  # without anybody else: who asks one thing after the other is not to notice
FAST = 0.7  # seconds per second of audio, up to which a model may speak to nobody beside its work
_LOOK_SECONDS = 0.1


class Audition:
    """For all models of a house. stopped: asked often; True ends the work with Cancelled."""

    def __init__(self, hearing: Hearing, loudness: Loudness, stopped: Callable[[], bool]) -> None:
        self._hearing, self._loudness, self._stopped = hearing, loudness, stopped

    def warm(self, engine: core.Engine, id: str) -> bool:
        """Speak the first sample as who listens would hear it: whether the model is fast. Raises CosyVoxError."""
        voice, key = self._hearing.voice(engine, id)
        if engine.device.type != "cpu":  # what is recorded there takes longer than what is said
            engine.warm_up(voice)
        started = time.perf_counter()
        said = self._say(engine, SAMPLES[0], voice, key, self._stopped)
        return time.perf_counter() - started < FAST * len(said) / engine.sample_rate

    def hear(self, engine: core.Engine, ids: Iterable[str], alone: Callable[[float], bool]) -> None:
        """Every voice with what it did not say yet, one sentence after the other. alone: whether, within so many
        seconds, nobody else is spoken for. Raises CosyVoxError."""
        for id in tuple(ids)[:MOST_VOICES]:
            voice, key = self._hearing.voice(engine, id)
            for text in SAMPLES[1 if self._loudness.heard(key) else 0 :]:
                if self._loudness.known(key) or not self._say_alone(engine, text, voice, key, alone):
                    break

    def _say_alone(
        self, engine: core.Engine, text: str, voice: core.Voice, key: Key, alone: Callable[[float], bool]
    ) -> bool:
        """Whether it was said; who is interrupted, because somebody is listening elsewhere, begins again later."""
        while alone(WAIT_SECONDS):
            with suppress(core.Cancelled):
                if self._calm(alone):
                    self._say(engine, text, voice, key, lambda: self._stopped() or not alone(0.0))
                    return True
            if self._stopped():
                raise core.Cancelled("the server ends")
        return False

    def _calm(self, alone: Callable[[float], bool]) -> bool:
        """Whether nobody else is spoken for during a while."""
        end = time.monotonic() + CALM_SECONDS
        while time.monotonic() < end:
            if self._stopped() or not alone(0.0):
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _say(
        self, engine: core.Engine, text: str, voice: core.Voice, key: Key, should_stop: Callable[[], bool]
    ) -> NDArray[np.float32]:
        """As those are spoken who listen: a text that is fed sounds otherwise than one that is there."""
        with engine.stream(None, voice=voice, gain_db=QUIET_DB, should_stop=should_stop) as stream:
            stream.feed(text)
            stream.finish()
            said = np.concatenate([chunk.audio for chunk in stream])
        self._loudness.hear(key, said, engine.sample_rate, QUIET_DB)
        return said
