"""CosyVox as a `StreamingSystem`: requests through the public door, chunks by the streams below it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import torch
from cosyvox.core import load
from cosyvox.core.apart import apart
from cosyvox.core.flow.flow import FlowInput
from cosyvox.core.flow.pages import PagePool
from cosyvox.core.flow.stream import FlowStream
from cosyvox.core.pipeline import Pipeline
from cosyvox.core.vocoder.stream import VocoderStream
from ours import make_voice
from torch import Tensor
from workload import MEL_RATE, Chunk, Line, Prompt


class StreamingCosyVox:
    """dtype: of the language model and the flow, by name."""

    def __init__(self, folder: Path, dtype: str) -> None:
        with _never_ending() as pipelines:
            self._engine = load(folder, device="cpu", dtype=dtype)
        (self._pipeline,) = pipelines
        self._warm: FlowStream | None = None

    def stream(self, line: Line, prompt: Prompt) -> Iterator[int]:
        voice = make_voice(prompt, self._engine.family.name, self._engine.sample_rate)
        with self._engine.stream(line.text, voice=voice) as pieces:
            for piece in pieces:
                yield len(piece.audio)

    def chunks(self, speech: Tensor, prompt: Prompt) -> list[Chunk]:
        self._engine.close()  # a second team of OpenMP would slow this one down
        return apart(lambda: self._chunks(speech, prompt))

    @torch.inference_mode()
    def _chunks(self, speech: Tensor, prompt: Prompt) -> list[Chunk]:
        flow, vocoder = (
            self._flow_behind(prompt, len(speech)),
            VocoderStream(self._pipeline.vocoder, self._pipeline.vocoder_noise(0)),
        )
        made: list[Chunk] = []
        frames, spent, rest = 0, 0.0, speech
        while len(rest):
            last = len(rest) <= flow.missing
            ready, rest = rest[: flow.missing], rest[flow.missing :]
            started = perf_counter()
            mel = torch.cat((flow.feed(ready), flow.finish())) if last else flow.feed(ready)
            spent += perf_counter() - started
            if len(mel):  # the end of the prompt waits for the first tokens, and is no chunk that is heard
                started = perf_counter()
                vocoder.feed(mel)
                if last:
                    vocoder.finish()
                frames += len(mel)
                made.append(Chunk(frames / MEL_RATE, spent, perf_counter() - started))
                spent = 0.0
        return made

    def _flow_behind(self, prompt: Prompt, tokens: int) -> FlowStream:
        """A stream whose prompt was computed before, as that of a voice in use is; its memory was used before, too."""
        if self._warm is None:
            given = FlowInput(prompt.speech, prompt.mel, prompt.speaker)
            self._pool = PagePool(self._pipeline.flow, 2**40)
            self._warm = FlowStream(self._pipeline.flow, given, self._pool)
            self._warm.feed(prompt.speech[:0])
        for page in self._pool.take(tokens // self._pipeline.flow.config.encoder.chunk + 2) or ():
            page.memory.zero_()
        return self._warm.fork()


@contextmanager
def _never_ending() -> Iterator[list[Pipeline]]:
    """The pipelines that are made in the block: random weights would end at random, and theirs never do."""
    made: list[Pipeline] = []
    original = Pipeline.__init__

    def endless(self: Pipeline, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.lm.head.bias.data[self.lm.config.speech_vocab :] = -torch.inf
        made.append(self)

    with patch.object(Pipeline, "__init__", endless):
        yield made
