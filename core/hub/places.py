"""Where people have models: ours, ComfyUI's, and the caches of Hugging Face and ModelScope."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..families import FAMILIES, Family
from ..home import expanded, models_home
from ..storage import asked

OURS, COMFYUI = "CosyVox", "ComfyUI"
PACK = Path(__file__).parents[2]
COMFYUI_VARIABLES = ("COMFYUI_DIR", "COMFYUI_PATH")
_COMFYUI_ROOMS = ("cosyvoice", "CosyVoice", "TTS/CosyVoice")


def candidates(more: Sequence[Path] = ()) -> Iterator[tuple[str, Path, Family | None]]:
    """Folders that may hold a model, as (whose, folder, family by its name); ours first, none twice.

    more: ComfyUI's folders of these models, where somebody knows them better than the environment.
    """
    seen: set[Path] = set()
    for place, folder, family in _candidates(more):
        real = folder.resolve()  # on Windows and Mac `cosyvoice` and `CosyVoice` are one folder
        if real not in seen:
            seen.add(real)
            yield place, folder, family


def _candidates(more: Sequence[Path]) -> Iterator[tuple[str, Path, Family | None]]:
    for folder in _folders(models_home()):
        yield OURS, folder, _named(folder)
    found = [base / "models" / room for base in _comfyui_bases() for room in _COMFYUI_ROOMS]
    for root in (*more, *found):
        yield COMFYUI, root, None
        for folder in _folders(root):
            yield COMFYUI, folder, _named(folder)
        yield from _snapshots(COMFYUI, root)
    yield from _snapshots("Hugging Face", _huggingface_cache())
    for root in _modelscope_caches():
        yield from _modelscope("ModelScope", root)


def _comfyui_bases() -> Iterator[Path]:
    """ComfyUI's folder, if the environment names it or this pack lies in its custom_nodes."""
    for variable in COMFYUI_VARIABLES:
        if named := os.environ.get(variable):
            yield expanded(named)
    if PACK.parent.name == "custom_nodes":
        yield PACK.parents[1]


def _huggingface_cache() -> Path:
    """As huggingface_hub finds it."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if named := os.environ.get(variable):
            return expanded(named)
    if home := os.environ.get("HF_HOME"):
        return expanded(home) / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return expanded(cache) / "huggingface" / "hub"


def _modelscope_caches() -> Iterator[Path]:
    """As modelscope finds it; its older versions had no `models`, and `hub` only in the default."""
    named = os.environ.get("MODELSCOPE_CACHE")
    roots = [expanded(named)] if named else []
    roots += [root / "hub" for root in roots] or [expanded("~/.cache/modelscope/hub")]
    for root in roots:
        yield root / "models"
        yield root


def _snapshots(place: str, cache: Path) -> Iterator[tuple[str, Path, Family | None]]:
    """In the layout of Hugging Face's cache: models--OWNER--NAME/snapshots/COMMIT, the one named `main` first."""
    for family in FAMILIES:
        repo = cache / ("models--" + family.repos["huggingface"].replace("/", "--"))
        try:
            main = (repo / "refs" / "main").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            main = ""
        for folder in sorted(_folders(repo / "snapshots"), key=lambda folder: folder.name != main):
            yield place, folder, family


def _modelscope(place: str, root: Path) -> Iterator[tuple[str, Path, Family | None]]:
    """In the layout of ModelScope's cache: OWNER/NAME, where a point in a name becomes three underscores."""
    for family in FAMILIES:
        repo = family.repos["modelscope"]
        for name in (repo.replace(".", "___"), repo):
            if asked((root / name).is_dir):
                yield place, root / name, family


def _named(folder: Path) -> Family | None:
    """The family that a folder's name promises, also while none of its files is there."""
    name = folder.name.replace("___", ".")
    return next((family for family in FAMILIES if family.name.casefold() == name.casefold()), None)


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(child for child in root.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError:  # not there, or not ours to read
        return []
