"""What is asked of the engine and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .text.lexicon import Lexicon
    from .voice.voice import Voice


@dataclass(frozen=True)
class SpeechRequest:
    """One utterance, as long as you like; it is split into sentences.

    voice: whose voice. With a transcript the model continues the recording (zero-shot), without one
        it only takes its timbre (cross-lingual).
    instruction: how to say it ("in Sichuan dialect"); never spoken.
    mode: "zero_shot", "cross_lingual" or "instruct" forces one; None follows from what is given.
    lexicon: how words of the text are to be said. language: of the text ("en", "zh", "ja", "ko", "de", "fr", "es",
        "it"), by which numbers are read; None tells it sentence by sentence.
    seed: all randomness of this request follows from it. speed: 0.5 to 2. gain_db: added loudness.
    sample_rate: of the result, Hz; None is the model's own. dtype: "float32" or "bfloat16", None is the engine's.
    interleave: whether a text that is still arriving may be spoken from its first words on, where the model can;
        else sentence by sentence.
    """

    text: str
    voice: Voice
    instruction: str | None = None
    mode: str | None = None
    lexicon: Lexicon | None = None
    seed: int = 0
    speed: float = 1.0
    gain_db: float = 0.0
    sample_rate: int | None = None
    dtype: str | None = None
    interleave: bool = True
    language: str | None = None


@dataclass(frozen=True)
class Progress:
    """Where a request stands: `done` of `total` in `stage`; for speech, segment `segment` of `segments`."""

    stage: str
    done: int
    total: int
    segment: int = 1
    segments: int = 1

    @property
    def fraction(self) -> float:
        """About how much of the whole is done, 0 to 1. It may step back: what speaks works on several segments."""
        first, last = _SHARES.get(self.stage, (0.0, 1.0))
        within = self.done / self.total if self.total else 0.0
        if self.stage == "speech":  # the total is what it may become at most
            within = min(1.0, within / _USUAL_LENGTH)
        return min(1.0, (self.segment - 1 + first + (last - first) * within) / max(self.segment, self.segments))


_SHARES = {"speech": (0.0, 0.5), "mel": (0.5, 0.9), "waveform": (0.9, 1.0)}  # of a segment's time
_USUAL_LENGTH = 0.25

OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class StageTiming:
    """Seconds spent in a stage, and those seconds per second of audio made."""

    seconds: float
    rtf: float


@dataclass(frozen=True)
class AudioChunk:
    """A piece of a waveform: [S] float32 in ±1 at `sample_rate`, and whether it is the last one."""

    audio: NDArray[np.float32]
    sample_rate: int
    final: bool


@dataclass(frozen=True)
class Segment:
    """One sentence as it was spoken: its text, ids and place in the audio (samples)."""

    text: str
    speech_tokens: NDArray[np.int32]
    start: int
    stop: int


@dataclass(frozen=True)
class Speech:
    """The finished utterance: audio [S] float32 in ±1, peak at most -1 dBFS."""

    audio: NDArray[np.float32]
    sample_rate: int
    segments: tuple[Segment, ...] = ()
    timings: Mapping[str, StageTiming] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.audio) / self.sample_rate
