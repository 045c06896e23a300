"""The excitation of a neural source-filter vocoder (arXiv:1904.12088): harmonics of f0 where voiced, else noise."""

from __future__ import annotations

from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import HiFTConfig

# Phase is counted in whole ticks, so that it wraps without an error that would grow with the length of the speech,
# and on devices that lack float64. 2**24 is what a float32 in [0, 1) resolves.
TICKS_PER_CYCLE = 2**24


class HarmonicSource(nn.Module):
    """The sines of f0 and its overtones, with noise, merged into one signal.

    The released weights were trained with a phase that is known once per frame, at its centre, and interpolated
    linearly between centres (before the first and after the last it stands still). Hence a frame's pitch acts from the
    previous frame's centre to its own, and everything follows from values at the frame rate. The random initial phases
    of the training code are absent: they are added to sample 0 only, and its down-sampling reads only the centres.
    """

    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.config = config
        self.merge = nn.Linear(config.harmonics + 1, 1)

    def forward(self, f0: Tensor, noise: Tensor, before: Tensor | None = None) -> Tensor:
        """f0 [B, T] in Hz, noise [B, S, harmonics + 1] standard normal -> source [B, S] in (-1, 1).

        before: [B], the `ticks` of all frames in front of these.
        """
        config = self.config
        weight = self.merge.weight[0]
        frames = (*f0.shape, config.samples_per_frame)
        voiced = (f0 > config.voiced_threshold)[..., None]  # [B, T, 1]
        tone = (self.sines(f0, before) @ weight).view(frames) * (voiced * config.source_amplitude)
        spread = torch.where(voiced, config.source_noise, config.source_amplitude / 3)
        merged = (noise @ weight).view(frames).mul_(spread).add_(tone).add_(self.merge.bias)
        return merged.tanh_().flatten(1)

    def ticks(self, f0: Tensor) -> Tensor:
        """How far the phase of f0 [B, T] goes on in each frame: [B, T] int64."""
        return (f0 * self.config.samples_per_frame / self.config.sample_rate % 1 * TICKS_PER_CYCLE).long()

    def sines(self, f0: Tensor, before: Tensor | None = None) -> Tensor:
        """f0 [B, T] in Hz -> [B, S, harmonics + 1], the fundamental first, amplitude 1."""
        config, hop = self.config, self.config.samples_per_frame
        harmonic = torch.arange(1, config.harmonics + 2, device=f0.device)
        ticks = self.ticks(f0).cumsum(1)
        if before is not None:
            ticks = ticks + before[:, None]
        centre = (ticks[..., None] * harmonic % TICKS_PER_CYCLE).to(f0.dtype) / TICKS_PER_CYCLE  # [B, T, H] cycles
        step = f0[..., None] * harmonic / config.sample_rate % 1  # cycles per sample
        # Stretches between centres: the first half frame, T - 1 whole ones, the last half frame.
        start = torch.cat([centre[:, :1], centre], 1)
        slope = F.pad(step[:, 1:], (0, 0, 1, 1))
        offset = torch.arange(hop, device=f0.device, dtype=f0.dtype)[:, None] + 0.5
        phase = torch.addcmul(start[:, :, None], slope[:, :, None], offset)  # [B, T + 1, hop, H]
        return phase.mul_(2 * pi).sin_().flatten(1, 2)[:, hop // 2 : -(hop // 2)]
