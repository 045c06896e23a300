"""Name-seeded weights: every parameter is a pure function of its name and shape.

Two implementations that fill the same names and shapes hold the same bits without exchanging a file:
this is how a model is compared with the official code, and how a folder is made for who has no weights.

The rule. `PCG64(SeedSequence(crc32(name)))` emits 64-bit words, each of them two 32-bit halves, the low
one first; the top 24 bits of a half are an integer r, and u = (2 r + 1) / 2**24 - 1 lies in (-1, 1). The
value is offset + amplitude * u in float32, C order. Weights have variance 1 / fan_in, as after a common
initialisation; a few gains bring the vocoder to where a trained one works (pitch in hertz, no clipping).
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_BLOCK = 1 << 18  # values made at a time: even, so that no word is split, and small enough for the cache
_EMBEDDING = re.compile(r"(_embedding|embed_tokens)\.weight$")
_GAINS = {
    re.compile(pattern + "$"): gain
    for pattern, gain in {
        r"spk_embed_affine_layer\.weight": 8.0,
        r"f0_predictor\.classifier\.weight": 60.0,
        r"f0_predictor\.classifier\.bias": 900.0,
        r"hift\.m_source\.l_linear\.weight": 4.0,
        r"hift\.conv_pre\.parametrizations\.weight\.original0": 0.5,
        r"hift\.source_downs\.\d+\.weight": 1.5,
        r"hift\.(source_)?resblocks\.\d+\.convs2\.\d+\.parametrizations\.weight\.original0": 0.3,
        r"hift\.conv_post\.parametrizations\.weight\.original0": 0.5,
    }.items()
}


def uniform(name: str, count: int, *, offset: float = 0.0, amplitude: float = 1.0) -> NDArray[np.float32]:
    """[count] float32: offset + amplitude * u, where u in (-1, 1) follows from `name`."""
    generator = np.random.PCG64(zlib.crc32(name.encode("utf-8")))
    values = np.empty(count, np.float32)
    # u = (r - (2**23 - 1/2)) / 2**23: exact in float32 up to the product with the amplitude.
    scale = np.float32(amplitude) * np.float32(2.0**-23)
    for start in range(0, count, _BLOCK):
        block = values[start : start + _BLOCK]
        words = generator.random_raw((len(block) + 1) // 2).astype("<u8", copy=False)
        block[:] = words.view("<u4")[: len(block)] >> np.uint32(8)
        block -= np.float32(2.0**23 - 0.5)
        block *= scale
        block += np.float32(offset)
    return values


def seeded_tensor(name: str, shape: Sequence[int]) -> NDArray[np.float32]:
    """The values of the parameter `name`: "llm.", "flow." or "hift." and its key in the official file."""
    offset, amplitude = _offset_and_amplitude(name, shape)
    return uniform(_untied(name), prod(shape), offset=offset, amplitude=amplitude).reshape(shape)


def fill(shapes: Mapping[str, Sequence[int]], prefix: str) -> dict[str, Tensor]:
    """A state dict of seeded float32 tensors with these keys and shapes. Tied weights are one tensor.

    prefix: "llm.", "flow." or "hift.", the part of a parameter's name that is not in its key.
    """
    wanted = _distinct(shapes, prefix)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        arrays = pool.map(seeded_tensor, wanted.keys(), wanted.values())
        tensors = {name: torch.from_numpy(array) for name, array in zip(wanted, arrays, strict=True)}
    return {key: tensors[_untied(prefix + key)] for key in shapes}


def filled_bytes(shapes: Mapping[str, Sequence[int]], prefix: str) -> int:
    """What the tensors of `fill` take in memory and on disk."""
    return np.dtype(np.float32).itemsize * sum(map(prod, _distinct(shapes, prefix).values()))


def _distinct(shapes: Mapping[str, Sequence[int]], prefix: str) -> dict[str, Sequence[int]]:
    """The names that decide values, each once, and their shapes."""
    return {_untied(prefix + key): shape for key, shape in shapes.items()}


def _untied(name: str) -> str:
    """The name that decides the values: Qwen2's output head is its embedding."""
    return re.sub(r"lm_head\.weight$", "model.embed_tokens.weight", name)


def _offset_and_amplitude(name: str, shape: Sequence[int]) -> tuple[float, float]:
    name = _untied(name)
    gain = next((gain for pattern, gain in _GAINS.items() if pattern.search(name)), 1.0)
    if name.endswith(".original0"):  # the magnitude of a weight-normalised convolution
        return gain, 0.1 * gain
    if _EMBEDDING.search(name):
        return 0.0, 0.5 * sqrt(3.0)
    if len(shape) >= 2:
        return 0.0, gain * sqrt(3.0 / prod(shape[1:]))
    if name.endswith("bias"):
        return 0.0, 0.05 * gain
    return 1.0, 0.1
