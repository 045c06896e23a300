"""Recordings and model folders that cannot be used: one line that says what to do, nothing left behind."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import soundfile
import torch
from parity import speech_like

RATE = 16000


def tone(seconds):
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE)) / RATE).astype(np.float32)


PROMPTS = {
    "silent": (np.zeros(3 * RATE, np.float32), "silent"),
    "short": (tone(0.2), "0.2 s"),
    "ten_minutes": (tone(600), "at most 30 s"),
    "nan": (np.where(np.arange(3 * RATE) == RATE, np.nan, tone(3)), "NaN"),
    "empty": (np.zeros(0, np.float32), "no sound"),
}


@pytest.mark.parametrize("kind", PROMPTS)
def test_prompts_that_cannot_be_cloned(main, seeded_small, tmp_path, kind):
    samples, says = PROMPTS[kind]
    soundfile.write(tmp_path / "prompt.wav", samples, RATE, subtype="FLOAT")
    prompt = ("--prompt", "prompt.wav", "--transcript", "Words.")
    assert says in main.fails(1, "say", "Hello.", "--model", seeded_small, *prompt)
    assert [path.name for path in tmp_path.iterdir()] == ["prompt.wav"]


@pytest.mark.parametrize(
    ("content", "says"), [(b"la la la", "cannot be read as audio"), (b"", "cannot be read"), (None, "folder")]
)
@pytest.mark.parametrize("verb", [("say", "Hello.", "--prompt"), ("clone",)])
def test_a_prompt_that_is_not_audio(main, seeded_small, tmp_path, verb, content, says):
    (tmp_path / "prompt.txt").mkdir() if content is None else (tmp_path / "prompt.txt").write_bytes(content)
    error = main.fails(1, *verb, "prompt.txt", "--model", seeded_small)
    assert "prompt.txt" in error and says in error
    assert [path.name for path in tmp_path.iterdir()] == ["prompt.txt"]


@pytest.mark.parametrize(("channels", "rate"), [(6, RATE), (1, 384_000)])
def test_unusual_recordings_are_heard(main, tmp_path, channels, rate):
    speech = speech_like("tests/unusual", 3.0, rate)
    soundfile.write(tmp_path / "prompt.wav", np.stack(channels * [speech], axis=1), rate)
    done = main("clone", "prompt.wav")
    assert (done.returncode, done.stderr) == (0, b"prompt:  3.0 s  (no transcript)\n")


@pytest.mark.parametrize(
    ("transcript", "says"), [("...", "no words"), ("word " * 24_000, "30 s at most"), ("\udcff", "Unicode")]
)
def test_words_of_no_recording(main, seeded_small, prompt_wav, tmp_path, transcript, says):
    words = ("--transcript", transcript)
    assert says in main.fails(1, "say", "Hi.", "--model", seeded_small, "--prompt", prompt_wav, *words)
    assert says in main.fails(1, "clone", prompt_wav, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["...", "。！？", "😀", "<|endofprompt|>", "\0"])
def test_texts_with_nothing_to_say(main, seeded_small, prompt_wav, tmp_path, text):
    error = main.fails(1, "say", text, "--model", seeded_small, "--prompt", prompt_wav)
    assert "nothing to say" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "verb", [("say", "Hi.", "--model", "model", "--prompt"), ("clone", "--name", "me"), ("voices", "import")]
)
def test_a_name_that_is_too_long(main, tmp_path, verb):
    error = main.fails(1, *verb, 300 * "x" + ".wav")
    assert "too long" in error or "there is no" in error
    assert not list(tmp_path.iterdir())


@pytest.fixture
def model(seeded_small, tmp_path):
    """A copy of the small model whose files may be replaced or removed, not changed in place."""
    return shutil.copytree(seeded_small, tmp_path / "model", copy_function=os.link)


@pytest.mark.parametrize("name", ["cosyvoice2.yaml", "llm.pt", "flow.pt", "hift.pt", "campplus.onnx"])
def test_a_missing_file(main, model, name):
    (model / name).unlink()
    assert name in main.fails(1, "models", "verify", model)


@pytest.mark.parametrize("name", ["llm.pt", "speech_tokenizer_v2.onnx"])
def test_a_truncated_file(main, model, name):
    content = (model / name).read_bytes()
    (model / name).unlink()
    (model / name).write_bytes(content[: len(content) // 2])
    assert name in main.fails(1, "models", "verify", model)


def test_weights_of_another_model(main, model):
    (model / "flow.pt").unlink()
    os.link(model / "hift.pt", model / "flow.pt")
    assert "flow.pt" in main.fails(1, "models", "verify", model)


def test_a_folder_of_another_family(main, model):
    (model / "cosyvoice2.yaml").rename(model / "cosyvoice3.yaml")
    assert "no model that is known" in main.fails(1, "models", "verify", model)


def test_a_configuration_of_another_family(main, model):
    config = (model / "cosyvoice2.yaml").read_text(encoding="utf-8")
    (model / "cosyvoice2.yaml").unlink()
    (model / "cosyvoice2.yaml").write_text(config.replace("Qwen2LM", "CosyVoice3LM"), encoding="utf-8")
    assert "another model than CosyVoice2-0.5B" in main.fails(1, "models", "verify", model)


@pytest.mark.parametrize("verb", [("models", "verify"), ("say", "Hello.", "--prompt", "prompt.wav", "--model")])
def test_yaml_is_never_executed(main, model, tmp_path, prompt_wav, verb):
    shutil.copy(prompt_wav, tmp_path / "prompt.wav")
    config = (model / "cosyvoice2.yaml").read_text(encoding="utf-8")
    (model / "cosyvoice2.yaml").unlink()
    attack = 'extra: !!python/object/apply:os.system ["echo > pwned"]\n'
    (model / "cosyvoice2.yaml").write_text(attack + config, encoding="utf-8")
    assert "cosyvoice2.yaml" in main.fails(1, *verb, model)
    assert not (tmp_path / "pwned").exists()


class Attack:
    def __reduce__(self):
        return os.system, ("echo > pwned",)


@pytest.mark.parametrize("verb", [("models", "verify"), ("say", "Hello.", "--prompt", "prompt.wav", "--model")])
def test_pickles_are_never_executed(main, model, tmp_path, prompt_wav, verb):
    shutil.copy(prompt_wav, tmp_path / "prompt.wav")
    (model / "llm.pt").unlink()
    torch.save({"llm_embedding.weight": Attack()}, model / "llm.pt")
    assert "llm.pt" in main.fails(1, *verb, model)
    assert not (tmp_path / "pwned").exists()
