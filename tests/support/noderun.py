"""Runs one node as ComfyUI does, and checks what it gives against its schema."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from audio_rules import check_audio
from comfy_execution.graph_utils import ExecutionBlocker


@dataclass
class Ran:
    """outputs: by name. shown: what the node shows of itself."""

    outputs: dict[str, Any]
    shown: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]


class _Locked(type):
    """ComfyUI runs a copy of the class that cannot keep anything."""

    def __setattr__(cls, name: str, value: Any) -> None:
        raise AttributeError(f"Cannot modify class attribute {name!r} on locked class")


def run(node: Any, **inputs: Any) -> Ran:
    """Inputs as a graph gives them: what is not given is not passed. Raises what the node does."""
    schema = node.define_schema()
    _check_inputs(schema, inputs)
    hidden = SimpleNamespace(**dict.fromkeys(("prompt", "extra_pnginfo", "unique_id")))
    for one in schema.hidden:
        setattr(hidden, one.name, "7" if one.name == "unique_id" else {})
    locked = _Locked(node.__name__, (node,), {"hidden": hidden})
    before = _random_state()
    with torch.inference_mode():
        made = locked.execute(**inputs)
    assert _random_state() == before, "the random numbers of the whole process were touched"
    assert len(made.args) == len(schema.outputs)
    outputs = {output.id: value for output, value in zip(schema.outputs, made.args, strict=True)}
    for output in schema.outputs:
        _check_output(output, outputs[output.id])
    shown = made.ui or {}
    assert all(isinstance(value, (list, tuple)) for value in shown.values())
    json.dumps(shown)
    return Ran(outputs, shown)


def fingerprint(node: Any, **inputs: Any) -> Any:
    """What ComfyUI compares to know whether a node must run again."""
    return node.fingerprint_inputs(**inputs)


def _check_inputs(schema: Any, inputs: dict[str, Any]) -> None:
    known = {one.id: one for one in schema.inputs}
    assert not inputs.keys() - known.keys(), "an input that the schema does not have"
    for one in known.values():
        assert one.optional or one.id in inputs, f"required input is missing: {one.id}"
        value = inputs.get(one.id)
        if one.type == "COMBO" and one.id in inputs:
            assert value in one.options["options"], f"value not in list: {one.id}: {value!r}"
        if one.type in ("INT", "FLOAT") and one.id in inputs:
            assert one.options["min"] <= value <= one.options["max"], one.id


def _check_output(output: Any, value: Any) -> None:
    if output.is_output_list:
        assert isinstance(value, list)
    for item in value if output.is_output_list else [value]:
        if isinstance(item, ExecutionBlocker):
            continue
        if output.type == "AUDIO":
            check_audio(item)
        elif output.type == "STRING":
            assert isinstance(item, str)
        elif output.type == "IMAGE":
            assert item.ndim == 4 and item.shape[-1] == 3 and item.dtype == torch.float32
            assert item.min() >= 0.0 and item.max() <= 1.0


def _random_state() -> tuple[Any, ...]:
    return torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())
