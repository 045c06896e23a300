from __future__ import annotations

import numpy as np
import parity
import pytest
from cosyvox.core.audio.level import speech_level, speech_span
from cosyvox.core.errors import AudioError, TextError
from cosyvox.core.voice.prompt import LEVEL_DB, PEAK_DB, STEPS, prepare_prompt
from numpy.typing import NDArray

RATE = 16_000


def speech(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """[1, S]"""
    return parity.speech_like("tests/prompt", seconds, rate)[None]


def pauses(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    return np.zeros((1, round(seconds * rate)), np.float32)


def test_a_good_prompt_is_its_mean_at_one_level_and_unwarned() -> None:
    left, right = speech(4.0)[0], 0.5 * speech(4.0)[0]
    prompt = prepare_prompt(np.stack([left, right]), RATE)
    assert prompt.warnings == ()
    assert prompt.rate == RATE
    assert prompt.audio.dtype == np.float32
    scale = prompt.audio.max() / left.max()
    np.testing.assert_allclose(prompt.audio, scale * left, rtol=0, atol=1.01 / STEPS)
    assert speech_level(prompt.audio, RATE) == pytest.approx(LEVEL_DB, abs=0.01)


def test_a_prompt_is_on_24_bit_steps() -> None:
    steps = prepare_prompt(speech(4.0), RATE).audio.astype(np.float64) * STEPS
    assert np.array_equal(steps, np.round(steps))
    assert not np.signbit(steps[steps == 0]).any()


def test_peaks_are_never_cut_for_the_level() -> None:
    quiet = 0.01 * speech(4.0)
    quiet[0, 9000] = 0.5
    audio = prepare_prompt(quiet, RATE).audio
    assert audio.max() == pytest.approx(10 ** (PEAK_DB / 20), abs=1e-6)
    start = 9000 - int(audio.argmax())  # beside the click the rest counts as silence
    expected = quiet[0, start : start + len(audio)] * (audio.max() / 0.5)
    np.testing.assert_allclose(audio, expected, rtol=0, atol=1.01 / STEPS)


def test_silent_ends_are_trimmed() -> None:
    padded = np.concatenate([pauses(3.0), speech(4.0), pauses(2.0)], axis=1)
    audio = prepare_prompt(padded, RATE, "Words that take about four seconds, as these may do.").audio
    start, stop = speech_span(audio, RATE)
    assert start == len(audio) - stop == pytest.approx(0.25 * RATE, abs=0.02 * RATE)


def test_a_transcript_keeps_the_recording_whole() -> None:
    words = "x" * 250
    assert prepare_prompt(speech(12.0), RATE, words).warnings == ()
    long = prepare_prompt(speech(30.0), RATE, 2 * words)
    assert len(long.audio) == 30 * RATE
    assert long.transcript == 2 * words
    (warning,) = long.warnings
    assert "long (30 s)" in warning
    with pytest.raises(AudioError, match=r"lasts 31 s.*cut both to 3-12 s, or leave the transcript out"):
        prepare_prompt(speech(31.0), RATE, words)


def test_a_long_recording_is_cut_at_pauses() -> None:
    phrases = [speech(2.0), pauses(1.0), speech(5.0), pauses(0.5), speech(4.5), pauses(1.0), speech(3.0)]
    prompt = prepare_prompt(np.concatenate(phrases, axis=1), RATE)
    assert prompt.warnings == ()
    expected = np.concatenate(phrases[2:5], axis=1)[0]
    assert np.abs(len(prompt.audio) - len(expected)) < 0.7 * RATE
    start, stop = speech_span(prompt.audio, RATE)
    assert stop - start == pytest.approx(np.ptp(speech_span(expected, RATE)), abs=0.05 * RATE)
    assert 0 < start < 0.3 * RATE and 0 < len(prompt.audio) - stop < 0.3 * RATE


@pytest.mark.parametrize("seconds", [31.0, 60.0])
def test_what_is_used_of_a_very_long_recording_is_told(seconds: float) -> None:
    prompt = prepare_prompt(speech(seconds), RATE)
    assert 3 * RATE <= len(prompt.audio) <= 12 * RATE
    (warning,) = prompt.warnings
    assert warning.startswith(f"the prompt lasts {seconds:.0f} s, of which {len(prompt.audio) / RATE:.1f} s are used")


def test_a_noisy_recording_is_cut_where_it_is_quieter() -> None:
    noise = 0.01 * parity.uniform("tests/noise", 14 * RATE).astype(np.float32)
    spoken = np.concatenate([speech(5.0), pauses(0.5), speech(4.5), pauses(1.0), speech(3.0)], axis=1)
    audio = prepare_prompt(spoken + noise, RATE).audio
    assert 9 * RATE < len(audio) < 11 * RATE


def test_a_tone_without_pauses_is_cut_all_the_same() -> None:
    tone = 0.3 * np.sin(np.arange(40 * RATE) / 10).astype(np.float32)
    assert len(prepare_prompt(tone[None], RATE).audio) == 12 * RATE


def test_rates_that_no_model_hears_are_lowered() -> None:
    prompt = prepare_prompt(speech(3.0, 96_000), 96_000)
    assert prompt.rate == 48_000
    assert len(prompt.audio) == 3 * 48_000


def poisoned(value: float) -> NDArray[np.float32]:
    audio = speech(4.0)
    audio[0, 1000] = value
    return audio


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((1, 0), np.float32), "silent"),
        (np.zeros((1, 4 * RATE), np.float32), "silent"),
        (np.full((1, 4 * RATE), 0.3, np.float32), "silent"),
        (speech(4.0) * 1e-4, "silent"),
        (np.concatenate([speech(4.0), -speech(4.0)]), "silent"),
        (speech(1.0)[:, 3200:6400], r"only 0\.\d s of speech"),
        (np.pad(speech(1.0)[:, 3200:6400], ((0, 0), (0, 4 * RATE))), r"only 0\.\d s of speech"),
        (poisoned(np.nan), "not numbers"),
        (poisoned(np.inf), "not numbers"),
        (speech(4.0) * 32768, "export it again as 16-bit PCM"),
    ],
)
def test_what_cannot_be_cloned(samples: NDArray[np.float32], message: str) -> None:
    with pytest.raises(AudioError, match=message) as caught:
        prepare_prompt(samples, RATE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("samples", "rate", "warning"),
    [
        (speech(2.0), RATE, "short"),
        (np.pad(speech(2.0), ((0, 0), (0, 4 * RATE))), RATE, "short"),
        (np.clip(speech(4.0) * 4, -1, 1), RATE, "clipped"),
        (np.concatenate([np.clip(speech(4.0) * 4, -1, 1), speech(4.0)]), RATE, "clipped"),
        (speech(4.0) * 0.03, RATE, "quiet"),
        (speech(4.0, 8_000), 8_000, "8000 Hz"),
        (speech(4.0) + 0.05 * parity.uniform("tests/noise", 4 * RATE), RATE, "noisy"),
    ],
)
def test_what_is_doubtful(samples: NDArray[np.float32], rate: int, warning: str) -> None:
    (given,) = prepare_prompt(samples, rate).warnings
    assert warning in given


def test_a_single_full_scale_sample_is_not_clipping() -> None:
    audio = speech(4.0)
    audio[0, 9000] = 1.0
    assert prepare_prompt(audio, RATE).warnings == ()


@pytest.mark.parametrize(
    ("transcript", "message"),
    [
        ("\ud800", "not valid Unicode"),
        ("...", "no words"),
        ("😀", "no words"),
        ("word " * 24_000, r"about 6240 s to say.*30 s at most"),
    ],
)
def test_transcripts_of_no_recording(transcript: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        prepare_prompt(speech(4.0), RATE, transcript)


def test_a_blank_transcript_is_none() -> None:
    assert prepare_prompt(speech(4.0), RATE, " \n").transcript is None


def test_every_channel_is_heard_at_every_rate() -> None:
    silent = np.zeros((5, round(4.0 * 384_000)), np.float32)
    prompt = prepare_prompt(np.concatenate([silent, speech(4.0, 384_000)]), 384_000)
    assert (prompt.rate, prompt.warnings) == (48_000, ())
    assert speech_level(prompt.audio, prompt.rate) == pytest.approx(LEVEL_DB, abs=0.1)
