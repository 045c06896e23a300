"""From fixed speech tokens to the waveform, ours equals the official whole-utterance path."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from cosyvox.core.checkpoint import Model
from cosyvox.core.pipeline import Pipeline
from cosyvox.core.voice.voice import Voice
from numpy.typing import NDArray
from parity import golden, hift_draws, mel, speaker, tokens_of
from stages import flow, hift, speech_lm
from torch import Tensor

SNR = 40.0  # dB: the phase of the ninth harmonic multiplies rounding errors


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    stages = {"lm": speech_lm("small"), "flow": flow("small"), "vocoder": hift("small")}
    folder = SimpleNamespace(config=SimpleNamespace(sample_rate=24_000))
    return Pipeline(cast(Model, SimpleNamespace(folder=folder, device=torch.device("cpu"), stages=stages)))


def case_voice(case: dict[str, Any]) -> Voice:
    prompt = case["prompt_feat"]
    return Voice(
        name="golden",
        family="CosyVoice2-0.5B",
        recording=np.zeros(0, np.float32),
        sample_rate=24_000,
        speech_tokens=tokens_of(case["prompt_token"]),
        mel=mel(prompt["name"], prompt["frames"]),
        x_vector=speaker(case["speaker"]),
    )


def official_waveform(pipeline: Pipeline, frames: Tensor, seed: int) -> NDArray[np.float32]:
    """The waveform of mel [T, bins] with the random numbers that the official process would draw."""
    _, draws = hift_draws(torch.Generator().manual_seed(seed), len(frames) * 480)
    return pipeline.vocoder(frames.T[None], draws[None])[0].numpy()


def snr(ours: NDArray[np.float32], official: NDArray[Any]) -> float:
    official = official.astype(np.float64)
    return float(10 * np.log10((official**2).sum() / ((ours - official) ** 2).sum()))


@torch.inference_mode()
def test_offline(pipeline: Pipeline) -> None:
    arrays, meta = golden("v2_0.5b", "small", "e2e")
    case = meta["case"]
    frames = pipeline.mel(tokens_of(case["token"]).tolist(), case_voice(case))
    audio = official_waveform(pipeline, frames, case["seed"])
    assert [len(audio)] == arrays["offline/lengths"].tolist()
    assert snr(audio, arrays["offline/audio"]) > SNR


@torch.inference_mode()
def test_speed(pipeline: Pipeline) -> None:
    arrays, meta = golden("v2_0.5b", "small", "e2e")
    case = meta["case"]
    frames = pipeline.mel(tokens_of(case["token"]).tolist(), case_voice(case))
    faster = F.interpolate(frames.T[None], size=int(len(frames) / case["speed"]), mode="linear")[0].T
    audio = official_waveform(pipeline, faster, case["seed"])
    assert [len(audio)] == arrays["speed/lengths"].tolist()
    assert snr(audio[:12_000], arrays["speed/audio"]) > SNR
    assert len(pipeline.waveform(frames, seed=0, speed=case["speed"])) == len(audio)


@torch.inference_mode()
def test_conversion_length(pipeline: Pipeline) -> None:
    """A source recording's tokens take the place of the language model's."""
    arrays, meta = golden("v2_0.5b", "small", "e2e")
    case = meta["case"]
    frames = pipeline.mel(tokens_of(case["token"]).tolist(), case_voice(case))
    assert [480 * len(frames)] == arrays["vc_offline/lengths"].tolist()
