"""A machine without any model, and two hubs to fetch one from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hubs import NAME, Hubs, serve_hubs


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that holds every place where models are looked for."""
    places = {"COSYVOX_HOME": "home", "HF_HOME": "hf", "MODELSCOPE_CACHE": "ms", "COMFYUI_DIR": "comfyui"}
    for name, folder in places.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    for name in ("COMFYUI_PATH", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "COSYVOX_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def folder(machine: Path) -> Path:
    """Where the model is fetched to."""
    return machine / "home" / "models" / NAME


@pytest.fixture
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    with serve_hubs() as hubs:
        for name, value in hubs.environment.items():
            monkeypatch.setenv(name, value)
        yield hubs
