"""The filter of HiFT (arXiv:2309.09493): mel and source to the spectrum of the waveform."""

from __future__ import annotations

from math import ceil, prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import HiFTConfig
from .tiles import in_tiles

END_KERNEL = 7  # of the first and the last convolution
FINAL_SLOPE = 0.01  # the last activation was trained with PyTorch's default slope, not with the configured one


class ResBlock(nn.Module):
    """Residual pairs of convolutions, each behind a Snake activation x + sin²(ax) / a (arXiv:2006.08195).

    The activations' a and 1 / a live in the weights around them (see `official.py`), where they cost nothing: what is
    left to compute is y + sin²(y). Only the residual path, which must not be scaled, still needs its `alpha`.
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=d, padding=(kernel - 1) // 2 * d) for d in dilations
        )
        self.plain = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=(kernel - 1) // 2) for _ in dilations)
        self.alpha = nn.Parameter(torch.empty(len(dilations), channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        for alpha, dilated, plain in zip(self.alpha, self.dilated, self.plain, strict=True):
            x = plain(_snake_(dilated(_snake_(x * alpha)))).add_(x)
        return x


class Stage(nn.Module):
    """Upsample, add the source at this rate, refine by the mean of parallel residual blocks."""

    def __init__(self, config: HiFTConfig, index: int) -> None:
        super().__init__()
        channels = config.channels >> index + 1
        rate, kernel = config.upsample_rates[index], config.upsample_kernels[index]
        stride = prod(config.upsample_rates[index + 1 :])  # from the source's frames to this stage's
        self.slope = config.lrelu_slope
        self.is_last = index == len(config.upsample_rates) - 1
        self.up = nn.ConvTranspose1d(2 * channels, channels, kernel, rate, padding=(kernel - rate) // 2)
        self.source_down = nn.Conv1d(
            config.n_fft + 2, channels, 2 * stride if stride > 1 else 1, stride, padding=stride // 2
        )
        self.source_block = ResBlock(channels, config.source_kernels[index], config.source_dilations[index])
        kinds = list(zip(config.resblock_kernels, config.resblock_dilations, strict=True))
        self.blocks = nn.ModuleList(ResBlock(channels, *kind) for kind in kinds)
        self.source_reach = reach(config.source_kernels[index], config.source_dilations[index])
        self.reach = max(reach(*kind) for kind in kinds)

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """x [B, 2C, L] (overwritten), source spectrum [B, n_fft + 2, F] -> [B, C, L * rate]; the last stage adds 1."""
        x = self.up(F.leaky_relu_(x, self.slope))
        if self.is_last:  # a centred transform has one frame more than hops
            x = F.pad(x, (1, 0), mode="reflect")
        x += in_tiles(self.source_block, self.source_down(source), self.source_reach)
        return in_tiles(self._refine, x, self.reach)

    def _refine(self, x: Tensor) -> Tensor:
        first, *rest = self.blocks
        total = first(x)
        for block in rest:
            total += block(x)
        return total.div_(len(self.blocks))


class Generator(nn.Module):
    """mel and source spectrum to waveform spectrum, both spectra as `stft.py` lays them out."""

    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.pre = nn.Conv1d(config.mel_bins, config.channels, END_KERNEL, padding=END_KERNEL // 2)
        self.stages = nn.ModuleList(Stage(config, index) for index in range(len(config.upsample_rates)))
        last = config.channels >> len(config.upsample_rates)
        self.post = nn.Conv1d(last, config.n_fft + 2, END_KERNEL, padding=END_KERNEL // 2)
        self.reach = _frames_reached(config)

    def forward(self, mel: Tensor, source: Tensor) -> Tensor:
        """mel [B, bins, T], source spectrum [B, n_fft + 2, F] -> [B, n_fft + 2, F]."""
        x = self.pre(mel)
        for stage in self.stages:
            x = stage(x, source)
        log_magnitude, phase = self.post(F.leaky_relu_(x, FINAL_SLOPE)).chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp_max(100.0)
        phase = phase.sin()  # trained so, though a phase needs no bounds
        return torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], 1)


def reach(kernel: int, dilations: tuple[int, ...]) -> int:
    """How many samples away a ResBlock's output still depends on its input, on either side."""
    return sum((kernel - 1) // 2 * (dilation + 1) for dilation in dilations)


def _frames_reached(config: HiFTConfig) -> int:
    """How many mel frames away, on either side, a sample still depends on mel or source; rounded up."""
    blocks = max(reach(*kind) for kind in zip(config.resblock_kernels, config.resblock_dilations, strict=True))
    source = reach(config.source_kernels[0], config.source_dilations[0])
    # Through the first stage, which is the widest: its source, then its blocks; everything else behind them.
    frames, rate = END_KERNEL // 2 + 1 + source / config.upsample_rates[0], 1
    for step, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
        frames += (kernel / (2 * step) + 1) / rate
        rate *= step
        frames += (blocks + 1) / rate
    return ceil(frames + (END_KERNEL // 2 + config.n_fft / config.hop) / rate)


def _snake_(y: Tensor) -> Tensor:
    wave = y.sin()
    if y.requires_grad:  # the sine's gradient needs y as it was
        return y.addcmul(wave, wave)
    return y.addcmul_(wave, wave)
