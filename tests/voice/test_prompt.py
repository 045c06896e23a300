from __future__ import annotations

import numpy as np
import parity
import pytest
from cosyvox.core.errors import AudioError
from cosyvox.core.voice.prompt import prepare_prompt
from numpy.typing import NDArray

RATE = 16_000


def speech(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """[1, S]"""
    return parity.speech_like("tests/prompt", seconds, rate)[None]


def test_a_good_prompt_is_its_mean_and_unwarned() -> None:
    left, right = speech(4.0)[0], 0.5 * speech(4.0)[0]
    prompt = prepare_prompt(np.stack([left, right]), RATE)
    assert prompt.warnings == ()
    assert prompt.rate == RATE
    assert prompt.audio.dtype == np.float32
    np.testing.assert_allclose(prompt.audio, 0.75 * left, rtol=0, atol=1e-7)


def test_mono_is_not_touched() -> None:
    assert np.array_equal(prepare_prompt(speech(4.0), RATE).audio, speech(4.0)[0])


def test_thirty_seconds_are_the_most() -> None:
    assert prepare_prompt(speech(30.0), RATE).audio.shape == (30 * RATE,)
    with pytest.raises(AudioError, match=r"lasts 31 s.*cut it to 3-10 s"):
        prepare_prompt(speech(31.0), RATE)
    with pytest.raises(AudioError, match=r"lasts 600 s"):
        prepare_prompt(np.zeros((1, 600 * RATE), np.float32), RATE)


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
    ],
)
def test_what_is_doubtful(samples: NDArray[np.float32], rate: int, warning: str) -> None:
    (given,) = prepare_prompt(samples, rate).warnings
    assert warning in given


def test_a_single_full_scale_sample_is_not_clipping() -> None:
    audio = speech(4.0)
    audio[0, 9000] = 1.0
    assert prepare_prompt(audio, RATE).warnings == ()
