"""A filter that nobody trained: the source, made as loud in every band and frame as the mel says.

Classic source-filter synthesis. The source's own mel is measured and divided out, so that whatever excites it, the
envelope of the result is that of the mel. For models too small to have learnt a neural filter worth hearing.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..audio.mel import mel_filters
from .config import EnvelopeConfig
from .reach import Reach, Span, joined
from .stft import analysed, synthesised

_SIZE, _HOP = 480, 120  # samples of the filter's frames: 20 ms, in which the envelope stands still
_WIDTH = 110.0  # Hz on either side, over which loudness is averaged: what lies closer are harmonics, not formants
_FLOOR = 1e-4  # of a magnitude
_LARGEST = 9.0  # nepers of gain, either way
_ROUNDS = 6  # a mel's window is four hops long: what it blurred is found again by listening and correcting


class EnvelopeFilter(nn.Module):
    """mel and source to waveform. Has no weights."""

    def __init__(self, config: EnvelopeConfig, sample_rate: int, bins: int, hop: int) -> None:
        super().__init__()
        self.config, self.sample_rate, self.bins, self.hop = config, sample_rate, bins, hop
        self.reach = _reach(config, hop)

    def forward(self, mel: Tensor, source: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """mel [B, bins, T] (natural log), source [B, S] -> audio of frames first..stop-1: [B, (stop - first) * hop]."""
        smooth, spread = _matrices(self.config, self.sample_rate, self.bins, mel.device)
        window = torch.hann_window(_SIZE, device=source.device)
        spectrum = torch.stft(source, _SIZE, _HOP, window=window, return_complex=True)
        audible = spread.sum(1, keepdim=True) > 0
        wanted = self._loudness(smooth, mel.exp())
        gain, audio = torch.zeros_like(mel), source
        for _ in range(_ROUNDS):
            gain = (gain + wanted - self._loudness(smooth, self._mel(audio))).clamp(-_LARGEST, _LARGEST)
            level = (spread @ self._in_time(gain, spectrum.shape[2])).exp() * audible
            audio = torch.istft(spectrum * level, _SIZE, _HOP, window=window, length=source.shape[1])
        return audio[:, first * self.hop : stop if stop is None else stop * self.hop]

    @staticmethod
    def _loudness(smooth: Tensor, magnitude: Tensor) -> Tensor:
        """Of bands and their neighbours, in nepers."""
        return 0.5 * torch.log(smooth @ magnitude.square() + _FLOOR**2)

    def _mel(self, source: Tensor) -> Tensor:
        """Mel magnitudes [B, bins, T], framed as those that are wanted."""
        size, margin = self.config.n_fft, (self.config.n_fft - self.hop) // 2
        mode = "reflect" if margin < source.shape[1] else "constant"
        padded = F.pad(source[:, None], (margin, margin), mode=mode)[:, 0]
        window = torch.hann_window(size, device=source.device)
        spectrum = torch.stft(padded, size, self.hop, window=window, center=False, return_complex=True)
        filters = mel_filters(self.sample_rate, size, self.bins, self.config.fmin, self.config.fmax)
        return filters.to(source.device) @ spectrum.abs()

    def _in_time(self, gain: Tensor, frames: int) -> Tensor:
        """From the centres of mel frames to those of the filter's: [B, bins, T] -> [B, bins, frames]."""
        place = torch.arange(frames, device=gain.device) * (_HOP / self.hop) - 0.5
        place = place.clamp(0, gain.shape[2] - 1)
        left = place.floor().long().clamp(max=max(gain.shape[2] - 2, 0))
        right = (left + 1).clamp(max=gain.shape[2] - 1)
        share = place - left
        return gain[:, :, left] * (1 - share) + gain[:, :, right] * share


def _reach(config: EnvelopeConfig, hop: int) -> Reach:
    """Back through the rounds: audio, the filter's frames, gains, and the mel of the round before."""
    margin = (config.n_fft - hop) // 2
    audio: Span = (0, 0)
    mel, source = audio, audio
    for _ in range(_ROUNDS):
        frames = synthesised(audio, _SIZE, _HOP)
        source = joined(source, analysed(frames, _SIZE, _HOP))
        first, last = (place * _HOP / hop - 0.5 for place in (frames[0], frames[1] - 1))
        mel = floor(first), ceil(last) + 1
        audio = mel[0] * hop - margin + 1, (mel[1] - 1) * hop - margin + config.n_fft
    return Reach(mel, joined(source, audio))


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _matrices(config: EnvelopeConfig, sample_rate: int, bins: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Averaging over neighbouring bands [bins, bins], and from bands to frequencies [_SIZE // 2 + 1, bins]."""
    filters = mel_filters(sample_rate, config.n_fft, bins, config.fmin, config.fmax).double()
    hz = torch.linspace(0, sample_rate / 2, filters.shape[1], dtype=torch.float64)
    centres = (filters @ hz) / filters.sum(1)
    away = (centres[:, None] - centres[None]).abs()
    smooth = (1 - away / _WIDTH).clamp(min=0)
    smooth = smooth / smooth.sum(1, keepdim=True)
    places = torch.linspace(0, sample_rate / 2, _SIZE // 2 + 1, dtype=torch.float64)
    spread = torch.zeros(len(places), bins, dtype=torch.float64)
    for row, place in enumerate(places.clamp(centres[0], centres[-1]).tolist()):
        right = int(torch.searchsorted(centres, place).clamp(1, bins - 1))
        share = (place - centres[right - 1]) / (centres[right] - centres[right - 1])
        spread[row, right - 1], spread[row, right] = 1 - share, share
    spread[places > config.fmax] = 0  # the mel says nothing of what lies above it
    return smooth.float().to(device), spread.float().to(device)
