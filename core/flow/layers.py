"""What encoder and estimator share. Everything here works on [B, T, C]: a frame is a row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..linear import linear
from ..weights import WeightReader
from .carry import Remembering


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

    def forward(self, x: Tensor, carry: Remembering | None = None) -> Tensor:
        """x [B, T, in], silence before it or what `carry` kept -> [B, T, out]."""
        batch, frames, channels = x.shape
        before = None if carry is None else carry.tail(self, x, self.kernel - 1)
        windows = x.new_empty(batch, frames, self.kernel, channels)
        for tap in range(self.kernel):
            late = min(self.kernel - 1 - tap, frames)
            windows[:, :late, tap] = 0.0 if before is None else before[:, tap : tap + late]
            windows[:, late:, tap] = x[:, : frames - late]
        return linear(windows.flatten(2), self.weight, self.bias)


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


_SCORES = 2**21  # elements that are worth computing at once: beyond, they leave a CPU's cache


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Attention of q, k, v [B, H, T, D] under a mask as `attention_mask` -> [B, H, T, D].

    A CPU's fused kernel computes bfloat16 in float32; plain products of a few heads at a time use its
    bfloat16 units and are half again as fast.
    """
    if mask is not None or q.device.type != "cpu" or q.dtype == torch.float32:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    batch, heads, frames, size = q.shape
    q, k, v = (part.reshape(batch * heads, frames, size) for part in (q * size**-0.5, k, v))
    out = torch.empty_like(q)
    step = max(1, _SCORES // frames**2)
    for first in range(0, batch * heads, step):
        some = slice(first, first + step)
        out[some] = torch.bmm(torch.bmm(q[some], k[some].transpose(1, 2)).softmax(-1), v[some])
    return out.view(batch, heads, frames, size)
