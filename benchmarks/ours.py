"""CosyVox as a `System`."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import torch
from cosyvox.core.checkpoint import Dtypes, load_model, open_folder
from cosyvox.core.pipeline import Pipeline
from cosyvox.core.voice.voice import Voice
from torch import Tensor
from workload import Prompt


class CosyVox:
    """dtype: of the language model and the flow."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        opened = open_folder(folder)
        model = load_model(opened, device=torch.device("cpu"), dtypes=Dtypes(lm=dtype, flow=dtype))
        self._pipeline = Pipeline(model)
        self._family = opened.family.name
        # Random weights would end at random: the ids that end an utterance are never likely.
        self._pipeline.lm.head.bias.data[opened.config.lm.speech_vocab :] = -torch.inf

    @torch.inference_mode()
    def decode(self, text: Tensor, prompt_speech: Tensor, steps: int) -> list[float]:
        arrivals = [perf_counter()]

        def arrived(done: int, most: int) -> None:
            arrivals.append(perf_counter())
            if done == steps:
                raise _EnoughError

        with suppress(_EnoughError):
            self._pipeline.speech_tokens(
                text.tolist(), prompt_text=[], prompt_speech=prompt_speech.tolist(), seed=0, on_ids=arrived
            )
        return [later - earlier for earlier, later in pairwise(arrivals)]

    @torch.inference_mode()
    def mel(self, speech: Tensor, prompt: Prompt) -> Tensor:
        return self._pipeline.mel(speech.tolist(), make_voice(prompt, self._family, self._pipeline.sample_rate))

    @torch.inference_mode()
    def wave(self, mel: Tensor) -> Tensor:
        return torch.from_numpy(self._pipeline.waveform(mel, seed=0))


def make_voice(prompt: Prompt, family: str, sample_rate: int) -> Voice:
    """A voice as it comes out of the front end."""
    return Voice(
        name="benchmark",
        family=family,
        recording=torch.zeros(0).numpy(),
        sample_rate=sample_rate,
        speech_tokens=prompt.speech.int().numpy(),
        mel=prompt.mel.numpy(),
        x_vector=prompt.speaker.numpy(),
        transcript=prompt.transcript or None,
    )


class _EnoughError(Exception):
    """As many ids as were asked for."""
