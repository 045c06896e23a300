"""What the benchmark asks of a system that speaks: the same stages, the same inputs, whoever computes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Protocol

import torch
from torch import Tensor

TOKEN_RATE = 25  # speech tokens per second of audio
MEL_RATE = 50  # mel frames per second of audio
SAMPLE_RATE = 24_000  # of the audio
SPEECH_VOCAB = 6561
TEXT_VOCAB = 150_000
TEXT_RATE = 5  # text ids per second of speech, the usual density


@dataclass(frozen=True)
class Prompt:
    """The recording that is continued: text ids [T], speech tokens [P], mel [2P, 80], x-vector [192]; its words."""

    text: Tensor
    speech: Tensor
    mel: Tensor
    speaker: Tensor
    transcript: str = ""


@dataclass(frozen=True)
class Line:
    """What is spoken: a text, its ids [T], and how many speech tokens it is spoken with."""

    text: str
    ids: Tensor
    tokens: int

    @property
    def seconds(self) -> float:
        return self.tokens / TOKEN_RATE


@dataclass(frozen=True)
class Chunk:
    """One chunk of a stream: seconds of audio that there are with it; seconds that flow and vocoder took for it."""

    until: float
    flow: float
    vocoder: float


class System(Protocol):
    """One implementation with its weights loaded."""

    def decode(self, text: Tensor, prompt_speech: Tensor, steps: int) -> list[float]:
        """Seconds of each of `steps` sampled ids; those of the first include the prefill.

        text: ids [T], those of the prompt first. Every id is drawn as in real use, but none that ends.
        """
        ...

    def mel(self, speech: Tensor, prompt: Prompt) -> Tensor:
        """Speech tokens [N] to a log-mel [2N, 80], whole, without the prompt's frames."""
        ...

    def wave(self, mel: Tensor) -> Tensor:
        """Log-mel [T, 80] to a waveform [S]."""
        ...


class StreamingSystem(Protocol):
    """One implementation with its weights loaded, that hands out audio while it makes it."""

    def stream(self, line: Line, prompt: Prompt) -> Iterator[int]:
        """Speak; samples of each piece of audio as it arrives. Every token is drawn as in real use, none ends."""
        ...

    def chunks(self, speech: Tensor, prompt: Prompt) -> list[Chunk]:
        """Speech tokens [N] through flow and vocoder in the chunks that this system streams in."""
        ...


def make_prompt(seconds: float) -> Prompt:
    """A synthetic prompt; only its size matters for speed."""
    draws = torch.Generator().manual_seed(0)
    frames = round(seconds * MEL_RATE)
    return Prompt(
        text=make_text(seconds),
        speech=make_speech(seconds),
        mel=torch.randn(frames, 80, generator=draws) * 2.0 - 6.0,
        speaker=torch.randn(192, generator=draws),
    )


def make_text(seconds: float) -> Tensor:
    """Text ids [T] of an utterance of about `seconds`."""
    count = max(1, round(seconds * TEXT_RATE))
    return torch.randint(TEXT_VOCAB, (count,), generator=torch.Generator().manual_seed(count))


def make_speech(seconds: float) -> Tensor:
    """Speech tokens [N] of `seconds`."""
    count = round(seconds * TOKEN_RATE)
    return torch.randint(SPEECH_VOCAB, (count,), generator=torch.Generator().manual_seed(count))


def time_each(ids: Iterable[object], steps: int) -> list[float]:
    """Seconds that each of the first `steps` items took to arrive."""
    seconds, last = [], perf_counter()
    for _ in islice(ids, steps):
        now = perf_counter()
        seconds.append(now - last)
        last = now
    return seconds
