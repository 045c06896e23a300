"""A real ComfyUI and a browser, for whoever has them; everybody else sees these tests skipped, and why.

COMFYUI_DIR names a ComfyUI, COMFYUI_PYTHON the interpreter of its environment, COMFYUI_BROWSER a Chromium if none is on
the PATH. With COMFYUI_PICTURES the graphs are photographed into that folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, executable, opened
from comfyui import Comfy, started

PUBLISHED = "CosyVoice2-0.5B"
READY = """!!(window.app?.graph && app.extensionManager && !document.querySelector("#splash-loader")
    && Object.keys(window.LiteGraph?.registered_node_types ?? {}).includes("CosyVoxSynthesize"))"""


def setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set: see tests/comfyui/conftest.py")
    return value


@pytest.fixture(scope="session")
def comfy(tmp_path_factory: pytest.TempPathFactory, seeded_small: Path) -> Iterator[Comfy]:
    """With a library of its own, and a published model whose weights mean nothing."""
    directory, python = setting("COMFYUI_DIR"), setting("COMFYUI_PYTHON")
    folder = tmp_path_factory.mktemp("comfyui")
    models = folder / "models" / "cosyvoice"
    models.mkdir(parents=True)
    (models / PUBLISHED).symlink_to(seeded_small, target_is_directory=True)
    with started(Path(directory), python, folder, COSYVOX_HOME=str(folder / "home")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> str:
    name = executable()
    if name is None:
        pytest.skip("no Chromium found: COMFYUI_BROWSER names one")
    return name


@pytest.fixture
def page(comfy: Comfy, browser: str, tmp_path: Path) -> Iterator[Page]:
    with opened(comfy.address, tmp_path, browser) as page:
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        page.size(1600, 1000)
        page.wait(READY)
        yield page
