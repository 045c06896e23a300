"""What the official code computed, and the inputs it was given: tests/data/parity holds the figures.

Weights and inputs follow from names (`cosyvox.core.seeded.weights`), so only results are stored. Inputs
come from numpy's float64 `sin` and may differ in the last bit of float32 between machines.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.families.family import ModelConfig
from cosyvox.core.seeded.shapes import official_shapes
from cosyvox.core.seeded.weights import fill, uniform
from numpy.typing import NDArray
from torch import Tensor

DATA = Path(__file__).resolve().parent.parent / "data" / "parity"

Array = NDArray[Any]


def golden(*path: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and `meta` of one file: golden("common", "features"), golden("v2_0.5b", "small", "flow")."""
    with np.load(DATA.joinpath(*path).with_suffix(".npz"), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return arrays, json.loads(str(arrays.pop("meta")))


def manifest() -> dict[str, dict[str, tuple[int, ...]]]:
    """File -> key -> shape of the released CosyVoice2-0.5B; everything in it is float32."""
    stored = _json("manifest/v2_0.5b.json")
    return {file: {key: tuple(shape) for key, (shape, _) in entries.items()} for file, entries in stored.items()}


def config(scale: str) -> dict[str, Any]:
    """The official configuration of "small" or "full" as plain data."""
    return _json({"full": "manifest/config_v2_0.5b.json", "small": "manifest/config_v2_0.5b.small.json"}[scale])


def model_config(scale: str) -> ModelConfig:
    official = config(scale)
    return COSYVOICE2.parse(official, official["llm"]["llm"]["qwen2"])


@cache
def _filled(file: str, scale: str) -> dict[str, Tensor]:
    return fill(official_shapes(model_config(scale))[file], file.removesuffix("pt"))


def seeded_state(file: str, scale: str) -> dict[str, Tensor]:
    """The seeded state dict of "llm.pt", "flow.pt" or "hift.pt". The small tensors are shared between tests."""
    if scale == "small":
        return dict(_filled(file, scale))
    return _filled.__wrapped__(file, scale)


def tokens(name: str, count: int, vocab: int, low: int = 0) -> NDArray[np.int32]:
    """[count] int32 in [low, vocab)."""
    unit = uniform(name, count).astype(np.float64) * 0.5 + 0.5
    return (np.floor(unit * (vocab - low)) + low).astype(np.int32)


def tokens_of(spec: dict[str, Any]) -> NDArray[np.int32]:
    """[count] int32: the token input that a golden's `meta` describes."""
    ids = tokens(spec["name"], spec["count"], spec["vocab"])
    for position, value in spec.get("set", {}).items():
        ids[int(position)] = value
    return ids


def speaker(name: str, size: int = 192) -> NDArray[np.float32]:
    """[size] float32 x-vector of unit variance."""
    return uniform(name, size, amplitude=3.0**0.5)


def mel(name: str, frames: int) -> NDArray[np.float32]:
    """[frames, 80] float32 that looks like a log-mel: syllables, three moving formants, a floor."""
    phase = uniform(f"{name}.phase", 8).astype(np.float64)
    frame, band = np.arange(frames)[:, None], np.arange(80)[None, :]
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * (0.043 * frame + phase[0]))
    level = -8.5 + 5.0 * loudness - 0.03 * band
    for index, (centre, swing, rate) in enumerate([(12, 5, 0.013), (31, 8, 0.021), (55, 10, 0.017)], start=1):
        formant = centre + swing * np.sin(2 * np.pi * (rate * frame + phase[index]))
        level = level + 3.0 * loudness * np.exp(-(((band - formant) / 5.0) ** 2))
    level = level + 0.4 * uniform(name, frames * 80).reshape(frames, 80)
    return np.maximum(level, -11.5).astype(np.float32)


def speech_like(name: str, seconds: float, rate: int) -> NDArray[np.float32]:
    """[seconds * rate] float32 below 0.9: gliding harmonics, bursts of noise, true silence at both ends.

    The harmonics are functions of continuous time: every rate samples the same signal.
    """
    count = round(seconds * rate)
    phase = uniform(f"{name}.phase", 8).astype(np.float64)
    time = np.arange(count) / rate

    def swing(depth: float, frequency: float, start: float) -> NDArray[np.float64]:
        """Integral over time of depth * sin(2 pi frequency t + start), in cycles."""
        angle = 2 * np.pi * frequency
        return depth * (np.cos(start) - np.cos(angle * time + start)) / angle

    cycles = 150.0 * time + swing(40.0, 0.9, np.pi * phase[0]) + swing(12.0, 4.3, np.pi * phase[1])
    syllable = 2 * np.pi * 1.7 * time + np.pi * phase[2]
    voiced = np.clip(1.6 * np.sin(syllable), 0.0, 1.0)
    hiss = np.clip(3.0 * np.sin(syllable + 3.6) - 2.0, 0.0, 1.0)
    formants = (
        500.0 + 200.0 * np.sin(2 * np.pi * 1.1 * time),
        1500.0 + 500.0 * np.sin(2 * np.pi * 0.7 * time + 1.0),
    )
    tone = np.zeros(count)
    for harmonic in range(1, 21):
        resonance = sum(np.exp(-(((150.0 * harmonic - formant) / 250.0) ** 2)) for formant in formants)
        weight = 0.15 / harmonic + resonance / harmonic**0.5
        tone += weight * np.sin(2 * np.pi * harmonic * cycles + harmonic * phase[3])
    noise = uniform(f"{name}@{rate}", count).astype(np.float64)
    signal = 0.16 * voiced * tone + (0.08 * hiss + 0.004 * voiced) * noise
    rise, fall = (np.clip(50.0 * edge, 0.0, 1.0) for edge in (time - 0.12, seconds - 0.1 - time))
    return (signal * np.minimum(rise, fall)).astype(np.float32)


def hift_draws(generator: torch.Generator, samples: int) -> tuple[Tensor, Tensor]:
    """The random numbers of one official vocoder call: phase [9] in cycles, noise [samples, 9] normal.

    A CPU generator seeded as the official process was gives the official numbers and is left where the
    official call leaves it. The fundamental's phase is zero.
    """
    phase = torch.rand(1, 9, generator=generator)[0]
    phase[0] = 0.0
    # The official noise is drawn into a transposed tensor: torch fills it in the order of its memory.
    noise = torch.empty(1, 9, samples).transpose(1, 2).normal_(generator=generator)[0]
    torch.randn(1, samples, 1, generator=generator)  # the official noise branch that is never heard
    return phase, noise


def _json(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DATA / path).read_text(encoding="utf-8"))
    return loaded
