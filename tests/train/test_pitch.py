"""The pitch tracker, on tones whose pitch is known."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.train.pitch import f0
from numpy.typing import NDArray

RATE, HOP = 24_000, 480
Audio = NDArray[np.float32]


def tone(pitch: NDArray[np.float64], harmonics: range = range(1, 12)) -> Audio:
    """A voice of falling harmonics whose pitch is `pitch` [S] Hz."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    return (0.2 * sum(np.sin(k * phase) / k for k in harmonics)).astype(np.float32)


def steady(pitch: float, seconds: float = 0.8) -> NDArray[np.float64]:
    return np.full(round(seconds * RATE), pitch)


@pytest.mark.parametrize("pitch", [70.0, 103.0, 171.0, 240.0, 333.3, 400.0])
@pytest.mark.parametrize("level", [1.0, 0.003])
def test_a_steady_tone(pitch: float, level: float) -> None:
    found = f0(tone(steady(pitch)) * np.float32(level), RATE, HOP)
    assert found.shape == (40,)
    np.testing.assert_allclose(found[2:-2], pitch, rtol=0.01)


def test_a_tone_without_its_fundamental() -> None:
    np.testing.assert_allclose(f0(tone(steady(110.0), range(2, 9)), RATE, HOP)[2:-2], 110.0, rtol=0.01)


def test_a_frame_has_the_pitch_of_its_middle() -> None:
    pitch = np.geomspace(100.0, 250.0, 2 * RATE)
    found = f0(tone(pitch), RATE, HOP)
    middles = pitch[HOP // 2 :: HOP]
    np.testing.assert_allclose(found[2:-2], middles[2:-2], rtol=0.01)


def test_noise_in_the_background() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, round(0.8 * RATE)).astype(np.float32)
    np.testing.assert_allclose(f0(tone(steady(140.0)) + noise, RATE, HOP)[2:-2], 140.0, rtol=0.01)


def test_silence_and_noise_have_none() -> None:
    assert (f0(np.zeros(RATE, np.float32), RATE, HOP) == 0).all()
    assert f0(np.zeros(HOP - 1, np.float32), RATE, HOP).shape == (0,)
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    assert (f0(noise, RATE, HOP) == 0).all()


def test_voicing_begins_and_ends_with_the_tone() -> None:
    quiet = np.zeros(RATE // 2, np.float32)
    found = f0(np.concatenate([quiet, tone(steady(150.0, 0.5)), quiet]), RATE, HOP)
    voiced = np.flatnonzero(found)
    assert abs(voiced[0] - 25) <= 1 and abs(voiced[-1] - 49) <= 1
    assert len(voiced) == voiced[-1] - voiced[0] + 1
