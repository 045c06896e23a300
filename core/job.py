"""A request while it is spoken, segment by segment, until it is one finished waveform."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from . import noise
from .errors import Cancelled, TextError
from .mastering import finish, join
from .modes import Prompting
from .pipeline import Pipeline
from .request import OnProgress, Progress, Segment, ShouldStop, Speech, SpeechRequest, StageTiming


def shown(text: str) -> str:
    """A text in quotes, cut to what a line of a message can hold."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


@dataclass
class Job:
    """One request on its way through a pipeline: its segments so far, and the seconds each stage took."""

    pipeline: Pipeline
    request: SpeechRequest
    plan: Prompting
    segments: int
    on_progress: OnProgress | None
    should_stop: ShouldStop | None
    texts: list[str] = field(default_factory=list)
    tokens: list[list[int]] = field(default_factory=list)
    audio: list[NDArray[np.float32]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def speak(self, text: str, ids: Sequence[int]) -> None:
        index = len(self.texts)
        seed = noise.derive(self.request.seed, index)  # equal sentences need not sound equal
        self.texts.append(text)
        with self._timed("lm"):
            said = self.pipeline.speech_tokens(
                ids,
                prompt_text=self.plan.text,
                prompt_speech=self.plan.speech,
                seed=seed,
                on_ids=lambda done, most: self._pause("speech", done, most),
            )
        self._judge(text, said.ids, said.ending)
        self.tokens.append(said.ids)
        with self._timed("flow"):
            steps = self.pipeline.flow.config.steps
            mel = self.pipeline.mel(said.ids, self.request.voice, on_step=lambda step: self._pause("mel", step, steps))
        with self._timed("vocoder"):
            self._pause("waveform", 0, 1)
            self.audio.append(self.pipeline.waveform(mel, seed=seed, speed=self.request.speed))
            self._pause("waveform", 1, 1)

    def finish(self) -> Speech:
        rate = self.pipeline.sample_rate
        with self._timed("finish"):
            joined, starts = join(self.audio, self.texts, rate)
            target = self.request.sample_rate or rate
            audio = finish(joined, rate, gain_db=self.request.gain_db, sample_rate=target)
        bounds = [round(start * target / rate) for start in starts] + [len(audio)]
        segments = tuple(
            Segment(text, np.array(ids, np.int32), start, stop)
            for text, ids, (start, stop) in zip(self.texts, self.tokens, pairwise(bounds), strict=True)
        )
        made = len(audio) / target
        timings = {stage: StageTiming(spent, spent / made) for stage, spent in self.seconds.items()}
        total = sum(self.seconds.values())
        timings["total"] = StageTiming(total, total / made)
        warnings = (*self.request.voice.warnings, *self.warnings)
        return Speech(audio, target, segments, timings, warnings)

    def _judge(self, text: str, ids: Sequence[int], ending: str | None) -> None:
        quoted = shown(text)
        if not ids:
            raise TextError(f"the model found nothing to say for {quoted}: try another seed or a longer sentence")
        if ending == "loop":
            self.warnings.append(f"the model repeated itself in {quoted} and was cut: try another seed")
        elif ending == "limit":
            self.warnings.append(f"the model did not end {quoted} by itself: try another seed")

    def _pause(self, stage: str, done: int, total: int) -> None:
        if self.should_stop is not None and self.should_stop():
            raise Cancelled("stopped on request")
        if self.on_progress is not None:
            self.on_progress(Progress(stage, done, total, len(self.texts), self.segments))

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        """Adds up the seconds of a stage; every stage ends with its result on the host, so the clock is true."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started
