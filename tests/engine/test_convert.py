"""A recording, said by another voice: what was said stays, and when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import AudioError, Engine, RequestError, Voice, load
from cosyvox.core.voice import source
from parity import speech_like

SECONDS = 3.5


@pytest.fixture(scope="module")
def said() -> np.ndarray:
    return speech_like("tests/said", SECONDS, 24_000)


def test_it_lasts_as_long_as_the_source(engine: Engine, voice: Voice, said: np.ndarray) -> None:
    speech = engine.convert(said, voice, rate=24_000)
    (segment,) = speech.segments
    assert len(segment.speech_tokens) == np.ceil(SECONDS * 25)
    assert len(speech.audio) == len(segment.speech_tokens) * 960
    assert set(speech.timings) == {"flow", "vocoder", "finish", "total"}
    assert np.abs(speech.audio).max() > 0.01


def test_streamed(engine: Engine, voice: Voice, said: np.ndarray) -> None:
    """The same ids and the same length, from the first chunk on; no pause is put in or cut out."""
    whole = engine.convert(said, voice, rate=24_000, seed=1)
    stream = engine.stream_conversion(said, voice, rate=24_000, seed=1)
    chunks = [chunk.audio for chunk in stream]
    assert len(chunks) > 2
    assert sum(map(len, chunks)) == len(whole.audio)
    assert np.array_equal(stream.summary().segments[0].speech_tokens, whole.segments[0].speech_tokens)


def test_any_length(engine: Engine, voice: Voice, said: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than the tokenizer can hear is cut, and joined without a gap."""
    monkeypatch.setattr(source, "LONGEST", 40)
    monkeypatch.setattr(source, "_SEARCHED", 20)
    for speech in (
        engine.convert(said, voice, rate=24_000),
        (stream := engine.stream_conversion(said, voice, rate=24_000)) and (list(stream), stream.summary())[1],
    ):
        assert len(speech.segments) > 2
        assert [segment.stop for segment in speech.segments[:-1]] == [segment.start for segment in speech.segments[1:]]
        assert speech.segments[-1].stop == np.ceil(SECONDS * 25) * 960


def test_a_file_a_speed_and_a_rate(engine: Engine, voice: Voice, prompt_wav: Path) -> None:
    plain = engine.convert(prompt_wav, voice)
    faster = engine.convert(prompt_wav, voice, speed=2.0, sample_rate=16_000, gain_db=-10.0)
    assert faster.sample_rate == 16_000
    assert len(faster.audio) / 16_000 == pytest.approx(plain.seconds / 2, abs=0.03)


def test_what_cannot_be(engine: Engine, voice: Voice, said: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="rate"):
        engine.convert(said, voice)
    with pytest.raises(AudioError, match="silent"):
        engine.convert(np.zeros(24_000, np.float32), voice, rate=24_000)
    with pytest.raises(AudioError, match="no file"):
        engine.convert(tmp_path / "none.wav", voice)
    with pytest.raises(RequestError, match="takes no instruction, mode"):
        engine.convert(said, voice, rate=24_000, instruction="softly", mode="instruct")
    with pytest.raises(RequestError, match="speed"):
        engine.stream_conversion(said, voice, rate=24_000, speed=9.0)


def test_a_model_that_cannot(
    said: np.ndarray, prompt_wav: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    with load("embedded", device="cpu") as engine:
        if "convert" in engine.family.capabilities:
            pytest.skip("it can")
        with pytest.raises(RequestError, match="cannot convert voices: use CosyVoice2"):
            engine.convert(said, engine.clone(prompt_wav), rate=24_000)
