"""What encoder and estimator share. Everything here works on [B, T, C]: a frame is a row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..weights import WeightReader


class CausalConv(nn.Module):
    """A convolution that sees a frame and the `kernel - 1` frames before it, as one matrix product.

    The weight is [out, kernel * in], taps side by side: frames that lie side by side in memory then
    meet it as they are, and no transposition to channels-first is needed anywhere.
    """

    def __init__(self, channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.weight = nn.Parameter(torch.empty(out_channels, kernel * channels))
        self.bias = nn.Parameter(torch.empty(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """x [B, T, in], silence before it -> [B, T, out]."""
        batch, frames, channels = x.shape
        windows = x.new_empty(batch, frames, self.kernel, channels)
        for tap in range(self.kernel):
            late = min(self.kernel - 1 - tap, frames)
            windows[:, :late, tap] = 0.0
            windows[:, late:, tap] = x[:, : frames - late]
        return F.linear(windows.flatten(2), self.weight, self.bias)


def take_conv(reader: WeightReader, name: str, out_channels: int, channels: int, kernel: int) -> dict[str, Tensor]:
    """An official Conv1d as the state of a CausalConv."""
    weight = reader.take(f"{name}.weight", out_channels, channels, kernel)
    return {
        "weight": weight.transpose(1, 2).reshape(out_channels, kernel * channels),
        "bias": reader.take(f"{name}.bias", out_channels),
    }


def take_affine(reader: WeightReader, name: str, *shape: int) -> dict[str, Tensor]:
    """An official Linear or LayerNorm with bias; `shape` is the weight's."""
    return {"weight": reader.take(f"{name}.weight", *shape), "bias": reader.take(f"{name}.bias", shape[0])}


def prefixed(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{key}": tensor for key, tensor in weights.items()}


def chunk_mask(frames: int, chunk: int, device: torch.device) -> Tensor:
    """[T, T] bool: a frame attends to its own chunk and all before it (arXiv:2412.10117, section 2.4)."""
    index = torch.arange(frames, device=device) // chunk
    return index[:, None] >= index[None, :]


def attention_mask(frames: int, lengths: Tensor | None, chunk: int, device: torch.device) -> Tensor | None:
    """What may be attended to: [T, T] or [B, 1, 1 or T, T] bool; None where everything may.

    lengths: [B] valid frames per row, None if all are. chunk: 0 attends to the whole utterance.
    """
    mask = chunk_mask(frames, chunk, device) if chunk and chunk < frames else None
    if lengths is None:
        return mask
    valid = (torch.arange(frames, device=device) < lengths[:, None])[:, None, None]
    return valid if mask is None else valid & mask
