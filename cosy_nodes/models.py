"""Which models a graph can name, and the folders that the names mean."""

from __future__ import annotations

from pathlib import Path

from .. import core
from . import comfy


def model_names() -> list[str]:
    """The embedded model, every published one, and whatever else lies complete on this machine."""
    published = [family.name for family in core.FAMILIES]
    try:
        found = core.models_on_disk(comfy.model_roots())
    except core.CosyVoxError:  # which the node says when it runs; a list must not keep the pack from loading
        found = []
    return [core.EMBEDDED.name, *published, *_others(found)]


def model_folder(name: str, *, download: bool, watch: comfy.Watch) -> Path:
    """Where a named model lies, fetched if that is allowed. Raises ModelNotFound, DownloadError, StorageError."""
    if name == core.EMBEDDED.name:
        return core.find_model(name)
    found = core.models_on_disk(comfy.model_roots())
    if name not in {family.name for family in core.FAMILIES}:
        others = _others(found)
        if name not in others:
            raise core.ModelNotFound(
                f"there is no model {name} on this machine: choose another one, or put its folder into "
                f"{core.models_home()}"
            )
        return others[name]
    for model in found:
        if model.family == name and model.complete:
            return model.path
    if download:
        return core.download_model(name, on_progress=watch.on_progress, should_stop=watch.should_stop).path
    raise _missing(name, found)


def _others(found: list[core.FoundModel]) -> dict[str, Path]:
    """Complete folders that their family's name does not mean, by a name that tells them apart."""
    meant: dict[str, Path] = {}
    complete = [model for model in found if model.complete]
    for model in complete:
        meant.setdefault(model.family, model.path)
    rest = [model for model in complete if meant[model.family] != model.path]
    taken = [core.EMBEDDED.name, *(family.name for family in core.FAMILIES), *(model.path.name for model in rest)]
    # A folder's own name stays right when the graph is sent to somebody else; in the hubs' caches it is a number.
    return {
        model.path.name if model.place in ("CosyVox", "ComfyUI") and taken.count(model.path.name) == 1
        else str(model.path): model.path
        for model in rest
    }  # fmt: skip


def _missing(name: str, found: list[core.FoundModel]) -> core.ModelNotFound:
    for model in found:
        if model.family == name:
            files = ", ".join(model.missing)
            return core.ModelNotFound(
                f"{model.path} is incomplete, {files} missing: switch “download” on, or copy the files there"
            )
    return core.ModelNotFound(
        f"{name} is not on this machine: switch “download” on to fetch it, or choose {core.EMBEDDED.name}, "
        "which comes with CosyVox"
    )
