"""What speaks when nobody says what should, through the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cosyvox import core
from cosyvox.cli import main
from cosyvox.core.embedded import MODEL
from cosyvox.train.pitch import f0


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without models, and an empty folder to work in."""
    for name in ("COSYVOX_HOME", "HF_HUB_CACHE", "MODELSCOPE_CACHE", "COMFYUI_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("COSYVOX_MODEL", "COMFYUI_PATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_the_embedded_voice_speaks(capsys: pytest.CaptureFixture) -> None:
    assert main(["say", "Hello, I am home.", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["voice"]) == ("embedded", core.DEFAULT_VOICE)
    assert 0.5 < soundfile.info("hello.wav").duration < 5


def test_it_says_so(capsys: pytest.CaptureFixture) -> None:
    assert main(["say", "Good night.", "--voice", "james"]) == 0
    assert "spoken by embedded as james" in capsys.readouterr().err


def test_a_model_on_the_machine_comes_first(machine: Path, seeded_small: Path) -> None:
    there = machine / "COSYVOX_HOME" / "models" / "CosyVoice2-0.5B"
    shutil.copytree(seeded_small, there)
    assert core.default_model() == there
    (there / "flow.pt").unlink()
    assert core.default_model() == MODEL


def test_an_installation_without_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr("cosyvox.core.hub.found.MODEL", Path("nowhere"))
    assert main(["say", "Hello."]) == 1
    error = capsys.readouterr().err
    assert "cosyvox models download CosyVoice2-0.5B" in error and "make-seeded" in error and error.count("\n") == 1


def test_it_is_listed(capsys: pytest.CaptureFixture) -> None:
    assert main(["models", "list"]) == 0
    assert "embedded: 24 kHz" in capsys.readouterr().out


def test_a_voice_is_there_for_any_model(seeded_small: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["say", "Hi.", "--model", str(seeded_small), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["voice"] == core.DEFAULT_VOICE


def test_it_has_a_name() -> None:
    assert core.find_model("embedded") == MODEL


def test_its_voices_are_listed_and_stay(capsys: pytest.CaptureFixture, prompt_wav: Path) -> None:
    assert main(["voices", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["voices"]
    assert [voice["id"] for voice in listed if voice["built_in"]] == ["emma", "james", "lily", "oscar"]
    for change in (["remove", "emma", "--yes"], ["rename", "emma", "anna"]):
        assert main(["voices", *change]) == 1
        assert "comes with CosyVox" in capsys.readouterr().err


def test_ones_own_voice_of_the_same_name_comes_first(prompt_wav: Path) -> None:
    assert main(["voices", "add", str(prompt_wav), "--name", "emma"]) == 0
    store = core.VoiceStore()
    assert not store.get("emma").built_in
    assert [voice.id for voice in store.list()] == ["emma", "james", "lily", "oscar"]
    assert main(["voices", "remove", "emma", "--yes"]) == 0
    assert store.get("emma").built_in


def test_it_does_not_babble(capsys: pytest.CaptureFixture) -> None:
    assert main(["say", "你好，我到家了。"]) == 1
    error = capsys.readouterr().err
    assert "cosyvox models download CosyVoice2-0.5B" in error and error.count("\n") == 1
    assert not list(Path().iterdir())


def test_two_of_the_voices_are_low_and_two_are_high() -> None:
    pitches = {}
    for stored in core.VoiceStore().list():
        prompt = stored.prompt()
        pitch = f0(prompt.audio, prompt.rate, prompt.rate // 50)
        pitches[stored.id] = float(np.median(pitch[pitch > 0]))
    assert {name for name, pitch in pitches.items() if pitch < 140} == {"james", "oscar"}
    assert {name for name, pitch in pitches.items() if pitch > 150} == {"emma", "lily"}
