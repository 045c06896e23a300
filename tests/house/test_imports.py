"""What importing does: nothing but import, nothing that is not ours to have, and under any name."""

from __future__ import annotations

import ast
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
ROOMS = ("core", "cli", "cosy_nodes", "wyoming_cosyvoice")
FILES = [*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
NEVER = (
    *("torchaudio", "torchcodec", "transformers", "librosa", "scipy", "einops", "diffusers", "matcha", "whisper"),
    *("hyperpyyaml", "omegaconf", "hydra", "pynini", "lightning", "conformer", "cosyvoice"),
)
HEAVY = {
    "torch",
    "numpy",
    "onnxruntime",
    "PIL",
    "soundfile",
    "tokenizers",
    "safetensors",
    "yaml",
    "wetext",
    "huggingface_hub",
}

# Runs before anything else in the child: forbidden modules are not found, and the network is out of bounds.
GUARD = """
import importlib, importlib.util, json, sys
never = set(json.loads(sys.argv[1]))
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in never:
            raise ModuleNotFoundError(f'{name} must not be imported', name=name)
sys.meta_path.insert(0, Forbidden())
network = []
def watch(event, arguments):
    if event in ('socket.__new__', 'socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname'):
        network.append(event)
        raise OSError(f'{event} while importing')
sys.addaudithook(watch)
path_before = list(sys.path)
"""
CHECK = """
assert network == [], network
assert sys.path == path_before, sys.path
assert not {'core', 'cli', 'cosy_nodes'} & set(sys.modules), 'a bare top-level core'
"""


def modules() -> list[str]:
    """Every module of the package, as a name relative to it ("" is the package itself)."""
    dotted = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES]
    return sorted("" if name == "__init__" else name.removesuffix(".__init__") for name in dotted)


def run_guarded(script: str, *arguments: str, comfyui: bool = False) -> str:
    """comfyui: whether its modules can be found, if only as stand-ins."""
    command = [sys.executable, "-c", GUARD + script + CHECK, json.dumps(NEVER), *arguments]
    environment = os.environ | ({"PYTHONPATH": str(STUBS)} if comfyui else {})
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("comfyui", [False, True])
def test_every_module_imports_without_what_we_do_not_depend_on_and_without_network(comfyui: bool) -> None:
    names = [name for name in modules() if comfyui or not name.startswith("cosy_nodes.")]
    run_guarded(
        "for name in json.loads(sys.argv[2]): importlib.import_module(('cosyvox.' + name).rstrip('.'))",
        json.dumps(names),
        comfyui=comfyui,
    )


def test_the_door_is_light() -> None:
    loaded = json.loads(run_guarded("import cosyvox.core; print(json.dumps(sorted(sys.modules)))"))
    assert "cosyvox.core" in loaded
    assert set(loaded) & HEAVY == set()


@pytest.mark.parametrize("module", ["cosyvox", "cosyvox.cli"])
def test_the_command_line_starts_light(module: str) -> None:
    loaded = json.loads(run_guarded(f"import {module}; print(json.dumps(sorted(sys.modules)))"))
    assert set(loaded) & {"torch", "onnxruntime", "tokenizers"} == set()


def test_everything_the_door_promises_is_there() -> None:
    run_guarded("import cosyvox.core as core; [getattr(core, name) for name in core.__all__]")


def test_comfyui_loads_the_folder_as_it_lies(tmp_path: Path) -> None:
    """As ComfyUI's load_custom_node does: a module named by its path. The pack beside it has a core too."""
    pack = tmp_path / "自定义 custom_nodes" / "Cosy-Vox v0.1"
    other = pack.with_name("other-pack")
    for file in FILES:
        copy = pack / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (other / "core").mkdir(parents=True)
    (other / "__init__.py").write_text("from .core import NAME\n", encoding="utf-8")
    (other / "core" / "__init__.py").write_text("NAME = 'other'\n", encoding="utf-8")
    run_guarded(
        """
def load(folder):
    name = folder.replace('.', '_x_')
    spec = importlib.util.spec_from_file_location(name, folder + '/__init__.py', submodule_search_locations=[folder])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
other, pack = load(sys.argv[3]), load(sys.argv[2])
for name in json.loads(sys.argv[4]):
    importlib.import_module((pack.__name__ + '.' + name).rstrip('.'))
core = sys.modules[pack.__name__ + '.core']
assert core.__file__.startswith(sys.argv[2])
assert issubclass(core.AudioError, core.CosyVoxError)
assert core.load.__module__ == pack.__name__ + '.core.engine'
assert other.NAME == 'other' and other.__name__ + '.core' in sys.modules
assert not [name for name in sys.modules if name.partition('.')[0] == 'cosyvox'], 'an absolute import'
""",
        str(pack),
        str(other),
        json.dumps(modules()),
        comfyui=True,
    )


COMFYUI = {"comfy", "comfy_execution", "folder_paths", "nodes", "server", "execution"}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_one_module_knows_comfyui(file: Path) -> None:
    """Only the adapter asks ComfyUI for anything, and only when a node runs; schemas alone are made of its types."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {name.partition(".")[0] for node in ast.walk(tree) for name in absolute_imports(node)}
    at_once = {name.partition(".")[0] for node in tree.body for name in absolute_imports(node)}
    name = file.relative_to(ROOT).as_posix()
    assert not found & COMFYUI or name == "cosy_nodes/comfy.py"
    assert not at_once & (COMFYUI | {"av"})
    assert "comfy_api" not in found or name.startswith("cosy_nodes/")
    assert "av" not in found or name == "cosy_nodes/video.py"


def absolute_imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def safe_loaders(tree: ast.Module) -> set[str]:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name for node in classes if any(ast.unparse(base).endswith("SafeLoader") for base in node.bases)}


def calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_source_rules(file: Path) -> None:
    """Relative imports only, no unsafe loading, no eval, the import path and the global RNG untouched."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    absolute = [node for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in absolute}
    tops = {name.partition(".")[0] for name in imported}
    assert not tops & {"cosyvox", *ROOMS}, "import relatively"
    assert not tops & {"dill", "joblib", "shelve", "marshal", *NEVER}
    used = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    used |= {f"{node.module}.{alias.name}" for node in absolute for alias in node.names}
    assert {name for name in used if name.startswith("pickle.")} <= {"pickle.UnpicklingError"}
    assert "sys.path" not in used
    for name, call in calls(tree):
        assert name not in {"eval", "exec", "yaml.unsafe_load", "yaml.full_load"}
        assert name not in {"torch.manual_seed", "torch.seed", "random.seed", "np.random.seed"}
        if name == "yaml.load":
            assert ast.unparse(call.args[1]) in safe_loaders(tree), f"line {call.lineno}"
        if name == "torch.load":
            safe = {word.arg: ast.unparse(word.value) for word in call.keywords}
            assert safe.get("weights_only") == "True", f"line {call.lineno}"
