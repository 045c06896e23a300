from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core.audio.level import (
    fade_ends,
    gain,
    limit_peak,
    match_level,
    noise_level,
    speech_frames,
    speech_level,
    speech_span,
)
from numpy.typing import NDArray

RATE = 16_000


def tone(seconds: float, db: float, frequency: float = 440.0) -> NDArray[np.float32]:
    """A sine whose RMS is at `db`."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.sqrt(2) * gain(db) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), np.float32)


def test_level_ignores_pauses_and_noise_in_them() -> None:
    pauses = tone(2.0, -55.0, 3000.0)
    spoken = np.concatenate([pauses, tone(1.0, -20.0), pauses, tone(0.5, -20.0)])
    assert speech_level(spoken, RATE) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("audio", [silence(1.0), silence(0.0), np.full(RATE, 0.5, np.float32), tone(1.0, -66.0)])
def test_silence_has_no_level(audio: NDArray[np.float32]) -> None:
    assert speech_level(audio, RATE) is None
    assert not speech_frames(audio, RATE).any()
    assert speech_span(audio, RATE) == (0, 0)


@pytest.mark.parametrize("rate", [8_000, 11_025, 24_000, 44_100])
def test_level_does_not_depend_on_the_rate(rate: int) -> None:
    time = np.arange(rate) / rate
    audio = (gain(-30.0) * np.sqrt(2) * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
    assert speech_level(audio, rate) == pytest.approx(-30.0, abs=0.05)


def test_span_is_where_the_speech_is() -> None:
    audio = np.concatenate([silence(0.5), tone(0.3, -20.0), silence(0.4), tone(0.2, -45.0), silence(0.61)])
    start, stop = speech_span(audio, RATE)
    assert (start, stop) == (round(0.5 * RATE), round(1.4 * RATE))
    assert speech_frames(audio, RATE).sum() == 25


def test_span_ends_with_the_audio() -> None:
    audio = tone(0.515, -20.0)
    assert speech_span(audio, RATE) == (0, len(audio))


def test_match_level() -> None:
    matched = match_level(np.concatenate([tone(1.0, -41.0), silence(1.0)]), RATE, -18.0)
    assert matched.dtype == np.float32
    assert speech_level(matched, RATE) == pytest.approx(-18.0, abs=1e-3)
    assert np.array_equal(match_level(silence(1.0), RATE, -18.0), silence(1.0))


@pytest.mark.parametrize("scale", [0.95, 1.0, 1.7, 123.4])
def test_peak_never_exceeds_the_ceiling(scale: float) -> None:
    audio = np.random.default_rng(3).uniform(-1, 1, 10_000).astype(np.float32) * np.float32(scale)
    limited = limit_peak(audio)
    assert np.abs(limited).max() <= np.float32(gain(-1.0))
    factor = limited[np.abs(audio).argmax()] / audio[np.abs(audio).argmax()]
    np.testing.assert_allclose(limited, audio * factor, rtol=0, atol=1e-6)  # scaled, not clipped


def test_what_is_below_the_ceiling_stays() -> None:
    audio = tone(0.1, -10.0)
    assert np.array_equal(limit_peak(audio), audio)
    assert limit_peak(np.zeros(0, np.float32)).shape == (0,)


def test_fades() -> None:
    audio = np.ones(1000, np.float32)
    faded = fade_ends(audio, RATE, ms=5.0)
    assert faded[0] < 1e-3
    assert faded[-1] < 1e-3
    assert (np.diff(faded[:80]) > 0).all()
    assert np.array_equal(faded[:80], faded[:-81:-1])
    assert (faded[80:-80] == 1).all()
    assert (audio == 1).all()


@pytest.mark.parametrize("samples", [0, 1, 2, 7])
def test_fades_of_what_is_shorter_than_they_are(samples: int) -> None:
    faded = fade_ends(np.ones(samples, np.float32), RATE)
    assert faded.shape == (samples,)
    assert (faded <= 1).all()


def test_noise_is_what_is_heard_in_pauses() -> None:
    noise = tone(4.0, -50.0, 3000.0)
    spoken = np.concatenate([tone(3.0, -20.0), silence(1.0)])
    assert noise_level(spoken + noise, RATE) == pytest.approx(-50.0, abs=0.5)
    assert noise_level(spoken, RATE) == -60.0


def test_a_margin_of_ones_own() -> None:
    audio = np.concatenate([tone(1.0, -20.0), tone(1.0, -40.0)])
    assert speech_frames(audio, RATE).sum() == 100
    assert speech_frames(audio, RATE, 15.0).sum() == 50
