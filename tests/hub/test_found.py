"""Finding models where people have them, and saying what is missing in those that are not whole."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from cosyvox.core import ModelNotFound, find_model, load, models_on_disk
from cosyvox.core.hub import places
from hubs import FILES, NEEDED

NAME = "CosyVoice2-0.5B"
HF = "hf/hub/models--FunAudioLLM--CosyVoice2-0.5B/snapshots/0123abcd"


def lay(folder: Path, names: list[str] = NEEDED) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(FILES[name])
    return folder


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("home/models/CosyVoice2-0.5B", "CosyVox"),
        ("home/models/my own", "CosyVox"),
        ("comfyui/models/cosyvoice/CosyVoice2-0.5B", "ComfyUI"),
        ("comfyui/models/CosyVoice/CosyVoice2-0.5B", "ComfyUI"),
        ("comfyui/models/TTS/CosyVoice/anything", "ComfyUI"),
        ("comfyui/models/cosyvoice", "ComfyUI"),
        ("comfyui/models/cosyvoice/models--FunAudioLLM--CosyVoice2-0.5B/snapshots/0123abcd", "ComfyUI"),
        (HF, "Hugging Face"),
        ("ms/models/iic/CosyVoice2-0___5B", "ModelScope"),
        ("ms/hub/models/iic/CosyVoice2-0___5B", "ModelScope"),
        ("ms/iic/CosyVoice2-0.5B", "ModelScope"),
    ],
)
def test_every_place(machine: Path, where: str, place: str) -> None:
    folder = lay(machine / where)
    (found,) = models_on_disk()
    assert (found.path, found.family, found.place, found.form) == (folder, NAME, place, "official")
    assert found.complete
    assert found.bytes == sum(len(FILES[name]) for name in NEEDED)
    for name in (NAME, "cosyvoice2", "COSYVOICE2", "iic/CosyVoice2-0.5B", "FunAudioLLM/CosyVoice2-0.5B", str(folder)):
        assert find_model(name) == folder


@pytest.mark.parametrize("variables", [{}, {"XDG_CACHE_HOME": "xdg"}])
def test_the_caches_where_they_lie_by_default(
    machine: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name in ("HF_HOME", "MODELSCOPE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(machine / value))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(machine))
    cache = "xdg" if variables else ".cache"
    snapshot = lay(machine / cache / "huggingface" / HF.removeprefix("hf/"))
    modelscope = lay(machine / ".cache/modelscope/hub/models/iic/CosyVoice2-0___5B")
    assert [model.path for model in models_on_disk()] == [snapshot, modelscope]


def test_the_pack_in_comfyuis_custom_nodes(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMFYUI_DIR")
    monkeypatch.setattr(places, "PACK", machine / "comfyui" / "custom_nodes" / "CosyVox")
    folder = lay(machine / "comfyui" / "models" / "CosyVoice" / NAME)
    assert find_model(NAME) == folder


def test_ours_comes_first_and_a_whole_one_before_half_a_one(machine: Path) -> None:
    theirs = lay(machine / "ms/models/iic/CosyVoice2-0___5B")
    ours = lay(machine / "home/models" / NAME, ["cosyvoice2.yaml"])
    assert [model.path for model in models_on_disk()] == [ours, theirs]
    assert find_model(NAME) == theirs
    lay(ours)
    assert find_model(NAME) == ours


def test_the_snapshot_of_main_comes_first(machine: Path) -> None:
    old, new = (lay((machine / HF).with_name(commit)) for commit in ("0000", "ffff"))
    refs = (machine / HF).parents[1] / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("ffff", encoding="utf-8")
    assert [model.path for model in models_on_disk()] == [new, old]


def test_one_folder_under_two_names_is_one_model(machine: Path) -> None:
    folder = lay(machine / "home/models" / NAME)
    rooms = machine / "comfyui/models"
    rooms.mkdir(parents=True)
    try:
        (rooms / "cosyvoice").symlink_to(folder.parent, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    assert [model.path for model in models_on_disk()] == [folder]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(machine: Path, name: str) -> None:
    folder = lay(machine / HF)
    (folder / name).unlink()
    (found,) = models_on_disk()
    optional = name == "CosyVoice-BlankEN/tokenizer_config.json"
    assert found.missing == (() if optional else (name,))
    if not optional:
        with pytest.raises(ModelNotFound, match=f"incomplete: {name} missing; `cosyvox models download {NAME}`"):
            find_model("cosyvoice2")


def test_files_that_are_not_what_they_are_named(machine: Path) -> None:
    folder = lay(machine / "home/models" / NAME)
    (folder / "llm.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 34\n")
    (folder / "flow.pt").write_bytes(b"")
    (folder / "hift.pt").unlink()
    (folder / "hift.pt.0123.part").write_bytes(b"half")
    (found,) = models_on_disk()
    assert found.missing == ("llm.pt (only a git-lfs pointer)", "flow.pt (empty)", "hift.pt")


def test_an_interrupted_cache_has_links_to_nothing(machine: Path) -> None:
    folder = lay(machine / HF)
    (folder / "llm.pt").unlink()
    try:
        (folder / "llm.pt").symlink_to("../../blobs/none")
    except OSError:
        pytest.skip("no links here")
    (found,) = models_on_disk()
    assert found.missing == ("llm.pt",)


def test_an_empty_folder_with_a_familys_name(machine: Path) -> None:
    (machine / "home/models" / NAME).mkdir(parents=True)
    (found,) = models_on_disk()
    assert "llm.pt" in found.missing and found.bytes == 0


def test_folders_that_hold_something_else(machine: Path) -> None:
    other = machine / "home/models/whisper"
    other.mkdir(parents=True)
    for content in (b"{}", b"[]", b"not json", b'{"cosyvox": 1, "family": "CosyVoice9"}', b"\xff"):
        (other / "config.json").write_bytes(content)
        assert models_on_disk() == []


def test_the_compact_form(machine: Path) -> None:
    folder = lay(
        machine / "home/models/half the size", [name for name in NEEDED if not name.endswith((".pt", ".yaml"))]
    )
    (folder / "config.json").write_text(json.dumps({"cosyvox": 1, "family": NAME}), encoding="utf-8")
    (found,) = models_on_disk()
    assert (found.form, found.missing) == ("compact", ("model.safetensors",))
    (folder / "model.safetensors").write_bytes(b"weights")
    assert find_model("half the size") == folder == find_model(NAME)


def test_nothing_on_this_machine() -> None:
    assert models_on_disk() == []
    with pytest.raises(ModelNotFound, match=f"not on this machine: `cosyvox models download {NAME}`"):
        find_model("cosyvoice2")
    with pytest.raises(ModelNotFound, match="there is no model folder nowhere"):
        find_model("nowhere")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may read anything")
def test_folders_that_may_not_be_read(machine: Path) -> None:
    folder = lay(machine / "home/models" / NAME)
    folder.chmod(0)
    try:
        assert [model.complete for model in models_on_disk()] == [False]
    finally:
        folder.chmod(0o700)


def test_load_takes_a_name(machine: Path, seeded_small: Path) -> None:
    shutil.copytree(seeded_small, machine / "ms/models/iic/CosyVoice2-0___5B")
    with load("cosyvoice2", device="cpu") as engine:
        assert engine.family.name == NAME
