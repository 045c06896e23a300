"""No sample above the ceiling, nothing changed below it, however the waveform arrives."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core.audio.level import gain
from cosyvox.core.audio.limiter import Limiter
from numpy.typing import NDArray
from parity import speech_like

RATE = 24_000
CEILING = np.float32(gain(-1.0))


def limited(wave: NDArray[np.float32], piece: int) -> NDArray[np.float32]:
    limiter = Limiter(RATE)
    parts = [limiter.feed(wave[start : start + piece]) for start in range(0, len(wave), piece)]
    return np.concatenate([*parts, limiter.finish()])


def loud(peak: float) -> NDArray[np.float32]:
    wave = speech_like("tests/limiter", 1.0, RATE)
    return wave * np.float32(peak / np.abs(wave).max())


def test_what_is_not_too_loud_comes_out_as_it_is() -> None:
    wave = loud(float(CEILING) - 1e-6)
    assert np.array_equal(limited(wave, 480), wave)


@pytest.mark.parametrize("peak", [0.9, 1.4, 4.0, 1000.0])
def test_the_ceiling_holds(peak: float) -> None:
    made = limited(loud(peak), 480)
    assert len(made) == RATE
    assert np.abs(made).max() <= CEILING
    assert np.abs(made).max() > 0.5


@pytest.mark.parametrize("piece", [1, 7, 119, 120, 121, 5000, RATE])
def test_however_it_is_cut(piece: int) -> None:
    """Loud, then soft for as long as the gain needs to come back, then loud again."""
    size = 3000 if piece == 1 else 24_000
    wave = np.concatenate([loud(2.0)[:size], 0.1 * loud(1.0)[:size], loud(1.2)[:size]])
    assert np.array_equal(limited(wave, piece), limited(wave, 480))


def test_the_gain_moves_smoothly_and_comes_back_slowly() -> None:
    """On a constant, which shows it: one peak of 6 dB too much in three seconds."""
    wave = np.full(3 * RATE, 0.5, np.float32)
    peak = RATE // 2
    wave[peak] = 2 * CEILING
    factor = limited(wave, 480) / wave
    down = factor[peak - 121 : peak + 1]
    assert np.all(factor[: peak - 120] == 1.0)
    assert factor[peak] == pytest.approx(0.5, abs=1e-6)
    assert np.all(np.diff(down) <= 0)
    assert np.abs(np.diff(factor)).max() < 2 * 0.5 / 120, "at most twice as steep as a straight line over 5 ms"
    after = 20 * np.log10(factor[[peak + RATE // 2, peak + RATE, peak + 2 * RATE]])
    np.testing.assert_allclose(after, [-4.5, -3.0, 0.0], atol=0.05)
    assert np.all(factor[-RATE // 4 :] == 1.0)


def test_it_waits_five_milliseconds() -> None:
    limiter = Limiter(RATE)
    assert limiter.lookahead == 120
    assert len(limiter.feed(loud(2.0)[:1000])) == 880


def test_what_is_kept_does_not_grow() -> None:
    limiter = Limiter(RATE)
    for _ in range(20):
        limiter.feed(loud(2.0))
    kept = sum(value.size for value in vars(limiter).values() if isinstance(value, np.ndarray))
    assert kept < 1000


def test_nothing_at_all() -> None:
    assert len(Limiter(RATE).finish()) == 0
