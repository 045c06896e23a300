"""Our own form of a model: `config.json` and `model.safetensors`, beside the tokenizer and the ONNX files.

The weights lie as the modules use them (fused, weight norm folded), so that loading is mapping.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .errors import CheckpointError, ConfigError, ModelNotFound
from .families.family import Family, ModelConfig
from .storage import check_room

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
FORMAT = 1
_COPIED_ROLES = ("speech_tokenizer", "speaker_encoder", "tokenizer")

T = TypeVar("T")


@dataclass
class CompactWeights:
    """The tensors of a compact file, handed out stage by stage."""

    path: Path
    tensors: dict[str, Tensor]

    def stage(self, role: str) -> dict[str, Tensor]:
        prefix = f"{role}."
        names = [name for name in self.tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.tensors.pop(name) for name in names}

    def finish(self) -> None:
        """Raises CheckpointError if a tensor belongs to no stage."""
        if self.tensors:
            raise CheckpointError(f"{self.path} has the unknown key {min(self.tensors)!r}: it is of another model")


def read_compact_config(folder: Path, families: Sequence[Family]) -> tuple[Family, ModelConfig]:
    """Raises ConfigError."""
    path = folder / CONFIG
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        form, name, settings = content["cosyvox"], content["family"], content["model"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not the configuration of a CosyVox model: {error!r}") from error
    if form != FORMAT:
        raise ConfigError(f"{path} has format {form}, this version reads {FORMAT}: update CosyVox or convert again")
    family = next((family for family in families if family.name == name), None)
    if family is None:
        raise ConfigError(f"{path} names the family {name!r}; known: {', '.join(f.name for f in families)}")
    try:
        return family, _from_plain(ModelConfig, settings)
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigError(f"{path} is damaged: {error}; convert the model again") from error


def read_compact(folder: Path) -> CompactWeights:
    """Map the weights. Raises ModelNotFound, CheckpointError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / WEIGHTS
    if not path.is_file():
        raise ModelNotFound(f"{folder} is incomplete: {WEIGHTS} is missing; convert the model again")
    try:
        return CompactWeights(path, load_file(path))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or cut off ({error}); convert the model again") from error


def write_compact(
    draft: Path, source: Path, family: Family, config: ModelConfig, stages: Mapping[str, nn.Module], dtype: torch.dtype
) -> None:
    """Fill the empty folder `draft` from loaded stages and the files that `source` has beside its weights.

    Raises StorageError if the disk has no room for the weights, ModelNotFound, OSError.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {
        f"{role}.{key}": tensor.to(dtype).contiguous()
        for role, module in stages.items()
        for key, tensor in module.state_dict().items()
    }
    check_room(draft.parent, sum(tensor.nbytes for tensor in tensors.values()))
    try:
        save_file(tensors, draft / WEIGHTS)
    except SafetensorError as error:  # also what the disk says
        raise OSError(str(error)) from error
    content = {"cosyvox": FORMAT, "family": family.name, "model": dataclasses.asdict(config)}
    (draft / CONFIG).write_text(json.dumps(content, indent=1), encoding="utf-8")
    for role in _COPIED_ROLES:
        origin, target = family.path(source, role), family.path(draft, role)
        if origin.is_dir():
            # The published tokenizer folder also holds a second copy of the language model: a gigabyte nobody reads.
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("*.safetensors", "*.bin", "*.pt"))
        elif origin.is_file():
            shutil.copyfile(origin, target)
        else:
            raise ModelNotFound(f"{source} is incomplete: {family.files[role]} is missing; copy it there")


def _from_plain(kind: type[T], value: Any) -> T:
    """A dataclass, and those inside it, from what `dataclasses.asdict` and JSON made of it. Strict."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = dataclasses.fields(kind)
        names = {field.name for field in fields}
        needed = {field.name for field in fields if field.default is field.default_factory is dataclasses.MISSING}
        if not isinstance(value, Mapping) or not needed <= set(value) <= names:
            raise ValueError(f"{kind.__name__} must have {', '.join(sorted(needed))} and nothing unknown")
        return typing.cast(T, kind(**{name: _from_plain(hints[name], value[name]) for name in value}))
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is not a list")
        items = typing.get_args(kind)
        kinds = [items[0]] * len(value) if items[-1] is Ellipsis else list(items)
        return typing.cast(T, tuple(_from_plain(item, part) for item, part in zip(kinds, value, strict=True)))
    if origin in (typing.Union, types.UnionType):
        inner = [item for item in typing.get_args(kind) if item is not type(None)]
        return typing.cast(T, None if value is None else _from_plain(inner[0], value))
    if kind is float and type(value) is int:
        return typing.cast(T, float(value))
    if type(value) is not kind:
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return value
