"""A short-time Fourier transform and its inverse as plain convolutions.

With 16-point frames a matrix of sines beats an FFT, and unlike `torch.istft` nothing here makes the host wait for the
device. Both equal `torch.stft` and `torch.istft` with a periodic Hann window, `center=True` and reflected ends.
A spectrum is real: [B, n_fft + 2, frames], first the real parts of the n_fft / 2 + 1 bins, then the imaginary ones.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

from .reach import Span


def stft(signal: Tensor, n_fft: int, hop: int) -> Tensor:
    """[B, S] -> [B, n_fft + 2, S // hop + 1]. S must exceed n_fft / 2."""
    analysis, _, _ = _kernels(n_fft, signal.device)
    padded = F.pad(signal[:, None], (n_fft // 2, n_fft // 2), mode="reflect")
    return F.conv1d(padded, analysis, stride=hop)


def istft(spectrum: Tensor, n_fft: int, hop: int) -> Tensor:
    """[B, n_fft + 2, frames] -> [B, (frames - 1) * hop]; the imaginary parts of the first and last bin are ignored."""
    _, synthesis, envelope = _kernels(n_fft, spectrum.device)
    # Dividing by the sum of the squared windows undoes them exactly, also at the ends, where fewer frames overlap.
    weight = F.conv_transpose1d(spectrum.new_ones(1, 1, spectrum.shape[2]), envelope, stride=hop, padding=n_fft // 2)
    return F.conv_transpose1d(spectrum, synthesis, stride=hop, padding=n_fft // 2).div_(weight)[:, 0]


def analysed(span: Span, n_fft: int, hop: int) -> Span:
    """Samples that the frames of `stft` depend on: a window's first weight is zero."""
    return span[0] * hop - n_fft // 2 + 1, (span[1] - 1) * hop + n_fft // 2


def synthesised(span: Span, n_fft: int, hop: int) -> Span:
    """Frames that the samples of `istft` depend on."""
    return -((n_fft // 2 - 1 - span[0]) // hop), (span[1] - 2 + n_fft // 2) // hop + 1


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # what is kept must also serve a gradient
def _kernels(n_fft: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Analysis and synthesis [n_fft + 2, 1, n_fft], squared window [1, 1, n_fft]; float64 until the last step."""
    time = torch.arange(n_fft, dtype=torch.float64, device="cpu")
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64, device="cpu")
    window = 0.5 - 0.5 * torch.cos(2 * pi / n_fft * time)
    angle = 2 * pi / n_fft * bins[:, None] * time
    analysis = torch.cat([angle.cos(), -angle.sin()]) * window
    # The spectrum of a real signal is stored without its mirror half, whose bins therefore count twice.
    share = torch.full_like(bins, 2 / n_fft)
    share[[0, -1]] = 1 / n_fft
    synthesis = analysis * share.repeat(2)[:, None]
    return (
        analysis[:, None].to(device, torch.float32),
        synthesis[:, None].to(device, torch.float32),
        window.square()[None, None].to(device, torch.float32),
    )
