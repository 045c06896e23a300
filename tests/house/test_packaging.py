"""What pip installs: the lists in pyproject.toml are complete, and the wheel works on its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cosyvox
import pytest
from cosyvox import install

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(cosyvox.__file__).parent
NOT_PACKAGES = {
    "tests",
    "benchmarks",
    "docker",
    "docs",
    "home_assistant",
    "train",
    "workflows",
    "build",
    "dist",
    "models",
    "voices",
}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def package_files() -> set[str]:
    """Every file that a wheel must hold, relative to the root: the packages' folders whole, and the root's modules."""
    rooms = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in NOT_PACKAGES]
    inside = [path for room in rooms for path in room.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(ROOT).as_posix() for path in [*inside, *ROOT.glob("*.py")]}


def test_every_package_is_listed(pyproject: dict[str, Any]) -> None:
    folders = {Path(name).parent for name in package_files() if name.endswith("/__init__.py")}
    there = {".".join(("cosyvox", *folder.parts)) for folder in folders} | {"cosyvox"}
    assert set(pyproject["tool"]["setuptools"]["packages"]) == there


def test_every_folder_with_modules_is_a_package() -> None:
    files = package_files()
    folders = {name.rpartition("/")[0] for name in files if name.endswith(".py")}
    assert {folder for folder in folders if folder and f"{folder}/__init__.py" not in files} == set()


def test_requirements_are_the_dependencies(pyproject: dict[str, Any]) -> None:
    dependencies = pyproject["project"]["dependencies"]
    assert list(install.requirements().values()) == dependencies
    assert not {install.canonical(name) for name in install.requirements()} & {"torch", "onnxruntime"}


def test_extras_of_install_are_those_of_the_project(pyproject: dict[str, Any]) -> None:
    assert set(install.EXTRAS) == set(pyproject["project"]["optional-dependencies"])


def test_one_version(pyproject: dict[str, Any]) -> None:
    assert pyproject["project"]["version"] == cosyvox.__version__


def test_the_wheel_stands_alone(tmp_path: Path) -> None:
    source = tmp_path / "源-code of mine"
    names = package_files()
    strangers = {"tests/house/test_stranger.py", "benchmarks/offline.py", "core/__pycache__/stale.pyc"}
    for name in {*names, "pyproject.toml", "README.md", "LICENSE"}:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for name in strangers - names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *offline, "--no-build-isolation", "-w", tmp_path, "."], cwd=source, check=True)
    (wheel,) = tmp_path.glob("cosyvox-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in held if ".dist-info/" not in name} == {f"cosyvox/{name}" for name in names}

    subprocess.run([*pip, "install", *offline, "--target", target, wheel], check=True)
    alone = os.environ | {"PYTHONPATH": str(target)}

    def run(*command: str) -> str:
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, env=alone, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import cosyvox.core.engine as module; print(module.__file__)").strip()
    assert Path(where) == target / "cosyvox" / "core" / "engine.py"
    assert "say" in run("-m", "cosyvox", "--help")
    entry = "from importlib.metadata import entry_points; print(*entry_points(name='cosyvox', group='console_scripts'))"
    assert "cosyvox.cli:main" in run("-c", entry)
