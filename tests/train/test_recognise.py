"""The ear, and how its mistakes are counted."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.train.flite import RATE, Speaker, speak
from cosyvox.train.recognise import Recogniser, RecogniserMissing, word_errors


@pytest.mark.parametrize(
    ("reference", "heard", "errors", "words"),
    [
        ("The light is on.", "the light is on", 0, 4),
        ("The light is on.", "", 4, 4),
        ("The light is on.", "the lights is", 2, 4),
        ("The light is on.", "well the light is on now", 2, 4),
        ("Twenty-one, isn't it?", "twenty one isn't it", 0, 4),
        ("It’s late!", "it's late", 0, 2),
        ("A b c d", "b c d a", 2, 4),
    ],
)
def test_word_errors(reference: str, heard: str, errors: int, words: int) -> None:
    assert word_errors(reference, heard) == (errors, words)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    try:
        return Recogniser()
    except RecogniserMissing as error:
        pytest.skip(str(error))


def test_it_hears_speech(recogniser: Recogniser, flite: str) -> None:
    text = "The coffee in the kitchen is almost ready."
    spoken = speak(text, Speaker("slt")).audio
    heard = recogniser.hear(spoken, RATE)
    assert word_errors(text, heard)[0] <= 1
    recogniser.hear(spoken[::-1].copy(), RATE)
    assert recogniser.hear(spoken, RATE) == heard, "what was heard before must not matter"


def test_noise_is_no_speech(recogniser: Recogniser) -> None:
    text = "The coffee in the kitchen is almost ready."
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert word_errors(text, recogniser.hear(noise, RATE))[0] >= 7
