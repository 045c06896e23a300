"""Speech that is handed out while it is made sounds like speech that is finished first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from cosyvox.core.audio.level import gain, speech_frames
from cosyvox.core.live_master import LiveMaster
from cosyvox.core.mastering import finish, join
from numpy.typing import NDArray
from parity import speech_like

Samples = NDArray[np.float32]

RATE = 24_000
TEXTS = ["First, a question?", "Then this,", "and that."]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def word(name: str = "a", seconds: float = 0.9) -> Samples:
    """Speech with silence of its own on both sides, less than an edge that is kept."""
    return speech_like(f"tests/live/{name}", seconds, RATE)


def said(name: str, before: float = 0.3, after: float = 0.4) -> Samples:
    return np.concatenate([silence(before), word(name), silence(after)])


def streamed(segments: Sequence[Samples], piece: int = 480, **how: float) -> tuple[Samples, list[int]]:
    master = LiveMaster(RATE, gain_db=how.get("gain_db", 0.0), sample_rate=int(how.get("sample_rate", RATE)))
    parts, starts = [silence(0)], []
    for index, segment in enumerate(segments):
        if index:
            parts.append(master.next_segment(TEXTS[index - 1]))
        starts.append(master.position)
        parts += [master.feed(segment[start : start + piece]) for start in range(0, len(segment), piece)]
    parts.append(master.finish())
    audio = np.concatenate(parts)
    assert master.position == len(audio)
    return audio, starts


def whole(segments: Sequence[Samples], **how: float) -> tuple[Samples, list[int]]:
    joined, starts = join(segments, TEXTS[: len(segments)], RATE)
    return finish(joined, RATE, gain_db=how.get("gain_db", 0.0), sample_rate=int(how.get("sample_rate", RATE))), starts


def test_one_segment_is_that_of_the_whole() -> None:
    segment = said("a")
    np.testing.assert_allclose(streamed([segment])[0], whole([segment])[0], rtol=0, atol=1e-7)


def test_segments_are_joined_as_in_the_whole() -> None:
    """The same sentence three times, so that levels are equal: samples, pauses and places."""
    segments = [said("a", 0.3, 0.4), said("a", 0.5, 0.02), said("a", 0.0, 0.7)]
    audio, starts = streamed(segments)
    expected, places = whole(segments)
    assert starts == places
    np.testing.assert_allclose(audio, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_at_another_rate_and_level(rate: int) -> None:
    segment = said("a")
    made, expected = (
        streamed([segment], gain_db=-6.0, sample_rate=rate),
        whole([segment], gain_db=-6.0, sample_rate=rate),
    )
    np.testing.assert_allclose(made[0], expected[0], rtol=0, atol=1e-6)
    audio, starts = streamed([said("a"), said("b")], sample_rate=rate)
    assert not audio[starts[1] - round(0.3 * rate) + 5 : starts[1]].any(), "the pause of a question"


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_however_it_is_cut(rate: int) -> None:
    segments = [said("a"), 3 * said("b", 0.1, 1.6), said("c", 1.5, 0.5)]
    expected = streamed(segments, sample_rate=rate)
    for piece in (97, 2_000, 100_000):
        audio, starts = streamed(segments, piece, sample_rate=rate)
        assert starts == expected[1]
        assert np.array_equal(audio, expected[0]), piece


def test_the_peak_holds_and_there_is_no_click() -> None:
    loud = said("a") * np.float32(4.0 / np.abs(word("a")).max())
    audio, _ = streamed([loud, loud], gain_db=3.0)
    assert np.abs(audio).max() <= gain(-1.0) + 1e-7
    steps = np.abs(np.diff(loud)).max() * gain(3.0)
    assert np.abs(np.diff(audio)).max() < steps


def test_the_first_sound_comes_at_once() -> None:
    """But for ten milliseconds, whether it begins with silence or with a word."""
    for segment in (said("a"), word("a"), said("a")[5_000:]):
        for rate in (RATE, 16_000, 44_100):
            master = LiveMaster(RATE, sample_rate=rate)
            made = sum(len(master.feed(part)) for part in np.split(segment[:7_000], [480, 481, 960, 3_000]))
            assert made >= (7_000 - 0.01 * RATE) * rate / RATE


def test_only_silence_waits() -> None:
    """While a word is spoken all of it comes; what follows comes when the next word shows that it is a pause."""
    master = LiveMaster(RATE)
    segment = np.concatenate([word("a"), silence(0.6), word("b"), silence(0.3)])
    made = [len(master.feed(part)) for part in np.split(segment, range(480, len(segment), 480))]
    fed = np.minimum(480 * np.arange(1, len(made) + 1), len(segment))
    waiting = fed - np.cumsum(made)
    assert waiting[speech_frames(segment, RATE)].max() <= 0.01 * RATE
    assert waiting.max() > 0.4 * RATE, "the pause"
    assert waiting[-1] > 0.2 * RATE, "the end"


def test_a_long_silence_does_not_wait() -> None:
    """What is kept is bounded, and who listens to a conversion hears its pauses pass."""
    master = LiveMaster(RATE)
    made = len(master.feed(np.concatenate([word("a"), silence(5.0)])))
    made += len(master.feed(silence(5.0)))
    assert made >= len(word("a")) + (10 - 1.01) * RATE
    assert len(master.finish()) == len(word("a")) + 10 * RATE - made


def test_where_segments_meet_there_is_silence_and_no_click() -> None:
    """A segment that is cut off in the middle of a vowel, and one that begins in one."""
    loudest = int(np.abs(word("a")).argmax())
    vowel = word("a")[loudest - 700 : loudest + 1]
    vowel = np.concatenate([vowel[::-1], vowel])
    assert min(abs(vowel[-1]), abs(vowel[0])) > 0.2
    audio, (_, start) = streamed([vowel, vowel])
    assert not audio[start - round(0.3 * RATE) : start].any()
    assert np.abs(np.diff(audio)).max() <= np.abs(np.diff(vowel)).max()
    assert max(abs(audio[start]), abs(audio[0]), abs(audio[-1])) < 1e-3


def test_what_says_nothing_adds_nothing() -> None:
    only, _ = streamed([word("a")])
    silent, _ = streamed([word("a"), silence(0.5)])
    assert np.array_equal(silent[: len(only) - 2_500], only[: len(only) - 2_500])
    assert not silent[len(only) :].any()
    late, starts = streamed([silence(0), word("a")])
    assert starts == [0, 0]
    assert np.array_equal(late, only)
    assert len(streamed([])[0]) == 0
