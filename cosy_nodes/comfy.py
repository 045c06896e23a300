"""All that the nodes ask of ComfyUI itself; it is imported here alone, and only when it is asked."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..core import Cancelled, OutOfMemory, Progress

_TICKS = 1000  # of a progress bar
_FOLDER = "cosyvoice"  # the key in extra_model_paths.yaml
_OTHERS = ("CosyVoice", "TTS/CosyVoice")  # where other packs keep these models, beside ours in ComfyUI's models


class Watch:
    """Core's callbacks, told to ComfyUI: progress on the node, and whether somebody pressed cancel."""

    def __init__(self) -> None:
        import comfy.model_management
        import comfy.utils

        self._new_bar: Callable[[], Any] = lambda: comfy.utils.ProgressBar(_TICKS)
        self._bar, self._file = self._new_bar(), ""
        self.should_stop: Callable[[], bool] = comfy.model_management.processing_interrupted

    def on_progress(self, progress: Progress) -> None:
        """Raises ComfyUI's interruption."""
        file = progress.stage if progress.stage.startswith("download") else ""
        if file != self._file:  # each begins at nothing
            self._bar, self._file = self._new_bar(), file
        self._tell(progress.fraction)

    def part(self, index: int, count: int) -> Callable[[Progress], None]:
        """on_progress of work that is one of `count` equal parts of the node's."""
        return lambda progress: self._tell((index + progress.fraction) / count)

    def _tell(self, fraction: float) -> None:
        self._bar.update_absolute(round(_TICKS * fraction), _TICKS)


@contextmanager
def watched() -> Iterator[Watch]:
    """Within it, core's Cancelled is ComfyUI's own interruption, which shows no error, and where the device's memory
    was not enough, all models give back theirs, as for ComfyUI's own nodes."""
    import comfy.model_management

    try:
        yield Watch()
    except Cancelled:
        comfy.model_management.throw_exception_if_processing_interrupted()
        raise
    except OutOfMemory:
        comfy.model_management.unload_all_models()
        raise


def show_text(cls: Any, text: str) -> None:
    """Write on the node that runs; it must ask for its hidden id. Where nobody looks, nothing happens."""
    from server import PromptServer

    server = getattr(PromptServer, "instance", None)
    if server is not None and text and cls.hidden.unique_id is not None:
        server.send_progress_text(text, cls.hidden.unique_id)


def no_output(why: str) -> Any:
    """Stands for an output that there is nothing for: what it is linked to does not run, and says why."""
    from comfy_execution.graph_utils import ExecutionBlocker

    return ExecutionBlocker(why)


def register_folder() -> None:
    """ComfyUI's models/cosyvoice; a folder of that name in extra_model_paths.yaml stays before it."""
    import folder_paths

    folder_paths.add_model_folder_path(_FOLDER, str(Path(folder_paths.models_dir) / _FOLDER))


def model_roots() -> list[Path]:
    """Folders whose subfolders may be models: ComfyUI's own, the user's, and those of other packs."""
    import folder_paths

    named = folder_paths.folder_names_and_paths.get(_FOLDER, ([], set()))[0]
    return [*map(Path, named), *(Path(folder_paths.models_dir) / name for name in _OTHERS)]


def input_files(suffixes: Sequence[str]) -> list[str]:
    """Files in ComfyUI's input folder and below it with one of these suffixes, as paths in it."""
    import folder_paths

    root = Path(folder_paths.get_input_directory())
    found = (path for path in root.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def input_path(name: str) -> Path:
    """Where a file of the input folder lies."""
    import folder_paths

    return Path(folder_paths.get_annotated_filepath(name))


def temp_folder() -> Path:
    """ComfyUI's folder for what it may delete."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def devices() -> list[str]:
    """What a model can be told to run on here."""
    import comfy.model_management

    return list(dict.fromkeys(["cpu", *map(str, comfy.model_management.get_all_torch_devices())]))


def load_device(name: str | None) -> torch.device:
    """Of a name out of `devices`; None is the one that ComfyUI prefers."""
    import comfy.model_management

    return comfy.model_management.get_torch_device() if name is None else torch.device(name)


def new_patcher(module: nn.Module, device: torch.device, on_change: Callable[[bool], None]) -> Any:
    """ComfyUI's hold on a module. on_change: called with False when its weights were loaded onto the device, with
    True when they were taken off it; held weakly if it is a method.
    """
    import comfy.model_management
    import comfy.model_patcher
    from comfy.patcher_extension import CallbacksMP

    cpu = device.type == "cpu"
    offload = device if cpu else comfy.model_management.unet_offload_device()
    patcher = comfy.model_patcher.ModelPatcher(module, load_device=device, offload_device=offload)
    changed = weakref.WeakMethod(on_change)

    def tell(off: bool) -> None:
        if (listener := changed()) is not None:
            listener(off)

    patcher.add_callback(CallbacksMP.ON_LOAD, lambda *_: tell(False))
    # ComfyUI also detaches what it lists anew, then without taking it off the device.
    patcher.add_callback(CallbacksMP.ON_DETACH, lambda _, unpatch_all: tell(True) if unpatch_all else None)
    return patcher


def load_whole(patcher: Any, memory_required: int) -> None:
    """Bring a module onto its device, all of it; others make room."""
    import comfy.model_management

    comfy.model_management.load_models_gpu([patcher], memory_required=memory_required, force_full_load=True)
