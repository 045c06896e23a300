"""Writes ONNX files without the `onnx` package: the few messages of onnx.proto that a small graph needs.

Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the encoding is
https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Dimension: TypeAlias = "int | str"  # a string names a dimension whose size is not fixed

IR_VERSION = 6
OPSET = 11
_ELEMENT_TYPES = {"float32": 1, "int32": 6, "int64": 7, "float16": 10}
_INT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 7


@dataclass(frozen=True)
class Value:
    """An input or output of a graph. dtype: "float32" or "int32"."""

    name: str
    dtype: str
    shape: Sequence[Dimension]

    def message(self) -> bytes:
        dimensions = (_int(1, size) if isinstance(size, int) else _text(2, size) for size in self.shape)
        shape = b"".join(_bytes(1, dimension) for dimension in dimensions)
        tensor_type = _int(1, _ELEMENT_TYPES[self.dtype]) + _bytes(2, shape)
        return _text(1, self.name) + _bytes(2, _bytes(1, tensor_type))


@dataclass(frozen=True)
class Node:
    """One operator: `attributes` are whole numbers, or lists of them."""

    operator: str
    inputs: Sequence[str]
    output: str
    attributes: Mapping[str, int | Sequence[int]] = field(default_factory=dict)

    def message(self) -> bytes:
        names = b"".join(_text(1, name) for name in self.inputs) + _text(2, self.output)
        return (
            names + _text(4, self.operator) + b"".join(_bytes(5, _attribute(*item)) for item in self.attributes.items())
        )


def onnx_model(
    name: str,
    inputs: Sequence[Value],
    output: Value,
    nodes: Sequence[Node],
    constants: Mapping[str, NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int64]],
) -> bytes:
    """The content of an ONNX file: `nodes` in the order they run, `constants` by the names they use."""
    graph = b"".join(_bytes(1, node.message()) for node in nodes) + _text(2, name)
    graph += b"".join(_bytes(5, _tensor(*item)) for item in constants.items())
    graph += b"".join(_bytes(11, value.message()) for value in inputs) + _bytes(12, output.message())
    return _int(1, IR_VERSION) + _text(2, "cosyvox") + _bytes(7, graph) + _bytes(8, _int(2, OPSET))


def _tensor(name: str, array: NDArray[np.generic]) -> bytes:
    dimensions = b"".join(_int(1, size) for size in array.shape)
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return dimensions + _int(2, _ELEMENT_TYPES[array.dtype.name]) + _text(8, name) + _bytes(9, content)


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, _INT_ATTRIBUTE)
    return _text(1, name) + b"".join(_int(8, item) for item in value) + _int(20, _INTS_ATTRIBUTE)


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode("utf-8"))


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
