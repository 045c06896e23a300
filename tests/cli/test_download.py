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


@pytest.mark.parametrize("name", ["not there yet", "with spaces and 家 'quotes' {x} %s", "deep/er/and/deeper"])
def test_any_name_of_a_home(main, hubs: Hubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / name))
    folder = tmp_path / name / "models" / NAME
    done = main("models", "download", NAME)
    assert (done.returncode, done.stdout.decode()) == (0, f"{folder}\n"), done.stderr
    assert main("models", "remove", NAME, "--yes").returncode == 0
    assert not folder.exists()


@pytest.mark.parametrize("name", ["file", "file/home", "n" * 300])
def test_a_home_that_cannot_be_written(main, hubs: Hubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    (tmp_path / "file").write_bytes(b"mine")
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / name))
    error = main.fails(1, "models", "download", NAME)
    assert "could not be written" in error and "name another home in COSYVOX_HOME" in error
    assert listed(main) == []
    assert f"not on this machine: `cosyvox models download {NAME}`" in main.fails(1, "models", "where", NAME)
    assert "holds no model" in main.fails(1, "models", "remove", NAME, "--yes")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert hubs.asked == []


@pytest.mark.parametrize("name", ["n" * 300, "~nobody-of-that-name/model", "file/model"])
def test_a_folder_that_cannot_be(main, tmp_path: Path, name: str):
    (tmp_path / "file").write_bytes(b"")
    for verb in ("where", "verify"):
        assert f"there is no model folder {name}" in main.fails(1, "models", verb, name)
    assert name in main.fails(1, "models", "remove", name, "--yes")


def test_an_address_that_is_none(main, hubs: Hubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "list").write_bytes(b"[]")
    for address in ((tmp_path / "list").as_uri(), "http://[::1", "a b"):
        for name in ("HF_ENDPOINT", "MODELSCOPE_DOMAIN"):
            monkeypatch.setenv(name, address)
        error = main.fails(1, "models", "download", NAME)
        assert "could not be fetched" in error and "by hand: put" in error
    assert hubs.asked == []


def test_a_server_that_speaks_something_else(main, hubs: Hubs):
    hubs.answer = lambda handler, file, number: handler.wfile.write(b"\x00\x1b[31m 220 ready\r\n") > 0
    assert "does not speak HTTP" in main.fails(1, "models", "download", NAME)


def test_say_takes_the_only_model(main, machine: Path, seeded_small: Path, prompt_wav: Path):
    shutil.copytree(seeded_small, machine / "ms" / "models" / "iic" / "CosyVoice2-0___5B")
    done = main("say", "Hi.", "--prompt", prompt_wav)
    assert done.returncode == 0, done.stderr
