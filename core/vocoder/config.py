"""Hyper-parameters of HiFT (arXiv:2309.09493): mel to waveform."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class EnvelopeConfig:
    """How the mel was taken that an `envelope.EnvelopeFilter` is given; its hop is the vocoder's."""

    n_fft: int
    fmin: float
    fmax: float


@dataclass(frozen=True)
class HiFTConfig:
    """envelope: an untrained filter takes the place of the neural one, whose sizes then mean nothing."""

    mel_bins: int
    channels: int
    harmonics: int
    sample_rate: int
    source_amplitude: float
    source_noise: float
    voiced_threshold: float  # Hz
    upsample_rates: tuple[int, ...]
    upsample_kernels: tuple[int, ...]
    n_fft: int
    hop: int
    resblock_kernels: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    source_kernels: tuple[int, ...]
    source_dilations: tuple[tuple[int, ...], ...]
    lrelu_slope: float
    audio_limit: float
    f0_channels: int
    envelope: EnvelopeConfig | None = None

    @property
    def samples_per_frame(self) -> int:
        return prod(self.upsample_rates) * self.hop
