"""The untrained filter: what it is given as a mel is what comes out."""

from __future__ import annotations

import math

import pytest
import torch
from cosyvox.core.audio.mel import mel_spectrogram
from cosyvox.core.families.family import MelConfig
from cosyvox.core.vocoder.config import EnvelopeConfig
from cosyvox.core.vocoder.envelope import EnvelopeFilter
from torch import Tensor

MEL = MelConfig(sample_rate=24_000, n_fft=1920, hop=480, window=1920, bins=80, fmin=0, fmax=8000)
HOP, FRAMES = 480, 60


def pulses(f0: float, frames: int = FRAMES, batch: int = 1) -> Tensor:
    """A hum of 40 equal harmonics with a little noise, as the harmonic source makes it: [B, S]."""
    time = torch.arange(frames * HOP) / MEL.sample_rate
    tone = sum(torch.sin(2 * math.pi * f0 * harmonic * time) for harmonic in range(1, 41))
    noise = torch.randn(batch, frames * HOP, generator=torch.Generator().manual_seed(1))
    return 0.01 * tone + 0.003 * noise


def vowel(f0: float, formants: tuple[float, ...], frames: int = FRAMES) -> Tensor:
    """The mel [1, bins, T] of a hum with resonances, which swells."""
    spectrum = torch.fft.rfft(pulses(f0, frames))
    hz = torch.linspace(0, MEL.sample_rate / 2, spectrum.shape[1])
    envelope = 0.05 + sum(1 / (1 + ((hz - formant) / 120) ** 2) for formant in formants)
    swell = torch.linspace(0.2, 2.0, frames * HOP)
    return mel_spectrogram(torch.fft.irfft(spectrum * envelope, frames * HOP) * swell, MEL)


@pytest.fixture(scope="module")
def envelope() -> EnvelopeFilter:
    return EnvelopeFilter(EnvelopeConfig(MEL.n_fft, MEL.fmin, 8000), MEL.sample_rate, MEL.bins, HOP)


def distance(audio: Tensor, mel: Tensor) -> float:
    """In nepers, on average, ends left out."""
    return float((mel_spectrogram(audio, MEL) - mel)[:, :, 3:-3].abs().mean())


@pytest.mark.parametrize("formants", [(700.0, 1200.0, 2600.0), (300.0, 2300.0, 3000.0)])
def test_the_mel_comes_out(envelope: EnvelopeFilter, formants: tuple[float, ...]) -> None:
    mel, source = vowel(120.0, formants), pulses(120.0)
    assert distance(source, mel) > 1.0
    assert distance(envelope(mel, source), mel) < 0.15


def test_another_pitch_keeps_the_envelope(envelope: EnvelopeFilter) -> None:
    """Harmonics lie elsewhere then, so only the loudness of neighbourhoods can agree."""
    mel, other = vowel(120.0, (700.0, 1200.0, 2600.0)), vowel(150.0, (700.0, 1200.0, 2600.0))
    made = mel_spectrogram(envelope(mel, pulses(150.0)), MEL)
    assert float((made - other)[:, :, 3:-3].abs().mean()) < 0.45


def test_batched_equals_single(envelope: EnvelopeFilter) -> None:
    mels = torch.cat([vowel(120.0, (700.0, 1200.0)), vowel(120.0, (300.0, 2300.0))])
    sources = pulses(120.0, batch=2)
    both = envelope(mels, sources)
    for row in range(2):
        torch.testing.assert_close(both[row], envelope(mels[row : row + 1], sources[row : row + 1])[0])


def test_silence_is_silent(envelope: EnvelopeFilter) -> None:
    mel = torch.full((1, MEL.bins, FRAMES), math.log(1e-5))
    assert envelope(mel, pulses(120.0)).abs().max() < 1e-3


def test_nothing_above_the_mel(envelope: EnvelopeFilter) -> None:
    spectrum = torch.fft.rfft(envelope(vowel(120.0, (700.0,)), pulses(120.0)))[0].abs()
    hz = torch.linspace(0, MEL.sample_rate / 2, len(spectrum))
    assert spectrum[hz > 8200].max() < 1e-3 * spectrum.max()


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_short(envelope: EnvelopeFilter, frames: int) -> None:
    audio = envelope(vowel(120.0, (700.0,))[:, :, :frames], pulses(120.0, frames))
    assert audio.shape == (1, frames * HOP)
    assert audio.isfinite().all()
