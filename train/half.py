"""ONNX weights at half precision on disk, at single precision when they compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.seeded.onnx_writer import Node

_FLOAT = 1  # as ONNX numbers its types
_WORTHWHILE = 256  # elements


def halved(nodes: Sequence[Node], constants: Mapping[str, NDArray[Any]]) -> tuple[list[Node], dict[str, NDArray[Any]]]:
    """The same graph, its larger weights stored as float16 and cast before they are used (once, when it is opened)."""
    casts: list[Node] = []
    stored: dict[str, NDArray[Any]] = {}
    for name, values in constants.items():
        if values.dtype == np.float32 and values.size >= _WORTHWHILE:
            casts.append(Node("Cast", [f"{name}_half"], name, {"to": _FLOAT}))
            stored[f"{name}_half"] = values.astype(np.float16)
        else:
            stored[name] = values
    return [*casts, *nodes], stored
