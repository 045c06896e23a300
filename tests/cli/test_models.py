"""`cosyvox models …`: folders made, converted and verified."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from safetensors import safe_open


def test_verify_lists_the_files(main, seeded_small):
    done = main("models", "verify", seeded_small)
    assert done.returncode == 0, done.stderr
    listing = done.stdout.decode()
    assert "CosyVoice2-0.5B" in listing
    for name in ("cosyvoice2.yaml", "llm.pt", "flow.pt", "hift.pt", "campplus.onnx", "speech_tokenizer_v2.onnx"):
        assert name in listing


def test_verify_as_json(main, seeded_small):
    result = json.loads(main("models", "verify", seeded_small, "--json").stdout)
    assert result["family"] == "CosyVoice2-0.5B"
    assert result["form"] == "official"
    assert result["files"]["llm.pt"] == (seeded_small / "llm.pt").stat().st_size


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has /dev/full")
def test_a_full_disk_behind_standard_output(cosyvox, seeded_small):
    command = cosyvox.command("models", "verify", seeded_small)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, **cosyvox.place())
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert error.startswith(b"cosyvox: standard output could not be written")


def test_make_seeded_makes_what_verify_accepts(main, tmp_path):
    made = main("models", "make-seeded", "model", "--small", "--json")
    assert made.returncode == 0, made.stderr
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    assert json.loads(made.stdout) == {"folder": "model", "files": len(files), "bytes": size}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert main("models", "verify", "model").returncode == 0


def test_make_seeded_refuses_a_folder_in_use(main, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious", encoding="utf-8")
    assert "mine" in main.fails(1, "models", "make-seeded", "mine", "--small")
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "precious"


def test_a_tokenizer_that_is_none(main, tmp_path):
    assert "nowhere" in main.fails(1, "models", "make-seeded", "model", "--small", "--tokenizer", "nowhere")
    assert not list(tmp_path.iterdir())


def test_convert_writes_a_folder_that_speaks(main, seeded_small, prompt_wav, tmp_path):
    done = main("models", "convert", seeded_small, "compact", "--dtype", "bfloat16")
    assert done.returncode == 0, done.stderr
    assert done.stderr.decode().startswith("compact: ")
    with safe_open(tmp_path / "compact" / "model.safetensors", "pt") as stored:
        assert {stored.get_slice(key).get_dtype() for key in stored.keys()} == {"BF16"}  # noqa: SIM118
    assert main("models", "verify", "compact").returncode == 0
    assert main("say", "Hi.", "--model", "compact", "--prompt", prompt_wav).returncode == 0


def test_convert_refuses_a_folder_in_use(main, seeded_small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious", encoding="utf-8")
    assert "mine" in main.fails(1, "models", "convert", seeded_small, "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
@pytest.mark.parametrize("verb", ["make-seeded", "convert"])
def test_a_disk_that_fills_up(main, seeded_small, tmp_path, verb):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        arguments = ("made", "--small") if verb == "make-seeded" else (seeded_small, "made")
        error = main.fails(1, "models", verb, *arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert f"{tmp_path / 'made'} could not be written: " in error and "File too large" in error
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_for_the_weights(main, seeded_small, tmp_path, monkeypatch):
    from cosyvox.core import storage

    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: SimpleNamespace(free=50_000_000))
    error = main.fails(1, "models", "convert", seeded_small, "compact")
    assert "50000000 left: make room" in error and ".partial" not in error
    assert not list(tmp_path.iterdir())


def test_convert_needs_a_model(main, tmp_path):
    assert "nowhere" in main.fails(1, "models", "convert", "nowhere", "compact")
    assert not list(tmp_path.iterdir())
