"""`cosyvox say` with a real model folder: what comes out, and where."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

TEXT = "Hi."


@pytest.fixture
def speaking(main, seeded_small, prompt_wav):
    """Run `say` with the small model and the prompt."""

    def say(*args):
        return main("say", *args, "--model", seeded_small, "--prompt", prompt_wav)

    return say


def test_the_default_file_is_never_replaced(speaking, tmp_path):
    for name in ("hello.wav", "hello-2.wav", "hello-3.wav"):
        done = speaking(TEXT)
        (summary,) = [line for line in done.stderr.decode().splitlines() if not line.startswith("warning: ")]
        assert done.returncode == 0
        assert done.stdout == b""
        assert summary.startswith(f"{name}: ")
        assert "RTF" in summary and "loaded" in summary
    first, second, third = (soundfile.read(path)[0] for path in sorted(tmp_path.glob("*.wav")))
    assert np.abs(first).max() > 0.01
    assert np.array_equal(first, second) and np.array_equal(first, third)  # same seed, same audio


def test_json_describes_the_file(speaking, tmp_path, prompt_wav):
    words = "The words of a prompt of three seconds."
    options = ("--transcript", words, "--seed", "7", "--sample-rate", "16000", "-o", "a.wav")
    done = speaking(TEXT, "--json", *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    result = json.loads(done.stdout)
    written = soundfile.info(tmp_path / "a.wav")
    assert result["file"] == "a.wav"
    assert result["sample_rate"] == written.samplerate == 16000
    assert result["seconds"] == written.frames / written.samplerate
    assert result["seed"] == 7
    assert result["model"] == "CosyVoice2-0.5B"
    assert result["rtf"] > 0 and result["load_seconds"] > 0
    assert {"lm", "flow", "vocoder"} <= result["timings"].keys()
    (segment,) = result["segments"]
    assert segment["text"] == TEXT and segment["speech_tokens"] > 0
    assert any("short" in warning for warning in result["warnings"]) == (soundfile.info(prompt_wav).duration < 3.0)


def test_text_from_standard_input_and_audio_to_standard_output(cosyvox, seeded_small, prompt_wav, tmp_path):
    text = b"\xef\xbb\xbf" + "世界。\n".encode()
    done = cosyvox("say", "-", "--model", seeded_small, "--prompt", prompt_wav, "-o", "-", stdin=text)
    assert done.returncode == 0, done.stderr
    assert b"standard output: " in done.stderr
    audio, rate = soundfile.read(io.BytesIO(done.stdout))
    assert rate == 24000
    assert len(audio) > rate / 10
    assert not list(tmp_path.iterdir())


def test_quiet_prints_nothing_but_warnings(speaking):
    done = speaking(TEXT, "--quiet")
    assert done.returncode == 0
    assert done.stdout == b""
    assert all(line.startswith(b"warning: ") for line in done.stderr.splitlines())


def test_force_replaces_the_named_file(speaking, tmp_path):
    target = tmp_path / "mine.wav"
    target.write_bytes(b"old")
    assert speaking(TEXT, "-o", target, "--force").returncode == 0
    assert soundfile.info(target).samplerate == 24000
    assert list(tmp_path.iterdir()) == [target]


def test_the_environment_names_the_model(cosyvox, seeded_small, prompt_wav, tmp_path):
    done = cosyvox("say", TEXT, "--prompt", prompt_wav, "--instruct", "Whisper.", COSYVOX_MODEL=str(seeded_small))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hello.wav").exists()


@pytest.mark.parametrize(
    "option", [("--speed", "nan"), ("--speed", "0"), ("--speed", "100"), ("--gain", "inf"), ("--sample-rate", "1")]
)
def test_values_that_make_no_sense(main, seeded_small, prompt_wav, tmp_path, option):
    assert option[1] in main.fails(1, "say", TEXT, "--model", seeded_small, "--prompt", prompt_wav, *option)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk(cosyvox, seeded_small, prompt_wav, tmp_path):
    say = ("say", TEXT, "--model", seeded_small, "--prompt", prompt_wav, "--quiet")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(cosyvox.command(*say, "-o", "-"), stdout=full, stderr=subprocess.PIPE, **cosyvox.place())
    to_file = cosyvox(*say, "-o", "/dev/full")
    for code, error in ((done.returncode, done.stderr), (to_file.returncode, to_file.stderr)):
        assert code == 1
        (line,) = [line for line in error.decode().splitlines() if not line.startswith("warning: ")]
        assert "No space left" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", ["-1", str(10**40)])
def test_any_whole_number_is_a_seed(speaking, tmp_path, seed):
    assert speaking(TEXT, "-o", "default.wav").returncode == 0
    assert speaking(TEXT, "--seed", seed, "-o", "seeded.wav").returncode == 0
    assert (tmp_path / "default.wav").read_bytes() != (tmp_path / "seeded.wav").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
def test_a_reader_that_goes_away(cosyvox, seeded_small, prompt_wav):
    command = cosyvox.command("say", TEXT, "--model", seeded_small, "--prompt", prompt_wav, "--quiet", "-o", "-")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **cosyvox.place()) as process:
        process.stdout.close()
        errors = process.stderr.read().splitlines()
    assert process.returncode == 141
    assert all(line.startswith(b"warning: ") for line in errors)
