"""Model folders on this machine: recognised by their files, without reading weights."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..embedded import MODEL
from ..errors import ModelNotFound
from ..families import ALL_FAMILIES, EMBEDDED, FAMILIES, Family
from ..home import expanded
from ..storage import asked
from ..text.tokenizer import MERGES, VOCABULARY
from . import places

COMPACT_FILES = ("config.json", "model.safetensors")
_COMPACT_ROLES = ("speech_tokenizer", "speaker_encoder")
_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class FoundModel:
    """A model folder on this machine.

    place: whose folder it lies in: "CosyVox", "ComfyUI", "Hugging Face", "ModelScope".
    form: "official" or "compact". missing: files that it needs and has not, with the reason if they are there but
    are not what they are named. bytes: of all files in it.
    """

    path: Path
    family: str
    place: str
    form: str
    missing: tuple[str, ...]
    bytes: int

    @property
    def complete(self) -> bool:
        return not self.missing


def needed_files(family: Family) -> tuple[str, ...]:
    """What a folder in the published form must hold, as paths in it."""
    single = [name for role, name in family.files.items() if role != "tokenizer"]
    return (*single, *(f"{family.files['tokenizer']}/{name}" for name in (VOCABULARY, MERGES)))


def inspect_model(folder: Path, place: str = "", family: Family | None = None) -> FoundModel | None:
    """What lies in a folder; None if nothing there looks like a model. family: what its name promises, if anything."""
    form, needed = "official", tuple[str, ...]()
    if compact := _compact_family(folder):
        family, form = compact, "compact"
        tokenizer = [f"{family.files['tokenizer']}/{name}" for name in (VOCABULARY, MERGES)]
        needed = (*COMPACT_FILES, *(family.files[role] for role in _COMPACT_ROLES), *tokenizer)
    else:
        family = next((one for one in FAMILIES if asked(one.path(folder, "config").is_file)), family)
        needed = needed_files(family) if family else ()
    if family is None:
        return None
    missing = tuple(name + flaw for name in needed if (flaw := _flaw(folder / name)) is not None)
    return FoundModel(folder, family.name, place, form, missing, _size(folder))


def models_on_disk(more: Sequence[Path] = ()) -> list[FoundModel]:
    """Every model folder in the places where people have them, ours first. more: further folders of such folders."""
    found = (inspect_model(folder, place, family) for place, folder, family in places.candidates(more))
    return [model for model in found if model is not None]


def family_of(name: str) -> Family | None:
    """The family of a name, an alias or a repository id, in any case."""
    wanted = name.casefold()
    for family in ALL_FAMILIES:
        if wanted in {known.casefold() for known in (family.name, *family.aliases, *family.repos.values())}:
            return family
    return None


def find_model(name: str | os.PathLike[str]) -> Path:
    """The folder of a model: a path, or the name of a family, of its repository, or of a folder in our home.

    Raises ModelNotFound, which names what is missing and how to get it.
    """
    path = expanded(name)
    if asked(path.is_dir):
        return path
    named = str(name)
    family = family_of(named)
    if family is EMBEDDED and MODEL.is_dir():
        return MODEL
    found = [
        model for model in models_on_disk()
        if (family and model.family == family.name) or (model.place == places.OURS and model.path.name == named)
    ]  # fmt: skip
    for model in found:
        if model.complete:
            return model.path
    if found:
        raise ModelNotFound(
            f"{found[0].path} is incomplete: {', '.join(found[0].missing)} missing; "
            f"`cosyvox models download {found[0].family}` completes it"
        )
    if family is EMBEDDED:
        raise ModelNotFound(f"the embedded model is missing here: install CosyVox again, or use {FAMILIES[0].name}")
    if family:
        raise ModelNotFound(
            f"{family.name} is not on this machine: `cosyvox models download {family.name}` fetches it, "
            "`cosyvox models list` says what is here"
        )
    known = ", ".join(family.name for family in ALL_FAMILIES)
    raise ModelNotFound(f"there is no model folder {name}: check the path, or name a known family ({known})")


def default_model() -> Path:
    """What speaks when nobody named a model: the best complete one on this machine, else the embedded one.

    Raises ModelNotFound where the package was installed without it.
    """
    found = [model for model in models_on_disk() if model.complete]
    names = [family.name for family in FAMILIES]
    if found:
        return min(found, key=lambda model: names.index(model.family)).path
    if MODEL.is_dir():
        return MODEL
    raise ModelNotFound(
        f"there is no model on this machine: `cosyvox models download {names[0]}` fetches one, or name its folder "
        "(`cosyvox models make-seeded DIR` makes one that utters noise, for tests)"
    )


def _compact_family(folder: Path) -> Family | None:
    """The family that a compact folder's configuration names."""
    try:
        config = json.loads((folder / COMPACT_FILES[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict) or "cosyvox" not in config:
        return None
    return next((family for family in FAMILIES if family.name == config.get("family")), None)


def _flaw(path: Path) -> str | None:
    """Why a file is not there, as a remark behind its name; None if it is."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f" ({error.strerror})"
    if not start:
        return " (empty)"
    return " (only a git-lfs pointer)" if start == _LFS_POINTER else None


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(where) / name).stat().st_size
            except OSError:
                continue  # a link to nothing
    return total
