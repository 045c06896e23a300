"""Requests to the engine, on a small model that utters noise."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.core import (
    Cancelled,
    Engine,
    OutOfMemory,
    Progress,
    RequestError,
    Speech,
    SpeechRequest,
    TextError,
    Voice,
    load,
)
from cosyvox.core.pipeline import Pipeline

TEXT = "Good."
# Two segments: each is spoken in one language.
FIRST = "The first sentence is in English."
SECOND = "Der zweite Satz ist nicht in der Sprache."


@pytest.fixture(scope="module")
def speech(engine: Engine, voice: Voice) -> Speech:
    return engine.speak(TEXT, voice=voice, seed=3)


def test_what_comes_out(engine: Engine, speech: Speech) -> None:
    assert speech.sample_rate == engine.sample_rate == 24_000
    assert speech.audio.dtype == np.float32
    assert np.isfinite(speech.audio).all()
    assert 0 < np.abs(speech.audio).max() <= 10 ** (-1 / 20) + 1e-7
    assert abs(speech.audio[0]) < 1e-3 and abs(speech.audio[-1]) < 1e-3
    (segment,) = speech.segments
    assert segment.text == TEXT
    assert (segment.start, segment.stop) == (0, len(speech.audio))
    assert len(speech.audio) == len(segment.speech_tokens) * 960


def test_timings(speech: Speech) -> None:
    assert set(speech.timings) == {"lm", "flow", "vocoder", "finish", "total"}
    for timing in speech.timings.values():
        assert timing.seconds > 0
        assert timing.rtf == pytest.approx(timing.seconds / speech.seconds)
    parts = sum(timing.seconds for stage, timing in speech.timings.items() if stage != "total")
    assert speech.timings["total"].seconds == pytest.approx(parts)


def test_same_request_same_audio(engine: Engine, voice: Voice, speech: Speech) -> None:
    torch.manual_seed(12345)
    np.random.seed(1)
    assert np.array_equal(engine.speak(TEXT, voice=voice, seed=3).audio, speech.audio)
    assert not np.array_equal(engine.speak(TEXT, voice=voice, seed=4).audio, speech.audio)


def test_the_process_wide_generators_are_untouched(engine: Engine, voice: Voice) -> None:
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()
    engine.speak(TEXT, voice=voice)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(before_numpy, np.random.get_state()[1])


@pytest.mark.parametrize("seed", [2**63, 2**64 - 1, -5])
def test_any_integer_is_a_seed(engine: Engine, voice: Voice, seed: int) -> None:
    assert len(engine.speak(TEXT, voice=voice, seed=seed).audio)


def test_segments_are_joined(engine: Engine, voice: Voice) -> None:
    speech = engine.speak(f"{FIRST} {SECOND}", voice=voice)
    first, second = speech.segments
    assert [first.text, second.text] == [FIRST, SECOND]
    assert 0 == first.start < first.stop == second.start < second.stop == len(speech.audio)


def test_sample_rate_and_gain(engine: Engine, voice: Voice, speech: Speech) -> None:
    resampled = engine.speak(TEXT, voice=voice, seed=3, sample_rate=48_000)
    assert resampled.sample_rate == 48_000
    assert len(resampled.audio) == 2 * len(speech.audio)
    quieter = engine.speak(TEXT, voice=voice, seed=3, gain_db=-20.0)
    ratio = np.abs(quieter.audio).max() / np.abs(speech.audio).max()
    assert ratio == pytest.approx(0.1, rel=0.3)
    louder = engine.speak(TEXT, voice=voice, seed=3, gain_db=30.0)
    assert np.abs(louder.audio).max() == pytest.approx(10 ** (-1 / 20), rel=1e-5)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed(engine: Engine, voice: Voice, speech: Speech, speed: float) -> None:
    spoken = engine.speak(TEXT, voice=voice, seed=3, speed=speed)
    assert len(spoken.audio) == pytest.approx(len(speech.audio) / speed, abs=480)


def test_bfloat16_per_request(engine: Engine, voice: Voice, speech: Speech) -> None:
    half = engine.speak(TEXT, voice=voice, seed=3, dtype="bfloat16")
    assert np.isfinite(half.audio).all()
    assert not np.array_equal(half.audio, speech.audio)
    assert np.array_equal(engine.speak(TEXT, voice=voice, seed=3).audio, speech.audio)


def test_modes(engine: Engine, prompt_wav: Path) -> None:
    """Each mode conditions the language model differently, so each says something else."""
    voice = engine.clone(prompt_wav, transcript="these are the words of it")
    said = {
        "zero_shot": engine.speak(TEXT, voice=voice),
        "cross_lingual": engine.speak(TEXT, voice=voice, mode="cross_lingual"),
        "instruct": engine.speak(TEXT, voice=voice, instruction="Happily"),
    }
    tokens = [speech.segments[0].speech_tokens.tobytes() for speech in said.values()]
    assert len(set(tokens)) == 3


def test_a_transcript_that_cannot_be_right_is_warned_of(engine: Engine, prompt_wav: Path) -> None:
    voice = engine.clone(prompt_wav, transcript="far too many words for three seconds of sound " * 5)
    assert any("does not fit" in warning for warning in engine.speak(TEXT, voice=voice).warnings)


def test_a_sentence_without_an_end_is_warned_of(speech: Speech) -> None:
    """Seeded weights hardly ever stop by themselves."""
    assert any("did not end" in warning for warning in speech.warnings)


@pytest.mark.parametrize("text", ["", "  \n ", "…!?", "—", "🙂"])
def test_nothing_to_say(engine: Engine, voice: Voice, text: str) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        engine.speak(text, voice=voice)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"speed": 3.0}, "speed is 3.0: choose 0.5 to 2"),
        ({"speed": float("nan")}, "speed"),
        ({"gain_db": 99.0}, "gain_db"),
        ({"sample_rate": 10}, "sample_rate"),
        ({"dtype": "float8"}, "no dtype 'float8'"),
        ({"mode": "sing"}, "no mode 'sing'"),
        ({"mode": "zero_shot"}, "transcript"),
        ({"mode": "instruct"}, "instruction"),
        ({"mode": "cross_lingual", "instruction": "softly"}, "takes no instruction"),
    ],
)
def test_impossible_requests(engine: Engine, voice: Voice, fields: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        engine.speak(TEXT, voice=voice, **fields)


def test_a_voice_is_needed(engine: Engine) -> None:
    with pytest.raises(RequestError, match="clone one first"):
        engine.speak(TEXT)


def test_a_request_object_and_its_fields(engine: Engine, voice: Voice, speech: Speech) -> None:
    request = SpeechRequest(TEXT, voice, seed=99)
    assert np.array_equal(engine.speak(request, seed=3).audio, speech.audio)


def test_samples_can_be_cloned(engine: Engine, prompt_wav: Path, voice: Voice) -> None:
    import soundfile

    samples, rate = soundfile.read(prompt_wav, dtype="float32")
    same = engine.clone(samples, rate=rate)
    assert np.array_equal(same.mel, voice.mel)
    assert np.array_equal(same.speech_tokens, voice.speech_tokens)
    with pytest.raises(RequestError, match="rate"):
        engine.clone(samples)


def test_progress(engine: Engine, voice: Voice) -> None:
    told: list[Progress] = []
    engine.speak(f"{FIRST} {SECOND}", voice=voice, on_progress=told.append)
    stages = [progress.stage for progress in told]
    assert stages.index("speech") < stages.index("mel") < stages.index("waveform")
    assert {(progress.segment, progress.segments) for progress in told} == {(1, 2), (2, 2)}
    assert [p.done for p in told if p.stage == "mel" and p.segment == 1] == list(range(10))


@pytest.mark.parametrize("stage", ["speech", "mel", "waveform"])
def test_cancelling_within_a_step(engine: Engine, voice: Voice, speech: Speech, stage: str) -> None:
    seen: list[str] = []

    def stop() -> bool:
        return bool(seen) and seen[-1] == stage

    with pytest.raises(Cancelled):
        engine.speak(TEXT, voice=voice, on_progress=lambda p: seen.append(p.stage), should_stop=stop)
    assert seen.count(stage) == 1
    assert np.array_equal(engine.speak(TEXT, voice=voice, seed=3).audio, speech.audio)


def test_many_threads(engine: Engine, voice: Voice, speech: Speech) -> None:
    results: list[Speech] = []
    threads = [
        threading.Thread(target=lambda: results.append(engine.speak(TEXT, voice=voice, seed=3))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result.audio, speech.audio) for result in results)


def test_running_out_of_memory_leaves_the_engine_usable(
    engine: Engine, voice: Voice, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "mel_steps", exhausted)
        with pytest.raises(OutOfMemory, match="shorter"):
            engine.speak(TEXT, voice=voice)
    assert np.array_equal(engine.speak(TEXT, voice=voice, seed=3).audio, speech.audio)


def test_warm_up_and_close(seeded_small: Path, prompt_wav: Path) -> None:
    engine = load(seeded_small, device="cpu")
    engine.warm_up()
    voice = engine.clone(prompt_wav)
    engine.close()
    engine.close()
    with pytest.raises(RequestError, match="closed"):
        engine.speak(TEXT, voice=voice)


def test_a_voice_of_another_family(engine: Engine, voice: Voice) -> None:
    from dataclasses import replace

    with pytest.raises(RequestError, match="clone the recording again"):
        engine.speak(TEXT, voice=replace(voice, family="CosyVoice-300M"))


def test_a_device_that_is_not_there(seeded_small: Path) -> None:
    with pytest.raises(RequestError, match="cannot be used here"):
        load(seeded_small, device="cuda:77")
    with pytest.raises(RequestError, match="cannot be used here"):
        load(seeded_small, device="abacus")


def test_a_folder_with_a_space_and_chinese_letters(seeded_small: Path, tmp_path: Path, prompt_wav: Path) -> None:
    folder = tmp_path / "我的 model-1"
    shutil.copytree(seeded_small, folder)
    recording = folder / "提示 音.wav"
    shutil.copyfile(prompt_wav, recording)
    with load(folder, device="cpu") as engine:
        assert engine.clone(recording).name == "提示 音"
