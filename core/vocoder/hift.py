"""HiFT, the vocoder of CosyVoice (arXiv:2309.09493): mel spectrogram to waveform through pitch and its harmonics."""

from __future__ import annotations

from torch import Tensor, nn

from ..weights import WeightReader
from .config import HiFTConfig
from .envelope import EnvelopeFilter
from .f0 import F0Predictor
from .generator import Generator
from .official import official_weights
from .source import HarmonicSource
from .stft import istft, stft


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
    def reach(self) -> int:
        """How many mel frames away, on either side, a sample still depends on mel or source."""
        return self.generator.reach

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

    def decode(self, mel: Tensor, source: Tensor) -> Tensor:
        """mel [B, bins, T], source [B, S] -> audio [B, S] in [-audio_limit, audio_limit]."""
        config = self.config
        self._check("mel", mel, mel.shape[0], config.mel_bins, mel.shape[-1])
        self._check("source", source, mel.shape[0], mel.shape[2] * config.samples_per_frame)
        if isinstance(self.generator, EnvelopeFilter):
            audio = self.generator(mel, source)
        else:
            audio = istft(self.generator(mel, stft(source, config.n_fft, config.hop)), config.n_fft, config.hop)
        return audio.clamp_(-config.audio_limit, config.audio_limit)

    def official_weights(self, reader: WeightReader) -> dict[str, Tensor]:
        """This module's state dict from an official `hift.pt`. Raises CheckpointError."""
        return official_weights(self.config, reader)

    @staticmethod
    def _check(name: str, tensor: Tensor, *shape: int) -> None:
        if tensor.shape != shape or 0 in shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, expected {shape} and not empty")
