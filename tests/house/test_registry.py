"""What ComfyUI's registry asks of pyproject.toml and .comfyignore (docs.comfy.org/registry)."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import cosyvox
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(cosyvox.__file__).parent
RAW = "https://raw.githubusercontent.com/{}/main/"
LEFT_OUT = {
    ".ci",
    ".comfyignore",
    ".gitignore",
    "Makefile",
    "benchmarks",
    "docker",
    "docs",
    "home_assistant",
    "tests",
    "train",
}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def repository(pyproject: dict[str, Any]) -> str:
    """owner/name"""
    found = re.fullmatch(r"https://github\.com/([\w-]+/[\w.-]+)", pyproject["project"]["urls"]["Repository"])
    assert found
    return found[1]


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", content[16:24])


def picture(address: str, repository: str) -> Path:
    """The file of this repository that an address names."""
    start = RAW.format(repository)
    assert address.startswith(start)
    return ROOT / address.removeprefix(start)


def test_the_name_is_one(pyproject: dict[str, Any]) -> None:
    name = pyproject["project"]["name"]
    assert re.fullmatch(r"[a-z](?:[._-]?[a-z0-9])*", name) and len(name) < 100
    assert "comfyui" not in name
    assert re.fullmatch(r"\d+\.\d+\.\d+", pyproject["project"]["version"])


def test_all_that_it_shows_is_there(pyproject: dict[str, Any], repository: str) -> None:
    comfy = pyproject["tool"]["comfy"]
    assert comfy["PublisherId"] and comfy["DisplayName"] == "CosyVox"
    assert re.fullmatch(r">=\d+\.\d+\.\d+", comfy["requires-comfyui"])
    icon, banner = picture(comfy["Icon"], repository), picture(comfy["Banner"], repository)
    width, height = png_size(icon)
    assert width == height <= 400
    width, height = png_size(banner)
    assert width * 9 == height * 21
    for path in (icon, banner):
        assert path.stat().st_size < 60_000
        assert path.with_suffix(".svg").is_file()  # what it was drawn as


def test_classifiers_are_those_that_it_reads(pyproject: dict[str, Any]) -> None:
    systems = [one for one in pyproject["project"]["classifiers"] if one.startswith("Operating System :: ")]
    places = [one for one in pyproject["project"]["classifiers"] if one.startswith("Environment :: ")]
    assert systems == ["Operating System :: OS Independent"]
    assert set(places) <= {f"Environment :: {kind}" for kind in ("GPU :: NVIDIA CUDA", "GPU :: Apple Metal")}


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="needs the repository")
def test_the_archive_leaves_out_what_nothing_needs() -> None:
    def listed(*options: str) -> set[str]:
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", *options]
        return {name for name in subprocess.check_output(command, text=True, encoding="utf-8").split("\0") if name}

    tracked = listed()
    left_out = listed("--ignored", "--exclude-from=.comfyignore")
    assert {name.partition("/")[0] for name in left_out} == LEFT_OUT & {name.partition("/")[0] for name in tracked}
    kept = {name.partition("/")[0] for name in tracked - left_out}
    assert kept & LEFT_OUT == set()
    assert {"__init__.py", "install.py", "requirements.txt", "core", "cosy_nodes"} <= kept
    assert {"locales", "subgraphs", "web", "workflows"} <= kept
