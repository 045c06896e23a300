"""comfy.model_patcher: ComfyUI's hold on a module, without its patches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class ModelPatcher:
    def __init__(self, model: nn.Module, load_device: torch.device, offload_device: torch.device) -> None:
        self.model, self.load_device, self.offload_device = model, load_device, offload_device
        self.loaded = 0  # bytes
        self._callbacks: dict[str, list[Callable[..., None]]] = {}

    def add_callback(self, call_type: str, callback: Callable[..., None]) -> None:
        self._callbacks.setdefault(call_type, []).append(callback)

    def model_size(self) -> int:
        return sum(tensor.nbytes for tensor in self.model.state_dict().values())

    def load(self) -> None:
        """All of it, unless it is all there."""
        if self.loaded == self.model_size():
            return
        self.model.to(self.load_device)
        self.loaded = self.model_size()
        self._call("on_load_after", self.load_device, 0, False, True)

    def partially_unload(self, count: int) -> None:
        """The first `count` leaves with weights go back, as when another model needs a little room."""
        leaves = [part for part in self.model.modules() if not list(part.children()) and list(part.parameters())]
        for leaf in leaves[:count]:
            for name, weight in list(leaf.named_parameters(recurse=False)):
                setattr(leaf, name, nn.Parameter(weight.detach().clone(), requires_grad=False))
                self.loaded -= weight.nbytes

    def detach(self, unpatch_all: bool = True) -> nn.Module:
        if unpatch_all:
            self.model.to(self.offload_device)
            self.loaded = 0
        self._call("on_detach_after", unpatch_all)
        return self.model

    def _call(self, kind: str, *arguments: Any) -> None:
        for callback in self._callbacks.get(kind, []):
            callback(self, *arguments)
