from __future__ import annotations

import numpy as np
import parity
import pytest
from cosyvox.core.audio import resample as module
from cosyvox.core.audio.resample import ResampleStream, resample
from cosyvox.core.errors import AudioError
from numpy.typing import NDArray

COPRIME_RATES = [(9_601, 8_000), (8_000, 9_601), (16_001, 8_000)]


def tones(seconds: float, rate: int) -> NDArray[np.float32]:
    """Three tones below 2.5 kHz, faded to zero at both ends."""
    time = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * frequency * time + frequency) for frequency in (200.0, 997.0, 2500.0))
    return (0.2 * wave * np.sin(np.pi * time / seconds) ** 2).astype(np.float32)


@pytest.mark.parametrize("target", [16_000, 22_050, 24_000])
def test_equals_torchaudio(target: int) -> None:
    arrays, meta = parity.golden("common", "features")
    wave = parity.speech_like(**meta["wave"], rate=44_100)
    np.testing.assert_allclose(resample(wave, 44_100, target), arrays[f"resampled_{target}"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("rate", "target"), [*COPRIME_RATES, (8_000, 24_000), (48_000, 16_000), (24_000, 44_100)])
def test_keeps_what_both_rates_can_hold(rate: int, target: int) -> None:
    result = resample(tones(0.5, rate), rate, target)
    expected = tones(0.5, target)
    assert abs(len(result) - len(expected)) <= 1
    length = min(len(result), len(expected))
    assert np.abs(result[:length] - expected[:length]).max() < 2e-3


def test_drops_what_the_lower_rate_cannot_hold() -> None:
    time = np.arange(24_000) / 48_000
    hiss = np.sin(2 * np.pi * 11_000 * time).astype(np.float32)
    assert np.abs(resample(hiss, 48_000, 16_000)[100:-100]).max() < 1e-2


@pytest.mark.parametrize(("rate", "target"), COPRIME_RATES)
def test_kernels_stay_small_and_their_size_changes_nothing(
    rate: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = tones(0.2, rate)
    whole = resample(wave, rate, target)
    sizes = []
    make = module._kernel.__wrapped__

    def measured(*arguments: int) -> object:
        kernel = make(*arguments)
        sizes.append(kernel.numel())
        return kernel

    monkeypatch.setattr(module, "_kernel", measured)
    monkeypatch.setattr(module, "KERNEL_SIZE", 1 << 14)
    np.testing.assert_allclose(resample(wave, rate, target), whole, rtol=0, atol=1e-6)
    assert len(sizes) > 10
    assert max(sizes) <= 2 * (1 << 14)


def test_channels_are_resampled_alike() -> None:
    left, right = tones(0.1, 44_100), tones(0.1, 44_100)[::-1]
    both = resample(np.stack([left, right]), 44_100, 16_000)
    assert both.shape == (2, 1600)
    np.testing.assert_allclose(both[0], resample(left, 44_100, 16_000), rtol=0, atol=1e-6)
    np.testing.assert_allclose(both[1], resample(right, 44_100, 16_000), rtol=0, atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 2, 146, 147, 148])
def test_length_is_rounded_up(samples: int) -> None:
    assert resample(np.ones(samples, np.float32), 22_050, 24_000).shape == (-(-samples * 160 // 147),)


def test_equal_rates_change_nothing() -> None:
    wave = tones(0.1, 16_000)
    assert np.array_equal(resample(wave, 16_000, 16_000), wave)


@pytest.mark.parametrize("rate", [0, -16_000, 1, 4_000_000_000])
def test_impossible_rates_are_refused(rate: int) -> None:
    with pytest.raises(AudioError, match="sample rate"):
        resample(np.zeros(10, np.float32), rate, 16_000)
    with pytest.raises(AudioError, match="sample rate"):
        resample(np.zeros(10, np.float32), 16_000, rate)


def streamed(wave: NDArray[np.float32], rate: int, target: int, piece: int) -> NDArray[np.float32]:
    stream = ResampleStream(rate, target)
    parts = [stream.feed(wave[start : start + piece]) for start in range(0, len(wave), piece)]
    return np.concatenate([*parts, stream.finish()])


@pytest.mark.parametrize(
    ("rate", "target"),
    [(24_000, 44_100), (44_100, 16_000), (24_000, 8_000), (8_000, 24_000), (16_000, 16_000), *COPRIME_RATES],
)
def test_streamed_equals_whole(rate: int, target: int) -> None:
    wave = tones(0.15, rate)
    made = streamed(wave, rate, target, 500)
    np.testing.assert_allclose(made, resample(wave, rate, target), rtol=0, atol=1e-6)
    for piece in (1, 7, 480, len(wave)):
        assert np.array_equal(streamed(wave, rate, target, piece), made), piece


@pytest.mark.parametrize("samples", [0, 1, 2, 146, 147, 148])
def test_streamed_length_is_rounded_up(samples: int) -> None:
    assert streamed(np.ones(samples, np.float32), 22_050, 24_000, 10).shape == (-(-samples * 160 // 147),)


def test_a_stream_waits_a_millisecond() -> None:
    """For what a sample sees of what follows, and for no whole period of the two rates: that could be seconds."""
    for target in (23_999, 24_001, 44_100):
        made = ResampleStream(24_000, target).feed(np.ones(1_000, np.float32))
        assert abs(len(made) - (1_000 - 7) * target / 24_000) <= 1


def test_a_stream_keeps_little() -> None:
    stream = ResampleStream(44_100, 24_000)
    for _ in range(50):
        stream.feed(np.ones(4_410, np.float32))
    assert len(stream._kept) < 50


@pytest.mark.parametrize("rate", [0, 4_000_000_000])
def test_impossible_rates_are_refused_in_streams(rate: int) -> None:
    with pytest.raises(AudioError, match="sample rate"):
        ResampleStream(rate, 16_000)
    with pytest.raises(AudioError, match="sample rate"):
        ResampleStream(16_000, rate)
