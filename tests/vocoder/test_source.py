"""The excitation against its definition, written out at the sample rate in float64."""

from __future__ import annotations

from math import pi

import pytest
import torch
import torch.nn.functional as F
from stages import hift
from torch import Tensor

HOP, RATE = 480, 24000


def by_definition(f0: Tensor) -> Tensor:
    """f0 [B, T] -> sines [B, S, 9]: every harmonic at the sample rate, sampled down, summed, interpolated up."""
    harmonics = f0.double().repeat_interleave(HOP, 1)[:, None] * torch.arange(1, 10)[:, None]
    cycles = F.interpolate(harmonics / RATE % 1, scale_factor=1 / HOP, mode="linear").cumsum(-1)
    return F.interpolate(cycles * HOP, scale_factor=HOP, mode="linear").mul(2 * pi).sin().transpose(1, 2)


def glide(low: float, high: float, frames: int) -> Tensor:
    """[2, frames]: two pitches that wander between the limits."""
    wander = torch.stack([(torch.arange(frames) * speed).sin() for speed in (0.037, 0.11)])
    return (low + high) / 2 + (high - low) / 2 * wander


@pytest.mark.parametrize(
    ("low", "high", "frames", "tolerance"),
    [
        (80.0, 400.0, 40, 5e-4),
        (80.0, 400.0, 1000, 2e-3),  # 20 seconds: the official float32 sum of phases is off by 0.07
        (2500.0, 6000.0, 40, 5e-3),  # overtones above the sample rate wrap
        (120.0, 120.0, 1, 5e-5),
    ],
)
def test_sines(low: float, high: float, frames: int, tolerance: float) -> None:
    f0 = glide(low, high, frames)
    ours = hift("small").harmonic_source.sines(f0)
    assert ours.shape == (2, frames * HOP, 9)
    assert (ours - by_definition(f0)).abs().max() < tolerance


@torch.inference_mode()
def test_unvoiced_frames_are_noise_alone() -> None:
    """The threshold itself counts as unvoiced; noise is a third of the tone there and nearly gone where voiced."""
    module = hift("small").harmonic_source
    f0 = torch.tensor([[10.0, 10.01, 0.0, 200.0]])
    drawn = torch.randn(1, 4 * HOP, 9, generator=torch.Generator().manual_seed(1))
    spread = torch.tensor([0.1 / 3, 0.003, 0.1 / 3, 0.003]).repeat_interleave(HOP)[None, :, None]
    loudness = torch.tensor([0.0, 0.1, 0.0, 0.1]).repeat_interleave(HOP)[None, :, None]
    expected = module.merge(module.sines(f0) * loudness + drawn * spread)[..., 0].tanh()
    torch.testing.assert_close(module(f0, drawn), expected, atol=1e-6, rtol=0.0)
