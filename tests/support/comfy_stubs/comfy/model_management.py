"""comfy.model_management: which models lie on the device, and whether somebody pressed cancel.

As in ComfyUI, models are held weakly and by their place in a list, so that a model which vanishes while it is unloaded
takes another one with it.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

import torch

from comfy.model_patcher import ModelPatcher


class InterruptProcessingException(BaseException):
    """Somebody pressed cancel."""


class LoadedModel:
    def __init__(self, patcher: ModelPatcher) -> None:
        self._patcher = weakref.ref(patcher)
        self.real_model = weakref.ref(patcher.model)
        self.finalizer = weakref.finalize(patcher.model, _clean_up)
        self.finalizer.atexit = False

    @property
    def model(self) -> Any:
        return self._patcher()


current_loaded_models: list[LoadedModel] = []
required: list[int] = []  # memory_required of every load
_interrupted = False


def load_models_gpu(models: list[ModelPatcher], memory_required: int = 0, force_full_load: bool = False) -> None:
    assert force_full_load, "half of a model cannot run"
    required.append(memory_required)
    for patcher in models:
        for index in reversed(range(len(current_loaded_models))):
            other = current_loaded_models[index].model
            if other is not None and other.model is patcher.model:  # also itself: it is listed anew
                current_loaded_models.pop(index)
                other.detach(unpatch_all=False)
        patcher.load()
        current_loaded_models.insert(0, LoadedModel(patcher))


def unload_all_models() -> None:
    """The button "Unload models"."""
    gone = []
    for index in reversed(range(len(current_loaded_models))):
        loaded = current_loaded_models[index]
        assert loaded.model is not None, "a module outlived its patcher"
        loaded.model.detach()
        loaded.finalizer.detach()
        gone.append(index)
    for index in gone:
        current_loaded_models.pop(index)
    gc.collect()


def get_torch_device() -> torch.device:
    return torch.device("cpu")


def get_all_torch_devices() -> list[torch.device]:
    return [torch.device("cpu")]


def unet_offload_device() -> torch.device:
    return torch.device("cpu")


def interrupt_current_processing(value: bool = True) -> None:
    global _interrupted
    _interrupted = value


def processing_interrupted() -> bool:
    return _interrupted


def throw_exception_if_processing_interrupted() -> None:
    global _interrupted
    if _interrupted:
        _interrupted = False
        raise InterruptProcessingException


def _clean_up() -> None:
    for index in reversed(range(len(current_loaded_models))):
        if current_loaded_models[index].real_model() is None:
            current_loaded_models.pop(index)
