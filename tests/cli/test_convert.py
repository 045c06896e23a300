"""`cosyvox convert`: what is said stays, the voice is another's."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile


@pytest.fixture
def convert(main, seeded_small, prompt_wav):
    """Run `convert` with the small model on the prompt."""

    def run(*args):
        return main("convert", prompt_wav, *args, "--model", seeded_small)

    return run


def test_as_long_as_its_source_with_the_default_voice(convert, tmp_path, prompt_wav):
    done = convert("--json", "-o", "a.wav")
    assert (done.returncode, done.stderr) == (0, b"")
    result = json.loads(done.stdout)
    audio, rate = soundfile.read(tmp_path / "a.wav")
    assert result["voice"] == "emma"
    assert result["file"] == "a.wav" and result["sample_rate"] == rate == 24000
    assert result["seconds"] == len(audio) / rate
    assert result["seconds"] == pytest.approx(soundfile.info(prompt_wav).duration, abs=0.1)
    assert np.abs(audio).max() > 0.01


def test_the_voice_and_the_speed_count(convert, tmp_path, prompt_wav):
    kinds = {"emma": (), "prompt": ("--prompt", prompt_wav), "fast": ("--speed", "2")}
    for name, options in kinds.items():
        done = convert("-o", f"{name}.wav", *options)
        assert done.returncode == 0, done.stderr
    emma, prompt, fast = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in kinds)
    assert len(prompt) == len(emma) and not np.array_equal(prompt, emma)
    assert len(fast) == pytest.approx(len(emma) / 2, abs=960)


def test_streams(convert, tmp_path):
    played, written = convert("--stream", "-o", "-", "--format", "raw"), convert("--stream", "-o", "a.wav")
    assert played.returncode == written.returncode == 0, played.stderr + written.stderr
    assert played.stdout == soundfile.read(tmp_path / "a.wav", dtype="int16")[0].tobytes()
    assert b"first audio after" in played.stderr


def test_a_source_that_is_not_audio(main, seeded_small, tmp_path):
    (tmp_path / "me.txt").write_bytes(b"la la la")
    for stream in ((), ("--stream", "-o", "-")):
        assert "me.txt cannot be read as audio" in main.fails(1, "convert", "me.txt", "--model", seeded_small, *stream)
    assert [path.name for path in tmp_path.iterdir()] == ["me.txt"]


def test_a_voice_that_is_not_there(main, seeded_small, prompt_wav):
    assert "nobody" in main.fails(1, "convert", prompt_wav, "--voice", "nobody", "--model", seeded_small)
