"""Convolutions over time, trained in torch and written as ONNX: the body of both encoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core.seeded.onnx_writer import Node


@dataclass(frozen=True)
class Layer:
    """A convolution, a batch norm, a rectifier; the input is added where shapes allow and `residual` says so."""

    channels: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    residual: bool = False

    @property
    def padding(self) -> int:
        return (self.kernel - 1) // 2 * self.dilation


class ConvNet(nn.Module):
    def __init__(self, channels: int, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        sizes = [channels, *(layer.channels for layer in layers)]
        self.convs = nn.ModuleList(
            nn.Conv1d(size, layer.channels, layer.kernel, layer.stride, layer.padding, layer.dilation)
            for size, layer in zip(sizes, layers, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(layer.channels) for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T / strides]."""
        for layer, conv, norm in zip(self.layers, self.convs, self.norms, strict=True):
            y = F.relu(norm(conv(x)))
            x = x + y if layer.residual else y
        return x

    def onnx(self, name: str) -> tuple[list[Node], str, dict[str, NDArray[np.float32]]]:
        """Nodes that compute this from the value `name`, their result's name, and their weights, norms folded in."""
        nodes: list[Node] = []
        weights: dict[str, NDArray[np.float32]] = {}
        for index, (layer, conv, norm) in enumerate(zip(self.layers, self.convs, self.norms, strict=True)):
            assert isinstance(conv, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d)
            weight, bias = _folded(conv, norm)
            weights |= {f"w{index}": weight, f"b{index}": bias}
            attributes = {
                "kernel_shape": [layer.kernel],
                "strides": [layer.stride],
                "dilations": [layer.dilation],
                "pads": [layer.padding] * 2,
            }
            nodes.append(Node("Conv", [name, f"w{index}", f"b{index}"], f"c{index}", attributes))
            nodes.append(Node("Relu", [f"c{index}"], f"r{index}"))
            before, name = name, f"r{index}"
            if layer.residual:
                nodes.append(Node("Add", [before, name], f"x{index}"))
                name = f"x{index}"
        return nodes, name, weights


def _folded(conv: nn.Conv1d, norm: nn.BatchNorm1d) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    assert norm.running_var is not None and norm.running_mean is not None and conv.bias is not None
    with torch.no_grad():
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = conv.weight * scale[:, None, None]
        bias = (conv.bias - norm.running_mean) * scale + norm.bias
    return weight.numpy(), bias.numpy()
