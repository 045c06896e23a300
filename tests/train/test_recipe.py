"""The whole recipe, at its smallest: from nothing to a model that speaks, through a kill."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import load
from cosyvox.train.__main__ import main
from cosyvox.train.flite import RATE, Speaker, speak
from cosyvox.train.recognise import RecogniserMissing, dictionary

STAGES = ("tokenizer", "speaker", "vocoder", "flow", "lm")


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "cosyvox.train", "--plan", "smoke", "--folder", str(folder), *arguments]


def test_a_smoke_run_that_was_killed_ends_in_a_model_that_speaks(
    flite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        dictionary()
    except RecogniserMissing as error:
        pytest.skip(str(error))
    folder = tmp_path / "train"
    with subprocess.Popen(command(folder), stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        told = []
        for line in first.stderr:
            told.append(line)
            if "phones right" in line:
                first.kill()
                break
        first.stderr.read()
    assert any("tokenizer 4/4" in line for line in told), told
    assert not (folder / "model").exists()
    corpus = (folder / "acoustic" / "audio.i16").stat()

    monkeypatch.setattr(sys, "argv", command(folder)[2:])
    with caplog.at_level(logging.INFO):
        assert main() == 0
    assert "tokenizer: going on from step 4" in caplog.messages
    assert "tokenizer 4/4" not in caplog.text
    assert [stage for stage in STAGES if not (folder / f"{stage}.pt").exists()] == []
    assert (folder / "acoustic" / "audio.i16").stat().st_mtime_ns == corpus.st_mtime_ns

    prompt = speak("Good morning, this is me.", Speaker("rms")).audio
    with load(folder / "model", device="cpu") as engine:
        assert engine.family.name == "embedded"
        voice = engine.clone(prompt, rate=RATE, transcript="Good morning, this is me.")
        speech = engine.speak("Hello.", voice=voice, seed=1)
        assert np.isfinite(speech.audio).all() and np.abs(speech.audio).max() > 0
        assert speech.sample_rate == RATE


def test_an_unknown_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", command(tmp_path, "tokeniser")[2:])
    with pytest.raises(SystemExit):
        main()
    assert "no stage 'tokeniser'; stages: corpus, tokenizer" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_flite_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("cosyvox.train.flite.PRIVATE", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("cosyvox.train.__main__.sentences", lambda seed: iter(["One.", "Two."] * 500))
    monkeypatch.setattr(sys, "argv", command(tmp_path / "train", "corpus")[2:])
    assert main() == 1
    assert re.fullmatch(r"flite is not installed: `apt install flite`.*\n", capsys.readouterr().err)
