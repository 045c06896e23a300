"""Band-limited resampling by a rational factor: a Hann-windowed sinc, evaluated polyphase.

The same kernel as `torchaudio.transforms.Resample` with its defaults (after Julius O. Smith, "Digital
Audio Resampling", https://ccrma.stanford.edu/~jos/resample/), because the published models' prompts
went through that one.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd, isqrt, prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv1d

from .rates import check_rate

ZERO_CROSSINGS = 6  # of the sinc, on either side
ROLLOFF = 0.99  # cutoff, as a part of the lower Nyquist frequency
KERNEL_SIZE = 1 << 16  # elements; rates without a common divisor would need gigabytes in one piece


def resample(audio: NDArray[np.float32], rate: int, target: int) -> NDArray[np.float32]:
    """audio [S] or [C, S] at `rate` Hz -> [..., ceil(S * target / rate)] at `target` Hz.

    Raises AudioError for a rate that cannot be right.
    """
    check_rate(rate)
    check_rate(target)
    if rate == target:
        return audio
    divisor = gcd(rate, target)
    step, phases = rate // divisor, target // divisor  # `phases` samples come out for every `step` that go in
    length = -(-audio.shape[-1] * phases // step)
    periods = max(1, -(-length // phases))
    width = _half_width(step, phases)

    padded = np.zeros((prod(audio.shape[:-1]), 1, periods * step + 2 * width), np.float32)
    padded[:, 0, width : width + audio.shape[-1]] = audio
    signal = torch.from_numpy(padded)
    result = torch.empty(len(signal), periods, phases)
    block = _phases_per_kernel(step, phases)
    for first in range(0, phases, block):
        last = min(first + block, phases)
        kernel = _kernel(step, phases, first, last)
        filtered = conv1d(signal[:, :, first * step // phases :], kernel, stride=step)  # [C, last - first, periods..]
        result[:, :, first:last] = filtered[:, :, :periods].transpose(1, 2)
    return result.flatten(1)[:, :length].numpy().reshape(*audio.shape[:-1], length)


def _half_width(step: int, phases: int) -> int:
    return ceil(ZERO_CROSSINGS * step / (min(step, phases) * ROLLOFF))


def _phases_per_kernel(step: int, phases: int) -> int:
    """The largest n whose kernel, n phases wide and n * step / phases + 2 * half width long, is small enough."""
    half = _half_width(step, phases) * phases // step
    return min(phases, max(1, isqrt(half * half + KERNEL_SIZE * phases // step) - half))


@lru_cache(maxsize=64)
def _kernel(step: int, phases: int, first: int, last: int) -> Tensor:
    """[last - first, 1, taps]: what the output phases first..last-1 take from the samples around them."""
    width = _half_width(step, phases)
    cutoff = min(step, phases) * ROLLOFF
    start, stop = first * step // phases - width, (last - 1) * step // phases + width + 1
    # Phases are float32, as torchaudio has them; in double the results would be 1e-6 apart.
    phase = np.arange(first, last, dtype=np.float32)[:, None] / np.float32(phases)
    time = np.arange(start, stop) / step - phase
    time = np.clip(time * cutoff, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(time * (np.pi / ZERO_CROSSINGS / 2)) ** 2
    return torch.from_numpy((np.sinc(time) * window * (cutoff / step)).astype(np.float32))[:, None]
