"""The filter of HiFT (arXiv:2309.09493): mel and source to the waveform, through its spectrum."""

from __future__ import annotations

from math import ceil, prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import HiFTConfig
from .reach import Reach, Span, convolved, joined, upsampled, widened
from .stft import analysed, istft, stft, synthesised
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
        self.reach = sum((kernel - 1) // 2 * (dilation + 1) for dilation in dilations)  # samples, on either side
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
        blocks = [ResBlock(channels, *kind) for kind in kinds]
        self.reach = max(block.reach for block in blocks)
        self.blocks = nn.ModuleList(blocks)
        self.stride = rate * stride  # frames of the source for each of x

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """x [B, 2C, L] (overwritten), source as `excite` gives it -> [B, C, L * rate]; the last stage adds 1."""
        x = self.up(F.leaky_relu_(x, self.slope))
        if self.is_last:  # a centred transform has one frame more than hops
            x = F.pad(x, (1, 0), mode="reflect")
        x += source
        return in_tiles(self._refine, x, self.reach)

    def excite(self, spectrum: Tensor) -> Tensor:
        """Spectrum of the source [B, n_fft + 2, F] -> what `forward` adds."""
        return in_tiles(self.source_block, self.source_down(spectrum), self.source_block.reach)

    def sees(self, span: Span) -> tuple[Span, Span]:
        """Which of x and of the source's spectrum an output depends on."""
        span, up, down = widened(span, self.reach), self.up, self.source_down
        heard = widened(span, self.source_block.reach)
        source = convolved(heard, down.kernel_size[0], stride=down.stride[0], padding=int(down.padding[0]))
        if self.is_last:
            span = span[0] - 1, span[1] - 1
        return upsampled(span, up.kernel_size[0], stride=up.stride[0], padding=int(up.padding[0])), source

    def _refine(self, x: Tensor) -> Tensor:
        first, *rest = self.blocks
        total = first(x)
        for block in rest:
            total += block(x)
        return total.div_(len(self.blocks))


class Generator(nn.Module):
    """mel and source to waveform."""

    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.n_fft, self.hop = config.n_fft, config.hop
        self.pre = nn.Conv1d(config.mel_bins, config.channels, END_KERNEL, padding=END_KERNEL // 2)
        stages = [Stage(config, index) for index in range(len(config.upsample_rates))]
        self.stages = nn.ModuleList(stages)
        last = config.channels >> len(config.upsample_rates)
        self.post = nn.Conv1d(last, config.n_fft + 2, END_KERNEL, padding=END_KERNEL // 2)
        self.last_span = synthesised((0, 0), config.n_fft, config.hop)
        span = source = convolved(self.last_span, END_KERNEL, padding=END_KERNEL // 2)
        self.spans: list[tuple[Span, Span]] = []  # of each stage's input that some audio depends on: x, source
        for stage in reversed(stages):
            span, heard = stage.sees(span)
            source = joined(source, heard)
            places = heard[0] // stage.stride, ceil(heard[1] / stage.stride)
            self.spans.insert(0, (span, joined(span, places)))
        mel = convolved(span, END_KERNEL, padding=END_KERNEL // 2)
        self.reach = Reach(mel, analysed(source, config.n_fft, config.hop))

    def forward(self, mel: Tensor, source: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """mel [B, bins, T], source [B, S] -> audio of the frames first..stop-1: [B, (stop - first) * S / T].

        What only other frames depend on is not computed.
        """
        x, spectrum = self.pre(mel), stft(source, self.n_fft, self.hop)
        stop = mel.shape[2] if stop is None else stop
        begin, rate = 0, 1  # of x: its first place, and places in a frame
        for stage, (span, heard) in zip(self.stages, self.spans, strict=True):
            assert isinstance(stage, Stage)
            places = first * rate, stop * rate
            low, high = _within(span, *places, begin, begin + x.shape[2])
            early, late = _within(heard, *places, 0, mel.shape[2] * rate)
            step = stage.up.stride[0]
            excitation = stage.excite(spectrum[..., early * stage.stride : late * stage.stride + 1])
            excitation = excitation[..., (low - early) * step : (high - early) * step + stage.is_last]
            x = stage(x[..., low - begin : high - begin], excitation)
            begin, rate = low * step, rate * step
        low, high = _within(self.last_span, first * rate, stop * rate, begin, begin + x.shape[2])
        audio = istft(self._spectrum(x)[..., low - begin : high - begin], self.n_fft, self.hop)
        return audio[:, (first * rate - low) * self.hop : (stop * rate - low) * self.hop]

    def _spectrum(self, x: Tensor) -> Tensor:
        """As `stft.py` lays it out."""
        log_magnitude, phase = self.post(F.leaky_relu_(x, FINAL_SLOPE)).chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp_max(100.0)
        phase = phase.sin()  # trained so, though a phase needs no bounds
        return torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], 1)


def _within(span: Span, first: int, stop: int, begin: int, end: int) -> tuple[int, int]:
    """Where the span around first..stop lies, cut to begin..end."""
    return max(first + span[0], begin), min(stop + span[1], end)


def _snake_(y: Tensor) -> Tensor:
    wave = y.sin()
    if y.requires_grad:  # the sine's gradient needs y as it was
        return y.addcmul(wave, wave)
    return y.addcmul_(wave, wave)
