"""The pack as ComfyUI's loader finds it: under its path's name, beside packs that also have a `core`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cosyvox
import pytest

ROOT = Path(cosyvox.__file__).parent
STUBS = ROOT / "tests" / "support" / "comfy_stubs"
PARTS = ("__init__.py", "core", "cosy_nodes", "web")

# As load_custom_node does in ComfyUI's nodes.py: each folder is a module that is named by its path.
LOADER = """
import asyncio, importlib.util, json, os, sys
import folder_paths
from pathlib import Path
folder_paths.set_base(Path(sys.argv[1]))
pack_folders = sys.argv[2:]
loaded = {}
for folder in pack_folders:
    name = folder.replace('.', '_x_')
    spec = importlib.util.spec_from_file_location(name, os.path.join(folder, '__init__.py'))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    loaded[folder] = module
"""
ASK = """
from comfy_api.latest import ComfyExtension
before = list(sys.path)
ours, other = (loaded[folder] for folder in pack_folders)
extension = asyncio.run(ours.comfy_entrypoint())
assert isinstance(extension, ComfyExtension)
asyncio.run(extension.on_load())
nodes = asyncio.run(extension.get_node_list())
assert isinstance(nodes, list)
names = [node.define_schema().node_id for node in nodes]
assert sys.path == before
assert other.NAME == 'other' and sys.modules[other.__name__ + '.core'].NAME == 'other'
assert not {'core', 'cosy_nodes', 'cosyvox'} & {module.partition('.')[0] for module in sys.modules}
assert all(node.__module__.startswith(ours.__name__ + '.cosy_nodes.') for node in nodes)
assert not hasattr(ours, 'NODE_CLASS_MAPPINGS')
print(json.dumps({
    'names': names,
    'web': os.path.isdir(os.path.join(pack_folders[0], ours.WEB_DIRECTORY)),
    'folders': folder_paths.folder_names_and_paths['cosyvoice'][0],
}))
"""


@pytest.fixture
def packs(comfyui: Path) -> list[str]:
    """Ours, in a folder that cannot be a module's name, and one that imports from a `core` of its own."""
    pack = comfyui / "custom_nodes" / "自定义 Cosy-Vox v0.1"
    pack.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, pack / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, pack)
    other = pack.with_name("other-pack")
    (other / "core").mkdir(parents=True)
    (other / "__init__.py").write_text("from .core import NAME\n", encoding="utf-8")
    (other / "core" / "__init__.py").write_text("NAME = 'other'\n", encoding="utf-8")
    return [str(pack), str(other)]


def load(comfyui: Path, packs: list[str], script: str, *, stubs: bool = True) -> str:
    environment = {**os.environ, "PYTHONPATH": str(STUBS)} if stubs else os.environ
    prelude = LOADER if stubs else LOADER.replace("import folder_paths\n", "").replace("folder_paths.set_base", "str")
    command = [sys.executable, "-c", prelude + script, str(comfyui), *packs]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_loader_gets_nodes_and_a_folder_for_the_browser(comfyui: Path, packs: list[str]) -> None:
    found = json.loads(load(comfyui, packs, ASK))
    assert len(found["names"]) == 11 and all(name.startswith("CosyVox") for name in found["names"])
    assert found["web"]
    assert found["folders"] == [str(comfyui / "models" / "cosyvoice")]


def test_a_folder_that_the_user_names_stays_first(comfyui: Path, packs: list[str]) -> None:
    """extra_model_paths.yaml is read before packs are loaded."""
    named = "folder_paths.add_model_folder_path('cosyvoice', '/mine')\n"
    found = json.loads(load(comfyui, packs, named + ASK))
    assert found["folders"] == ["/mine", str(comfyui / "models" / "cosyvoice")]


def test_without_comfyui_the_package_has_no_nodes(comfyui: Path, packs: list[str]) -> None:
    script = "print(hasattr(loaded[pack_folders[0]], 'comfy_entrypoint'), 'torch' in sys.modules)"
    assert load(comfyui, packs[:1], script, stubs=False).split() == ["False", "False"]


def test_what_the_door_costs(comfyui: Path, packs: list[str]) -> None:
    """ComfyUI reads it while it starts; what the nodes need is imported when they are asked for."""
    script = "print([name for name in sys.modules if name.endswith(('.cosy_nodes.extension', '.core.engine'))])"
    assert load(comfyui, packs[:1], script).strip() == "[]"
