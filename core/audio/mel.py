"""The log-mel spectrogram that the flow speaks in, and the mel filters it shares with Whisper."""

from __future__ import annotations

from functools import lru_cache
from math import log2
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import pad

if TYPE_CHECKING:
    from ..families.family import MelConfig

FLOOR = 1e-5  # of a magnitude, before the logarithm

# Slaney's mel scale ("Auditory Toolbox", 1998): linear up to 1 kHz, logarithmic above.
HZ_PER_MEL = 200 / 3
BREAK_HZ = 1000.0
BREAK_MEL = BREAK_HZ / HZ_PER_MEL
MELS_PER_OCTAVE = 27 / log2(6.4)  # the frequency grows 6.4-fold in 27 mels


def mel_spectrogram(audio: Tensor, config: MelConfig) -> Tensor:
    """audio [B, S] at `config.sample_rate`, S > (n_fft - hop) / 2 -> natural-log mel magnitudes [B, bins, S // hop].

    The settings are HiFi-GAN's (arXiv:2010.05646): frames are not centred, the ends are reflected.
    """
    margin = (config.n_fft - config.hop) // 2
    spectrum = torch.stft(
        pad(audio[:, None], (margin, margin), mode="reflect")[:, 0],
        n_fft=config.n_fft,
        hop_length=config.hop,
        win_length=config.window,
        window=torch.hann_window(config.window, device=audio.device),
        center=False,
        return_complex=True,
    )
    magnitude = torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-9)
    filters = mel_filters(config.sample_rate, config.n_fft, config.bins, config.fmin, config.fmax)
    return torch.log((filters.to(audio.device) @ magnitude).clamp(min=FLOOR))


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # what is kept must also serve a gradient
def mel_filters(sample_rate: int, n_fft: int, bins: int, fmin: float = 0.0, fmax: float | None = None) -> Tensor:
    """[bins, n_fft // 2 + 1] triangles, evenly spaced on Slaney's mel scale, each of unit area in Hz.

    `fmax` None is half the sample rate. The same as `librosa.filters.mel`.
    """
    ends = torch.tensor([fmin, sample_rate / 2 if fmax is None else fmax], dtype=torch.float64)
    low, high = hz_to_mel(ends).tolist()
    edges = mel_to_hz(torch.linspace(low, high, bins + 2, dtype=torch.float64))
    frequencies = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - left) / (centre - left)
    falling = (right - frequencies) / (right - centre)
    return (torch.minimum(rising, falling).clamp(min=0) * (2 / (right - left))).float()


def hz_to_mel(hz: Tensor) -> Tensor:
    """Slaney's scale: linear up to 1 kHz, logarithmic above."""
    above = BREAK_MEL + MELS_PER_OCTAVE * torch.log2(hz.clamp(min=BREAK_HZ) / BREAK_HZ)
    return torch.where(hz < BREAK_HZ, hz / HZ_PER_MEL, above)


def mel_to_hz(mel: Tensor) -> Tensor:
    above = BREAK_HZ * torch.exp2((mel.clamp(min=BREAK_MEL) - BREAK_MEL) / MELS_PER_OCTAVE)
    return torch.where(mel < BREAK_MEL, mel * HZ_PER_MEL, above)
