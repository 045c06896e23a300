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
BLOCK_SIZE = 1 << 18  # elements that are looked at in one go


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


class ResampleStream:
    """`resample` of a waveform [S] that is still arriving; the same samples, to the bit, however it is cut."""

    def __init__(self, rate: int, target: int) -> None:
        """Raises AudioError for a rate that cannot be right."""
        check_rate(rate)
        check_rate(target)
        divisor = gcd(rate, target)
        self._step, self._phases = rate // divisor, target // divisor
        self._width = 0 if rate == target else _half_width(self._step, self._phases)
        self._kept = np.zeros(self._width, np.float32)
        self._begin = -self._width  # of what is kept, samples since the beginning
        self._made = 0

    def feed(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """audio [S] -> the samples that nothing to come can change."""
        self._kept = np.concatenate((self._kept, audio))
        # Sample n lies between the n * step // phases-th and the next, and sees `width` more on either side.
        seen = self._begin + len(self._kept) - self._width
        return self._advance(-(-seen * self._phases // self._step))

    def finish(self) -> NDArray[np.float32]:
        """The rest; nothing may be fed afterwards."""
        return self.feed(np.zeros(self._width, np.float32))

    def _advance(self, stop: int) -> NDArray[np.float32]:
        """The samples up to `stop`."""
        if not self._width:
            audio, self._kept = self._kept, self._kept[:0]
            return audio
        taps = np.arange(2 * self._width + 1)
        block = max(1, BLOCK_SIZE // len(taps))
        parts = [np.zeros(0, np.float32)]
        for begin in range(self._made, stop, block):
            made = np.arange(begin, min(begin + block, stop))
            first = made * self._step // self._phases - self._width - self._begin
            heard = self._kept[first[:, None] + taps]
            # One row after the other in double: rounded to the same sample whatever is computed beside it.
            parts.append((heard * self._weights(made % self._phases)).sum(axis=1).astype(np.float32))
        self._made = max(self._made, stop)
        gone = max(self._made * self._step // self._phases - self._width - self._begin, 0)
        self._kept, self._begin = self._kept[gone:], self._begin + gone
        return np.concatenate(parts)

    def _weights(self, phase: NDArray[np.int64]) -> NDArray[np.float64]:
        """[len(phase), 2 * width + 1]"""
        if self._phases * (2 * self._width + 1) > KERNEL_SIZE:
            return _rows(self._step, self._phases, phase)
        return _all_rows(self._step, self._phases)[phase]


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
    start, stop = first * step // phases - width, (last - 1) * step // phases + width + 1
    weights = _sinc(np.arange(start, stop), np.arange(first, last)[:, None], step, phases)
    return torch.from_numpy(weights.astype(np.float32))[:, None]


def _rows(step: int, phases: int, phase: NDArray[np.int64]) -> NDArray[np.float64]:
    """[len(phase), 2 * half width + 1]: the same weights, each row only what it takes itself."""
    width = _half_width(step, phases)
    place = phase[:, None]
    weights = _sinc(place * step // phases + np.arange(-width, width + 1), place, step, phases)
    return weights.astype(np.float32).astype(np.float64)


@lru_cache(maxsize=8)
def _all_rows(step: int, phases: int) -> NDArray[np.float64]:
    return _rows(step, phases, np.arange(phases))


def _sinc(sample: NDArray[np.int64], phase: NDArray[np.int64], step: int, phases: int) -> NDArray[np.float64]:
    """What output `phase` of a period takes from input `sample` of it."""
    cutoff = min(step, phases) * ROLLOFF
    # Phases are float32, as torchaudio has them; in double the results would be 1e-6 apart.
    time = sample / step - phase.astype(np.float32) / np.float32(phases)
    time = np.clip(time * cutoff, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(time * (np.pi / ZERO_CROSSINGS / 2)) ** 2
    weights: NDArray[np.float64] = np.sinc(time) * window * (cutoff / step)
    return weights
