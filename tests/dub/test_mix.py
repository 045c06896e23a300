"""Laying, ducking and mixing."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core.dub.fit import FitOptions, Placement, Slot, place
from cosyvox.core.dub.mix import duck, lay, onsets, under
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

RATE = 24_000
CEILING = np.float32(10 ** (-1 / 20))


def tone(samples: int, peak: float, frequency: float = 440.0) -> NDArray[np.float32]:
    return (peak * np.sin(2 * np.pi * frequency * np.arange(samples) / RATE)).astype(np.float32)


def test_parts_lie_where_they_are_laid_unchanged() -> None:
    first, second = tone(1000, 0.5), tone(500, 0.8, 1000.0)
    track = lay([(100, first), (5000, second)], 5500, RATE)
    assert track.dtype == np.float32
    assert np.array_equal(track[100:1100], first)
    assert np.array_equal(track[5000:], second)
    assert not track[:100].any()
    assert not track[1100:5000].any()


@pytest.mark.parametrize("start", [-1, 901])
def test_nothing_lies_beyond_the_track(start: int) -> None:
    with pytest.raises(ValueError, match="of a track of 1000"):
        lay([(start, tone(100, 0.5))], 1000, RATE)


def test_nothing_laid_is_silence() -> None:
    assert np.array_equal(lay([], 7, RATE), np.zeros(7, np.float32))
    assert lay([], 0, RATE).shape == (0,)


def test_what_is_summed_is_limited_there_and_nowhere_else() -> None:
    second = RATE
    part = tone(second, 0.7)
    track = lay([(0, part), (second // 2, part), (9 * second, part)], 10 * second, RATE)
    assert np.abs(track).max() <= CEILING
    assert np.abs(track[second // 2 : second]).max() > 0.8
    assert np.array_equal(track[9 * second :], part)  # the limiter has let go by then
    assert np.array_equal(track[: second // 4], part[: second // 4])


def test_no_limiting_below_the_ceiling() -> None:
    part = tone(RATE, 0.44)
    track = lay([(0, part), (0, part)], RATE, RATE)
    assert np.array_equal(track, part + part)


def test_channels_are_limited_together() -> None:
    background = np.stack([tone(RATE, 0.9), tone(RATE, 0.1, 700.0)])
    speech = tone(RATE, 0.9)
    mixed = under(speech, background, RATE)
    assert np.abs(mixed).max() <= CEILING
    summed = background + speech
    loud = np.abs(summed[0]) > 0.5
    factor = mixed[0, loud] / summed[0, loud]
    assert factor.min() < 0.55
    np.testing.assert_allclose(mixed[1, loud], factor * summed[1, loud], atol=1e-6)


def test_speech_is_as_long_as_what_it_lies_on() -> None:
    with pytest.raises(ValueError, match="speech of 9 samples over 10"):
        under(np.zeros(9, np.float32), np.zeros((2, 10), np.float32), RATE)


def ducking(spans: list[tuple[float, float]], seconds: float = 6.0, **options: float) -> NDArray[np.float64]:
    """In dB, at each sample; of both channels the same."""
    ducked = duck(np.full((2, round(seconds * 1000)), 0.5, np.float32), spans, 1000, **options)
    assert np.array_equal(ducked[0], ducked[1])
    return 20 * np.log10(ducked[0].astype(np.float64) / 0.5)


def test_ducking_falls_before_speech_and_comes_back_behind_it() -> None:
    level = ducking([(2.0, 3.0)])
    assert level[:1850] == pytest.approx(0, abs=1e-5)
    assert level[2000:3001] == pytest.approx(-12, abs=1e-5)
    assert level[3400:] == pytest.approx(0, abs=1e-5)
    assert (np.diff(level[1850:2000]) < 0).all()
    assert (np.diff(level[3001:3400]) > 0).all()
    assert np.abs(np.diff(level)).max() < 0.2  # dB a millisecond: nothing is heard to click


def test_ducking_stays_down_in_short_pauses() -> None:
    level = ducking([(3.1, 4.0), (1.0, 2.0), (1.5, 3.0)], depth_db=-20.0)
    assert level[1000:4000].max() < -14
    assert level.min() == pytest.approx(-20, abs=1e-4)
    assert ducking([(1.0, 2.0), (2.3, 3.0)])[2001:2300].max() < -1


def test_ducking_at_the_ends_and_of_nothing() -> None:
    level = ducking([(0.0, 1.0), (5.5, 9.0)], attack=0.0, release=0.0)
    assert level[:1000] == pytest.approx(-12, abs=1e-5)
    assert level[1002:5499] == pytest.approx(0, abs=1e-5)
    assert level[5500:] == pytest.approx(-12, abs=1e-5)
    background = np.full((1, 10), 0.5, np.float32)
    assert np.array_equal(duck(background, [], RATE), background)
    assert duck(np.zeros((2, 0), np.float32), [(0, 1)], RATE).shape == (2, 0)


def test_ducking_of_a_long_track_is_the_same_in_every_part() -> None:
    rate, seconds = 8000, 300
    spans = [(start, start + 1.0) for start in range(5, seconds, 5)]
    ducked = duck(np.ones((1, rate * seconds), np.float32), spans, rate)[0].reshape(-1, 5 * rate)
    np.testing.assert_allclose(ducked[2:-1], np.tile(ducked[1], (len(ducked) - 3, 1)), atol=1e-6)


@given(
    cues=st.lists(st.tuples(st.floats(0.1, 3), st.floats(0, 0.3), st.integers(100, 60_000)), min_size=1, max_size=20),
    rate=st.sampled_from([8000, 22_050, 24_000, 48_000]),
    walled=st.booleans(),
)
def test_placed_speech_never_overlaps_by_a_sample_nor_leaves_the_track(
    cues: list[tuple[float, float, int]], rate: int, walled: bool
) -> None:
    slots, at = [], 0.0
    for size, gap, _ in cues:
        slots.append(Slot(at, at + size))
        at += size + gap
    lengths = [samples for *_, samples in cues]
    total = round((at + sum(lengths) / rate + len(cues)) * rate)
    if walled:
        total = round((slots[-1].start + lengths[-1] / rate + 1) * rate) + sum(lengths) // 2
    options = FitOptions(stretch=1.7)
    placed = place(slots, [samples / rate for samples in lengths], options, length=total / rate)
    sizes = [round(samples * placement.stretch) for samples, placement in zip(lengths, placed, strict=True)]
    starts = onsets(placed, sizes, rate, total)
    for start, placement in zip(starts, placed, strict=True):
        assert abs(start - placement.start * rate) < len(cues) + 2
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    assert all(end <= start for end, start in zip(ends[:-1], starts[1:], strict=True))
    assert starts[0] >= 0
    assert ends[-1] <= total


def test_what_may_overlap_is_not_moved() -> None:
    placed = [Placement(1.0, 2.0, steps=("overlaps",)), Placement(2.0, 0.5), Placement(2.5, 0.5)]
    assert onsets(placed, [200, 50, 51], 100, 1000) == [100, 200, 250]
    assert onsets(placed, [200, 50, 51], 100, 300) == [100, 199, 249]
    assert onsets(placed[1:], [52, 50], 100, 1000) == [200, 252]
    with pytest.raises(ValueError, match="speech of 101 samples in a track of 100"):
        onsets(placed[:1], [101], 100, 100)
