"""Reading official weights strictly: every key is taken once, with the shape it must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .errors import CheckpointError


class WeightReader:
    """Hands out the tensors of one official file by key, and in the end complains of those left over.

    dtype: what they are cast to, one at a time as they are taken, so that a half-precision model never
    needs the memory of the whole one.
    """

    def __init__(self, tensors: Mapping[str, Tensor], source: str, dtype: torch.dtype = torch.float32) -> None:
        self._tensors = dict(tensors)
        self._source = source
        self._dtype = dtype

    def __contains__(self, key: str) -> bool:
        return key in self._tensors

    def take(self, key: str, *shape: int) -> Tensor:
        """The tensor of `key` in exactly this shape. Raises CheckpointError."""
        tensor = self._tensors.pop(key, None)
        if tensor is None:
            raise CheckpointError(f"{self._source} has no {key!r}: the file is damaged or of another model")
        if tuple(tensor.shape) != shape:
            raise CheckpointError(
                f"{self._source}: {key!r} has shape {tuple(tensor.shape)}, expected {shape}: "
                "it is damaged or of another model"
            )
        return tensor.to(self._dtype)

    def take_weight_norm(self, name: str, *shape: int) -> Tensor:
        """The folded weight of a weight-normalised convolution: g * v / |v|, norm over all dimensions but the first."""
        prefix = f"{name}.parametrizations.weight.original"
        magnitude = self.take(prefix + "0", shape[0], *[1] * (len(shape) - 1))
        direction = self.take(prefix + "1", *shape)
        return torch._weight_norm(direction, magnitude, 0)

    def finish(self) -> None:
        """Raises CheckpointError if a key was not taken."""
        if self._tensors:
            names = ", ".join(sorted(self._tensors)[:3])
            more = f" and {len(self._tensors) - 3} more" if len(self._tensors) > 3 else ""
            raise CheckpointError(
                f"{self._source} has keys that this model does not know: {names}{more}: it is of another model"
            )


@runtime_checkable
class OfficialStage(Protocol):
    """A module that knows how its official checkpoint spells its weights."""

    def official_weights(self, reader: WeightReader) -> dict[str, Tensor]:
        """This module's state dict, made of the official tensors. The module may be on the meta device."""
        ...


@contextmanager
def shapes_only() -> Iterator[None]:
    """Modules made here have weights without memory and without values: `assign` brings them.

    To draw values that nobody will read, without memory for them, torch would load its compiler: most of a second and
    60 MB.
    """
    with torch.device("meta"), _WithoutValues():
        yield


class _WithoutValues(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def assign(module: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Put `weights` in place of a (meta) module's parameters. Raises CheckpointError naming a key that does not fit."""
    expected = module.state_dict()
    for key in sorted(expected.keys() | weights.keys()):
        if key not in weights:
            raise CheckpointError(f"{source} has no {key!r}: the file is damaged or of another model")
        if key not in expected:
            raise CheckpointError(f"{source} has the unknown key {key!r}: it is of another model")
        if expected[key].shape != weights[key].shape:
            raise CheckpointError(
                f"{source}: {key!r} has shape {tuple(weights[key].shape)}, expected {tuple(expected[key].shape)}"
            )
    module.load_state_dict(weights, strict=True, assign=True)
    module.requires_grad_(False)
