"""A model's weights as one torch module, for programs that decide themselves what lies on a device, as ComfyUI does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from .apart import apart_telling
from .checkpoint import Dtypes, Model, ModelFolder, load_model, open_folder
from .dtypes import choose_device, choose_dtypes
from .families import Family
from .hub.found import find_model
from .request import OnProgress
from .returned import give_back


@dataclass(frozen=True)
class Weights:
    """The three stages of a model in one module, which may be moved while no engine runs on it.

    module: with the children `lm`, `flow`, `vocoder`. `load(weights)` makes an engine where they lie then; closing it
    leaves them there. dtypes: what each stage computes in.
    """

    opened: ModelFolder
    module: nn.ModuleDict
    dtypes: Dtypes

    @property
    def folder(self) -> Path:
        return self.opened.path

    @property
    def family(self) -> Family:
        return self.opened.family

    @property
    def sample_rate(self) -> int:
        """Hz, of what the model makes."""
        return self.opened.config.sample_rate

    @property
    def bytes(self) -> int:
        return sum(weight.nbytes for weight in self.module.parameters())

    @property
    def device(self) -> torch.device:
        """Where they lie now."""
        return next(self.module.parameters()).device

    def drop(self) -> None:
        """Free them; the module stays, empty. No engine may run on them any more."""
        device = self.device
        self.module.to("meta")
        give_back(device)

    def model(self) -> Model:
        """The stages as they lie now."""
        return Model(self.opened, self.device, dict(self.module.items()))


def load_weights(
    model: str | os.PathLike[str],
    *,
    dtype: str = "auto",
    runs_on: str = "auto",
    on_progress: OnProgress | None = None,
) -> Weights:
    """The weights of a model, on the CPU. model, dtype: as in `load`; runs_on: the device that they are meant for.

    Raises ModelNotFound, ConfigError, CheckpointError, RequestError, OutOfMemory.
    """
    opened = open_folder(find_model(model))
    dtypes, cpu = choose_dtypes(dtype, choose_device(runs_on)), torch.device("cpu")
    loaded = apart_telling(lambda tell: load_model(opened, device=cpu, dtypes=dtypes, on_progress=tell), on_progress)
    return Weights(opened, nn.ModuleDict(dict(loaded.stages)), dtypes)
