"""The nodes beside stand-ins for ComfyUI's modules: nothing here needs ComfyUI, and nothing is kept of a test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

STUBS = Path(__file__).parents[1] / "support" / "comfy_stubs"
sys.path.insert(0, str(STUBS))


@pytest.fixture(autouse=True)
def comfyui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh ComfyUI: its folder, an empty library beside it, nothing loaded, nobody pressing cancel."""
    import comfy.model_management
    import comfy.utils
    import folder_paths
    import server

    base = tmp_path / "ComfyUI"
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MODELSCOPE_CACHE", "COMFYUI_DIR", "COMFYUI_PATH"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COSYVOX_OFFLINE", "1")
    folder_paths.set_base(base)
    comfy.utils.shown.clear()
    server.sent.clear()
    comfy.model_management.interrupt_current_processing(False)
    return base


@pytest.fixture(scope="session")
def kept() -> list[object]:
    """Holds the embedded model from one test to the next, as ComfyUI holds what a node gave."""
    return []


@pytest.fixture
def model(comfyui: Path, kept: list[object]) -> object:
    """The embedded model, from its node."""
    from cosyvox.cosy_nodes.load_model import CosyVoxLoadModel
    from noderun import run

    kept[:] = [run(CosyVoxLoadModel, model="embedded")["model"]]
    return kept[0]


@pytest.fixture
def voice(comfyui: Path) -> object:
    """One of the library, from its node."""
    from cosyvox.cosy_nodes.voices import CosyVoxVoice
    from noderun import run

    return run(CosyVoxVoice, voice="james")["voice"]
