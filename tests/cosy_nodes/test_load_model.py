"""Which models can be chosen, and what is said of those that are not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import comfy.utils
import folder_paths
import pytest
from comfy.model_patcher import ModelPatcher
from cosyvox.core import ModelNotFound
from cosyvox.cosy_nodes.comfy import Watch
from cosyvox.cosy_nodes.load_model import CosyVoxLoadModel
from cosyvox.cosy_nodes.models import model_folder, model_names
from hubs import NAME, NEEDED, Hubs, serve_hubs
from noderun import run


@pytest.fixture
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    monkeypatch.delenv("COSYVOX_OFFLINE")
    with serve_hubs() as hubs:
        for name, value in hubs.environment.items():
            monkeypatch.setenv(name, value)
        yield hubs


def test_there_is_always_a_choice() -> None:
    assert model_names() == ["embedded", NAME]


def test_folders_are_found_wherever_comfyui_looks(comfyui: Path, seeded_small: Path, tmp_path: Path) -> None:
    """The first complete one is what the family's name means; the others go by their own."""
    mine = tmp_path / "mine"
    folder_paths.add_model_folder_path("cosyvoice", str(mine))
    places = [mine / "first", mine / "fine-tuned", comfyui / "models/CosyVoice/other", tmp_path / "home/models/ours"]
    for folder in places:
        shutil.copytree(seeded_small, folder)
    watch = Watch()
    assert model_names() == ["embedded", NAME, "fine-tuned", "first", "other"]
    assert model_folder(NAME, download=False, watch=watch) == places[3]
    assert model_folder("fine-tuned", download=False, watch=watch) == places[1]
    assert model_folder("other", download=False, watch=watch) == places[2]


def test_two_folders_of_one_name_are_told_apart(comfyui: Path, seeded_small: Path, tmp_path: Path) -> None:
    folder_paths.add_model_folder_path("cosyvoice", str(tmp_path / "mine"))
    for place in ("home/models/a", "mine/same", "ComfyUI/models/CosyVoice/same"):
        shutil.copytree(seeded_small, tmp_path / place)
    same = sorted(str(tmp_path / place) for place in ("mine/same", "ComfyUI/models/CosyVoice/same"))
    assert sorted(model_names()[2:]) == same
    assert model_folder(same[0], download=False, watch=Watch()) == Path(same[0])


def test_what_is_not_there_is_not_fetched_unasked(hubs: Hubs) -> None:
    with pytest.raises(ModelNotFound, match=r"not on this machine: switch “download” on"):
        run(CosyVoxLoadModel, model=NAME)
    assert hubs.asked == []


def test_what_is_half_there_is_named(comfyui: Path, seeded_small: Path) -> None:
    folder = comfyui / "models" / "CosyVoice" / NAME
    shutil.copytree(seeded_small, folder)
    (folder / "flow.pt").unlink()
    (folder / "hift.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelNotFound, match=r"flow\.pt, hift\.pt \(only a git-lfs pointer\) missing.*download"):
        run(CosyVoxLoadModel, model=NAME)


def test_the_switch_downloads_and_the_bar_moves(hubs: Hubs, tmp_path: Path) -> None:
    folder = model_folder(NAME, download=True, watch=Watch())
    assert folder == tmp_path / "home" / "models" / NAME
    assert all((folder / name).is_file() for name in NEEDED)
    assert comfy.utils.shown[-1][0] == comfy.utils.shown[-1][1]


def test_what_is_there_is_not_fetched_again(hubs: Hubs, comfyui: Path, seeded_small: Path) -> None:
    folder = comfyui / "models" / "CosyVoice" / "any name"
    shutil.copytree(seeded_small, folder)
    assert model_folder(NAME, download=True, watch=Watch()) == folder
    assert hubs.asked == []


def test_a_name_of_another_machine() -> None:
    with pytest.raises(ModelNotFound, match="there is no model fine-tuned on this machine"):
        model_folder("fine-tuned", download=True, watch=Watch())


def test_one_model_is_one_handle() -> None:
    one = run(CosyVoxLoadModel, model="embedded")["model"]
    assert run(CosyVoxLoadModel, model="embedded", device="cpu")["model"] is one
    assert run(CosyVoxLoadModel, model="embedded", flow_steps=5)["model"] is not one
    assert isinstance(one.patcher, ModelPatcher)
    assert comfy.utils.shown[-1] == (1000, 1000)
