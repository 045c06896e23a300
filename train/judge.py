"""What is measured of one utterance, the clone's beside the source's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.audio.level import speech_span
from .flite import RATE, Speaker
from .pitch import f0
from .recognise import Recogniser, word_errors

_HOP = 240  # samples between two looks at the pitch
_FULL = 0.99
_FLAT = 3  # equal samples in a row at the peak: cut off, wherever the level was set afterwards

Audio = NDArray[np.float32]
Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Verdict:
    """Of one sentence by one speaker; f0 and length are the clone's, as parts of the prompt's and the source's.

    nearest: the clone's x-vector is nearest to its own prompt's of all prompts'; source_nearest: the source's is.
    clipped: part of the samples at full scale or flat at the peak. seconds: of audio; spent: to make it.
    """

    speaker: Speaker
    text: str
    heard: str
    source_heard: str
    nearest: bool
    source_nearest: bool
    f0: float
    source_f0: float
    length: float
    clipped: float
    warnings: tuple[str, ...]
    seconds: float
    spent: float

    @property
    def errors(self) -> int:
        return word_errors(self.text, self.heard)[0]

    @property
    def source_errors(self) -> int:
        return word_errors(self.text, self.source_heard)[0]

    @property
    def words(self) -> int:
        return word_errors(self.text, "")[1]


@dataclass(frozen=True)
class Spoken:
    """An utterance at 24 kHz, and what the speaker encoder hears in it; None where it hears no speech."""

    audio: Audio
    x_vector: Vector | None
    warnings: tuple[str, ...] = ()
    spent: float = 0.0


class Judge:
    """Knows all voices of an examination: `prompts` are their recordings at 24 kHz, `x_vectors` theirs."""

    def __init__(self, speakers: Sequence[Speaker], prompts: Sequence[Audio], x_vectors: Sequence[Vector]) -> None:
        self._speakers = list(speakers)
        self._f0 = [median_f0(prompt) for prompt in prompts]
        self._x_vectors = np.stack([vector / np.linalg.norm(vector) for vector in x_vectors])
        self._recogniser = Recogniser()

    def judge(self, voice: int, text: str, clone: Spoken, source: Spoken) -> Verdict:
        """voice: its place among the speakers."""
        return Verdict(
            speaker=self._speakers[voice],
            text=text,
            heard=self._recogniser.hear(clone.audio, RATE),
            source_heard=self._recogniser.hear(source.audio, RATE),
            nearest=self.nearest(clone.x_vector) == voice,
            source_nearest=self.nearest(source.x_vector) == voice,
            f0=median_f0(clone.audio) / self._f0[voice],
            source_f0=median_f0(source.audio) / self._f0[voice],
            length=_speech_seconds(clone.audio) / _speech_seconds(source.audio),
            clipped=clipped(clone.audio),
            warnings=clone.warnings,
            seconds=len(clone.audio) / RATE,
            spent=clone.spent,
        )

    def nearest(self, x_vector: Vector | None) -> int:
        """The voice whose prompt's x-vector has the smallest angle with this one; -1 for none."""
        return -1 if x_vector is None else int((self._x_vectors @ x_vector).argmax())


def median_f0(audio: Audio) -> float:
    """Of the voiced frames, in Hz; 0 if there are none."""
    pitch = f0(audio, RATE, _HOP)
    voiced = pitch[pitch > 0]
    return float(np.median(voiced)) if len(voiced) else 0.0


def clipped(audio: Audio) -> float:
    """The part of the samples that are at full scale, or in a flat run at the utterance's own peak."""
    level = np.abs(audio)
    peak = float(level.max(initial=0.0))
    if peak == 0.0:
        return 0.0
    at_peak = level >= peak * (1 - 1e-6)
    run = np.convolve(at_peak, np.ones(_FLAT, int), "valid") == _FLAT
    flat = np.convolve(run, np.ones(_FLAT, int), "full") > 0
    return float(((level >= _FULL) | flat).mean()) if len(audio) >= _FLAT else 0.0


def _speech_seconds(audio: Audio) -> float:
    start, stop = speech_span(audio, RATE)
    return float(stop - start) / RATE
