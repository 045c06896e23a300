"""References that are cut from a film: who is heard at a cue, and for how long."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core.dub import Cue
from cosyvox.core.dub.reference import cue_prompts

RATE = 16_000
MARGIN = 0.05


def film(*scenes: tuple[float, float, float], seconds: float = 40.0, channels: int = 1) -> np.ndarray:
    """[C, S]: in each scene, (start, end, Hz), a tone that swells and ebbs as syllables do; silence elsewhere."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(time))
    for start, end, pitch in scenes:
        inside = (time >= start) & (time < end)
        sound[inside] = (0.3 * np.sin(2 * np.pi * pitch * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)))[inside]
    return np.tile(sound.astype(np.float32), (channels, 1))


def pitches(audio: np.ndarray, rate: int) -> set[int]:
    """Hz of the tones in it, to 10 Hz."""
    spectrum = np.abs(np.fft.rfft(audio))
    (strong,) = np.nonzero(spectrum > 0.2 * spectrum.max())
    return {round(frequency / 10) * 10 for frequency in np.fft.rfftfreq(len(audio), 1 / rate)[strong]}


def test_a_long_cue_is_its_own_reference() -> None:
    scenes = [(1.0, 7.0, 200), (10.0, 16.0, 300)]
    cues = [Cue(start, end, "Hello.", "Alice") for start, end, _ in scenes]
    for channels in (1, 2):
        first, second = cue_prompts(cues, film(*scenes, channels=channels), RATE)
        assert first is not None and second is not None
        assert first.transcript is None, "its words are those of another language"
        assert first.rate == RATE and len(first.audio) / RATE == pytest.approx(6.0, abs=0.15)
        assert pitches(first.audio, RATE) == {200} and pitches(second.audio, RATE) == {300}


def test_a_short_cue_is_put_together_with_the_nearest_of_its_speaker() -> None:
    scenes = [(1.0, 3.0, 200), (4.0, 6.0, 300), (7.0, 9.0, 400), (10.0, 12.0, 500), (20.0, 22.0, 600)]
    names = ["Alice", "Bob", "Alice", "Alice", "Bob"]
    cues = [Cue(start, end, "Hello.", name) for (start, end, _), name in zip(scenes, names, strict=True)]
    prompts = cue_prompts(cues, film(*scenes), RATE)
    heard = [pitches(prompt.audio, RATE) for prompt in prompts if prompt]
    assert heard == [{200, 400}, {300, 600}, {400, 500}, {400, 500}, {300, 600}]
    assert np.array_equal(prompts[2].audio, prompts[3].audio), "in the order of the film, so cloned once"


def test_where_nobody_is_named_others_are_left_out_if_that_is_possible() -> None:
    scenes = [(1.0, 3.0, 200), (4.0, 6.0, 300), (7.0, 7.8, 400)]
    cues = [Cue(start, end, "Hello.") for start, end, _ in scenes]
    heard = [pitches(prompt.audio, RATE) for prompt in cue_prompts(cues, film(*scenes), RATE) if prompt]
    assert heard == [{200}, {300}, {300, 400}]


def test_a_reference_is_never_longer_than_models_want_it() -> None:
    (prompt,) = cue_prompts([Cue(0.0, 35.0, "Hello.", "Alice")], film((0.0, 35.0, 200)), RATE)
    assert prompt is not None and 3.0 < len(prompt.audio) / RATE <= 12.0


def test_nobody_is_heard_where_it_is_silent_or_the_film_is_over() -> None:
    cues = [Cue(1.0, 6.0, "Hello.", "A"), Cue(10.0, 15.0, "Hello.", "B"), Cue(50.0, 55.0, "Hello.", "C")]
    first, silent, behind = cue_prompts(cues, film((1.0, 6.0, 200)), RATE)
    assert first is not None and silent is None and behind is None
    assert cue_prompts([], film(), RATE) == []


def test_pieces_are_joined_without_clicks() -> None:
    hum = film((0.0, 20.0, 203.7))
    cues = [Cue(float(start), start + 1.5, "Hello.", "Alice") for start in range(1, 19, 3)]
    prompt = cue_prompts(cues, hum, RATE)[0]
    steepest, usual = (np.abs(np.diff(audio)).max() / np.abs(audio).max() for audio in (prompt.audio, hum[0]))
    assert steepest <= 1.1 * usual
