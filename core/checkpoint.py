"""From a model folder to modules that compute.

A folder is either as published (`llm.pt`, `flow.pt`, `hift.pt` and a yaml) or compact (`config.json`
and `model.safetensors`, see `compact`). Weights are mapped, not read; modules are built without
memory of their own and take the mapped tensors as they are. What does not fit is an error that
names the key.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from .compact import CONFIG as COMPACT_CONFIG
from .compact import read_compact, read_compact_config
from .errors import CheckpointError, ConfigError, ModelNotFound, OutOfMemory
from .families import ALL_FAMILIES, FAMILIES, Family, ModelConfig
from .families.official_yaml import load as load_yaml
from .request import OnProgress, Progress
from .weights import OfficialStage, WeightReader, assign, shapes_only

StageClass: TypeAlias = Callable[[Any], nn.Module]

STAGES = ("lm", "flow", "vocoder")
_MODEL_SUFFIXES = frozenset({".pt", ".safetensors", ".onnx", ".yaml", ".json", ".txt", ".gz"})


@dataclass(frozen=True)
class Dtypes:
    """What each stage computes in. The vocoder is always float32: its phases are sums over the utterance."""

    lm: torch.dtype = torch.float32
    flow: torch.dtype = torch.float32
    vocoder: torch.dtype = torch.float32


@dataclass(frozen=True)
class ModelFolder:
    """A folder that was recognised, and what its configuration says; no weights are read yet."""

    path: Path
    family: Family
    config: ModelConfig
    compact: bool

    @property
    def stamp(self) -> str:
        """Changes when one of the folder's files does: their names, sizes and times."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and path.suffix in _MODEL_SUFFIXES)
        stats = [(path.relative_to(self.path).as_posix(), path.stat()) for path in files]
        known = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
        return sha256(repr((self.family.name, known)).encode()).hexdigest()


@dataclass(frozen=True)
class Model:
    """The modules of one model, on one device, ready for inference."""

    folder: ModelFolder
    device: torch.device
    stages: Mapping[str, nn.Module]


def open_folder(path: Path) -> ModelFolder:
    """Recognise a model folder. Raises ModelNotFound, ConfigError."""
    if not path.is_dir():
        raise ModelNotFound(f"there is no model folder {path}: check the path")
    if (path / COMPACT_CONFIG).is_file():
        family, config = read_compact_config(path, ALL_FAMILIES)
        return ModelFolder(path, family, config, compact=True)
    for family in FAMILIES:
        if family.path(path, "config").is_file():
            return ModelFolder(path, family, _official_config(family, path), compact=False)
    known = ", ".join(family.files["config"] for family in FAMILIES)
    raise ModelNotFound(f"{path} holds no model that is known here: none of {known}, {COMPACT_CONFIG} is in it")


def load_model(
    folder: ModelFolder, *, device: torch.device, dtypes: Dtypes, on_progress: OnProgress | None = None
) -> Model:
    """All stages of a folder, strictly. Raises CheckpointError, ModelNotFound, OutOfMemory."""
    compact = read_compact(folder.path) if folder.compact else None
    stages: dict[str, nn.Module] = {}
    for index, (role, build) in enumerate(folder.family.stages().items()):
        if on_progress is not None:
            on_progress(Progress(f"load {role}", index, len(STAGES)))
        dtype: torch.dtype = getattr(dtypes, role)
        with shapes_only():
            module = build(getattr(folder.config, role))
        if compact is None:
            weights, source = _official_weights(module, folder.family.path(folder.path, role), dtype)
        else:
            weights, source = compact.stage(role), str(compact.path)
        try:
            placed = {key: weights.pop(key).to(device=device, dtype=dtype) for key in list(weights)}
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(f"{device} has no room for the {role}: close other programs or use the CPU") from error
        assign(module, placed, source)
        stages[role] = module.eval()
    if compact is not None:
        compact.finish()
    if on_progress is not None:
        on_progress(Progress("load", len(STAGES), len(STAGES)))
    return Model(folder, device, stages)


def _official_config(family: Family, path: Path) -> ModelConfig:
    config = load_yaml(family.path(path, "config"))
    if not family.markers & set(_classes(config)):
        raise ConfigError(
            f"{family.path(path, 'config')} describes another model than {family.name}: it names none of "
            f"{', '.join(sorted(family.markers))}; download the folder again"
        )
    backbone = family.path(path, "lm_config")
    try:
        settings = json.loads(backbone.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFound(f"{path} is incomplete: {family.files['lm_config']} is missing; copy it there") from error
    except ValueError as error:
        raise ConfigError(f"{backbone} is damaged ({error}); download it again") from error
    return family.parse(config, settings)


def _classes(node: Any) -> list[str]:
    """Every "class" that a configuration names."""
    if isinstance(node, Mapping):
        own = [node["class"]] if isinstance(node.get("class"), str) else []
        return own + [name for value in node.values() for name in _classes(value)]
    if isinstance(node, list):
        return [name for value in node for name in _classes(value)]
    return []


def _official_weights(module: nn.Module, path: Path, dtype: torch.dtype) -> tuple[dict[str, Tensor], str]:
    assert isinstance(module, OfficialStage)
    reader = WeightReader(_read_state_dict(path), path.name, dtype)
    weights = module.official_weights(reader)
    reader.finish()
    return weights, path.name


def _read_state_dict(path: Path) -> dict[str, Tensor]:
    """A file written by torch.save that holds tensors by name, mapped into memory. Never runs what is in it."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path.parent} is incomplete: {path.name} is missing; copy it there") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors, so it was not opened: it may carry code; download it from its publisher"
        ) from error
    except (RuntimeError, ValueError, OSError, EOFError) as error:
        raise CheckpointError(f"{path} is damaged or cut off ({_first_line(error)}); download it again") from error
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(f"{path} holds no weights by name: it is another kind of file; download it again")
    return content


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
