"""HiFT, the vocoder of CosyVoice (arXiv:2309.09493): mel spectrogram to waveform through pitch and its harmonics."""

from __future__ import annotations

from math import ceil

from torch import Tensor, nn

from ..weights import WeightReader
from .config import HiFTConfig
from .envelope import EnvelopeFilter
from .f0 import F0Predictor
from .generator import Generator
from .official import official_weights
from .source import HarmonicSource


class HiFT(nn.Module):
    """Pitch from the mel, a source of harmonics and noise from the pitch, a waveform from mel and source.

    T mel frames become S = T * samples_per_frame samples. All randomness is given by the caller, so that equal inputs
    make equal audio.
    """

    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.config = config
        self.f0_predictor = F0Predictor(config.mel_bins, config.f0_channels)
        self.harmonic_source = HarmonicSource(config)
        self.generator: Generator | EnvelopeFilter = (
            Generator(config)
            if config.envelope is None
            else EnvelopeFilter(config.envelope, config.sample_rate, config.mel_bins, config.samples_per_frame)
        )

    @property
    def context(self) -> int:
        """How many mel frames in front of some audio it still depends on, through mel and source."""
        reach = self.generator.reach
        return max(-reach.mel[0], ceil(-reach.source[0] / self.config.samples_per_frame))

    @property
    def lookahead(self) -> int:
        """How many frames behind some audio must have a pitch before it can be made."""
        hop, reach = self.config.samples_per_frame, self.generator.reach
        # The last frame's second half leans to a pitch that is not known yet.
        return max(reach.mel[1], ceil((reach.source[1] + hop / 2) / hop))

    @property
    def holdback(self) -> int:
        """How many frames of mel may still change the audio that they follow: what a stream keeps waiting."""
        return self.lookahead + self.f0_predictor.reach

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        """mel [B, bins, T] (natural log), noise [B, S, harmonics + 1] standard normal -> audio [B, S]."""
        return self.decode(mel, self.source(self.f0(mel), noise))

    def f0(self, mel: Tensor) -> Tensor:
        """mel [B, bins, T] -> f0 [B, T] in Hz."""
        self._check("mel", mel, mel.shape[0], self.config.mel_bins, mel.shape[-1])
        return self.f0_predictor(mel)

    def source(self, f0: Tensor, noise: Tensor, before: Tensor | None = None) -> Tensor:
        """f0 [B, T] in Hz, noise [B, S, harmonics + 1] standard normal, before as `HarmonicSource` -> source [B, S]."""
        batch, frames = f0.shape
        self._check("noise", noise, batch, frames * self.config.samples_per_frame, self.config.harmonics + 1)
        return self.harmonic_source(f0, noise, before)

    def decode(self, mel: Tensor, source: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """mel [B, bins, T], source [B, S] -> audio of the frames first..stop-1, within [-audio_limit, audio_limit]."""
        config = self.config
        self._check("mel", mel, mel.shape[0], config.mel_bins, mel.shape[-1])
        self._check("source", source, mel.shape[0], mel.shape[2] * config.samples_per_frame)
        audio: Tensor = self.generator(mel, source, first, stop)
        return audio.clamp_(-config.audio_limit, config.audio_limit)

    def official_weights(self, reader: WeightReader) -> dict[str, Tensor]:
        """This module's state dict from an official `hift.pt`. Raises CheckpointError."""
        return official_weights(self.config, reader)

    @staticmethod
    def _check(name: str, tensor: Tensor, *shape: int) -> None:
        if tensor.shape != shape or 0 in shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, expected {shape} and not empty")
