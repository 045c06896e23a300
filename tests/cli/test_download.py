"""`cosyvox models list|download|where|remove`, and names of models instead of folders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubs import FILES, NEEDED, Hubs, serve_hubs

NAME = "CosyVoice2-0.5B"


@pytest.fixture
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    with serve_hubs() as hubs:
        for name, value in hubs.environment.items():
            monkeypatch.setenv(name, value)
        yield hubs


def listed(main) -> list[dict]:
    (family,) = json.loads(main("models", "list", "--json").stdout)["families"]
    assert family["name"] == NAME
    return family["found"]


def test_download_list_where_remove(main, hubs: Hubs, machine: Path):
    assert listed(main) == []
    assert f"models download {NAME}" in main("models", "list").stdout.decode()
    folder = machine / "home" / "models" / NAME
    done = main("models", "download", NAME)
    assert (done.returncode, done.stdout.decode()) == (0, f"{folder}\n"), done.stderr
    (model,) = listed(main)
    assert model["complete"] and model["path"] == str(folder)
    assert model["bytes"] == sum(len(FILES[name]) for name in NEEDED)
    assert f"complete, 0.6 MB, {folder} (CosyVox)" in main("models", "list").stdout.decode()
    assert main("models", "where", "cosyvoice2").stdout.decode() == f"{folder}\n"
    assert "--yes" in main.fails(2, "models", "remove", NAME)
    assert main("models", "remove", NAME, "--yes").returncode == 0
    assert not folder.exists() and listed(main) == []


def test_half_a_model(main, hubs: Hubs, machine: Path):
    assert main("models", "download", NAME).returncode == 0
    (machine / "home" / "models" / NAME / "flow.pt").unlink()
    (model,) = listed(main)
    assert not model["complete"] and model["missing"] == ["flow.pt"]
    assert "incomplete, missing: flow.pt" in main("models", "list").stdout.decode()
    assert "incomplete: flow.pt missing" in main.fails(1, "models", "where", NAME)
    assert "incomplete: flow.pt missing" in main.fails(1, "say", "Hi.", "--model", NAME, "--prompt", __file__)
    hubs.asked.clear()
    assert main("models", "download", NAME).returncode == 0
    assert {file for _, file, _ in hubs.asked} == {"list", "flow.pt"}


def test_offline_and_unreachable(main, hubs: Hubs, monkeypatch: pytest.MonkeyPatch):
    assert "by hand: put" in main.fails(1, "models", "download", NAME, "--offline")
    assert hubs.asked == []
    for name in ("HF_ENDPOINT", "MODELSCOPE_DOMAIN"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    error = main.fails(1, "models", "download", NAME)
    assert "refused" in error and "by hand: put" in error


def test_an_unknown_name(main):
    assert NAME in main.fails(1, "models", "download", "CosyVoice9")
    assert "nowhere" in main.fails(1, "models", "where", "nowhere")
    assert "nowhere" in main.fails(1, "models", "remove", "nowhere", "--yes")


def test_say_takes_the_only_model(main, machine: Path, seeded_small: Path, prompt_wav: Path):
    shutil.copytree(seeded_small, machine / "ms" / "models" / "iic" / "CosyVoice2-0___5B")
    done = main("say", "Hi.", "--prompt", prompt_wav)
    assert done.returncode == 0, done.stderr
