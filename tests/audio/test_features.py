"""Mel, Whisper's log-mel and Kaldi's fbank against what the official front end computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import parity
import pytest
import torch
from cosyvox.core.audio.fbank import fbank
from cosyvox.core.audio.mel import mel_filters, mel_spectrogram
from cosyvox.core.audio.whisper import whisper_log_mel
from cosyvox.core.families.family import MelConfig
from torch import Tensor


def wave(rate: int) -> Tensor:
    _, meta = parity.golden("common", "features")
    return torch.from_numpy(parity.speech_like(**meta["wave"], rate=rate))


def settings(official: dict[str, Any]) -> MelConfig:
    return MelConfig(
        sample_rate=official["sampling_rate"],
        n_fft=official["n_fft"],
        hop=official["hop_size"],
        window=official["win_size"],
        bins=official["num_mels"],
        fmin=official["fmin"],
        fmax=official["fmax"],
    )


@pytest.mark.parametrize("family", ["mel_v1", "mel_v2", "mel_v3"])
def test_mel_equals_the_official(family: str) -> None:
    arrays, meta = parity.golden("common", "features")
    config = settings(meta["settings"][family])
    mel = mel_spectrogram(wave(config.sample_rate)[None], config)[0]
    np.testing.assert_allclose(mel.numpy(), arrays[family], rtol=0, atol=1e-4)


def test_the_family_has_the_settings_of_its_golden() -> None:
    _, meta = parity.golden("common", "features")
    assert parity.model_config("full").mel == settings(meta["settings"]["mel_v2"])


def test_whisper_log_mel_equals_the_official() -> None:
    arrays, _ = parity.golden("common", "features")
    mel = whisper_log_mel(wave(16_000)[None])[0]
    np.testing.assert_allclose(mel.numpy(), arrays["whisper"], rtol=0, atol=1e-4)


def test_fbank_equals_the_official() -> None:
    arrays, _ = parity.golden("common", "features")
    features = fbank(wave(16_000))
    features = features - features.mean(0, keepdim=True)
    np.testing.assert_allclose(features.numpy(), arrays["fbank"], rtol=0, atol=1e-3)


def test_a_batch_is_its_items() -> None:
    config = parity.model_config("full").mel
    batch = torch.stack([wave(24_000), 0.01 * wave(24_000).flip(0)])
    for features in (lambda audio: mel_spectrogram(audio, config), whisper_log_mel):
        together = features(batch)
        for index in range(2):
            torch.testing.assert_close(together[index], features(batch[index : index + 1])[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("samples", [24_000, 24_001, 24_479])
def test_mel_frames(samples: int) -> None:
    assert mel_spectrogram(torch.zeros(1, samples), parity.model_config("full").mel).shape == (1, 80, samples // 480)


@pytest.mark.parametrize(("samples", "frames"), [(400, 1), (559, 1), (560, 2)])
def test_fbank_frames(samples: int, frames: int) -> None:
    assert fbank(torch.zeros(samples)).shape == (frames, 80)


def test_silence_is_the_floor() -> None:
    silence = torch.zeros(1, 24_000)
    assert mel_spectrogram(silence, parity.model_config("full").mel).max() <= np.log(2e-4)
    assert (whisper_log_mel(silence) == -1.5).all()
    torch.testing.assert_close(fbank(silence[0]).unique(), torch.tensor([-15.9424]), rtol=0, atol=1e-4)


def test_mel_filters_have_unit_area() -> None:
    filters = mel_filters(24_000, 1 << 14, 80)
    hz_per_bin = 24_000 / (1 << 14)
    torch.testing.assert_close(filters.sum(1) * hz_per_bin, torch.ones(80), rtol=0, atol=2e-3)
