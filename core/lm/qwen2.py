"""The Qwen2 decoder (arXiv:2407.10671) over a static key-value cache.

Grouped-query attention, rotary positions, RMS norms, SwiGLU. Queries, keys and values share one
matrix, gate and up another. Modules hold weights only; what a request needs lives in `KVCache`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..linear import linear
from .config import Qwen2Config


class KVCache:
    """Keys and values of `slots` sequences: [layers, slots, kv_heads, capacity, head_dim] each.

    The buffers never move, so that a captured graph stays valid. A slot's first `position` entries
    are its past; what lies behind is never read.
    """

    def __init__(
        self, config: Qwen2Config, slots: int, capacity: int, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        shape = (config.num_hidden_layers, slots, config.num_key_value_heads, capacity, config.head_dim)
        self.keys, self.values = _zeros(shape, device, dtype), _zeros(shape, device, dtype)
        self.capacity = capacity
        self.cos, self.sin = rotary_table(config, capacity, device, dtype)

    def move(self, source: int, target: int, length: int) -> None:
        """The first `length` entries of one slot become another's."""
        for buffer in (self.keys, self.values):
            buffer[:, target, :, :length] = buffer[:, source, :, :length]


def _zeros(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    """As `torch.zeros`; on a CPU no memory is taken before it is written to."""
    if device.type != "cpu":
        return torch.zeros(shape, device=device, dtype=dtype)
    size = torch.Size(shape).numel() * dtype.itemsize
    return torch.from_numpy(np.zeros(size, np.uint8)).view(dtype).view(shape)


def rotary_table(
    config: Qwen2Config, positions: int, device: torch.device, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """cos and sin of every position's angles, [positions, head_dim] each; angles in float32 as in training."""
    exponent = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    angles = torch.arange(positions, dtype=torch.float32, device=device)[:, None] / config.rope_theta**exponent
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Linear(nn.Linear):
    """A linear layer that is also fast for the few rows of a decoding step.

    What such a step costs is reading the weights. On a CPU in float32 a wide matrix that meets two or four
    columns, each of which lies in one piece, is read at the memory's speed, and at half of it by other ways.
    Same sums, to rounding.
    """

    _FEW = 4

    def forward(self, x: Tensor) -> Tensor:
        rows = x.numel() // self.in_features
        wide = self.out_features >= self.in_features
        if x.device.type != "cpu" or x.dtype != torch.float32 or not (wide and 2 <= rows <= self._FEW):
            return linear(x, self.weight, self.bias)
        columns = F.pad(x.reshape(rows, -1), (0, 0, 0, rows % 2)).contiguous()
        product = torch.mm(self.weight, columns.T)[:, :rows].T.contiguous()
        if self.bias is not None:
            product = product + self.bias
        return product.reshape(*x.shape[:-1], self.out_features)


@dataclass(frozen=True)
class Place:
    """Where the rows of a decoding step stand: the same for all layers.

    rows, positions: [B] int64; row b of the step is at positions[b] of the b-th of `slots`. context: how much of
    the cache is read. mask: [B, 1, 1, context] bool or None; cos, sin: [B, 1, 1, head_dim], of the positions.
    """

    slots: slice
    rows: Tensor
    positions: Tensor
    context: int
    mask: Tensor | None
    cos: Tensor
    sin: Tensor


class Attention(nn.Module):
    def __init__(self, config: Qwen2Config) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        )
        self.qkv = Linear(config.hidden_size, (self.heads + 2 * self.kv_heads) * self.head_dim)
        self.out = Linear(self.heads * self.head_dim, config.hidden_size, bias=False)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries [B, H, T, D] and keys [B, K, T, D], and values [B, K, T, D]."""
        batch, steps, _ = x.shape
        qkv = self.qkv(x).view(batch, steps, -1, self.head_dim).transpose(1, 2)
        rotated = _rotate(qkv[:, : self.heads + self.kv_heads], cos, sin)
        return rotated[:, : self.heads], rotated[:, self.heads :], qkv[:, self.heads + self.kv_heads :]

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x [B, T, C], whole sequences; cos and sin [T, head_dim]."""
        q, k, v = self.project(x, cos, sin)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(attended.transpose(1, 2).flatten(2))

    def prefill(self, x: Tensor, cache: KVCache, layer: int, slot: int, start: int) -> Tensor:
        """x [1, T, C] at positions start … start + T of one slot."""
        steps, stop = x.shape[1], start + x.shape[1]
        q, k, v = self.project(x, cache.cos[start:stop], cache.sin[start:stop])
        keys, values = cache.keys[layer, slot : slot + 1], cache.values[layer, slot : slot + 1]
        keys[:, :, start:stop] = k
        values[:, :, start:stop] = v
        group = self.heads // self.kv_heads
        mask = None
        if start:
            mask = torch.ones(steps, stop, dtype=torch.bool, device=x.device).tril(start)
        attended = F.scaled_dot_product_attention(
            q,
            keys[:, :, :stop].repeat_interleave(group, dim=1),
            values[:, :, :stop].repeat_interleave(group, dim=1),
            attn_mask=mask,
            is_causal=mask is None,
        )
        return self.out(attended.transpose(1, 2).reshape(1, steps, -1))

    def step(self, x: Tensor, cache: KVCache, layer: int, place: Place) -> Tensor:
        """x [B, 1, C] at `place`."""
        q, k, v = self.project(x, place.cos, place.sin)
        keys, values = cache.keys[layer, place.slots], cache.values[layer, place.slots]
        keys[place.rows, :, place.positions] = k[:, :, 0]
        values[place.rows, :, place.positions] = v[:, :, 0]
        keys, values = keys[:, :, : place.context], values[:, :, : place.context]
        # The queries that share a key head stand in for its sequence: no copy of keys, no causality.
        q = q.view(len(x), self.kv_heads, -1, self.head_dim)
        attended = F.scaled_dot_product_attention(q, keys, values, attn_mask=place.mask)
        return self.out(attended.reshape(len(x), 1, -1))


class Layer(nn.Module):
    def __init__(self, config: Qwen2Config) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.attention = Attention(config)
        self.mlp_norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.gate_up = Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down = Linear(config.intermediate_size, config.hidden_size, bias=False)

    def mlp(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Qwen2Decoder(nn.Module):
    """Embeddings in, normalised hidden states out."""

    def __init__(self, config: Qwen2Config) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Whole sequences x [B, T, C] -> [B, T, C], without a cache: for training and scoring."""
        cos, sin = rotary_table(self.config, x.shape[1], x.device, x.dtype)
        for layer in self.layers:
            assert isinstance(layer, Layer)
            x = x + layer.attention(layer.attention_norm(x), cos, sin)
            x = x + layer.mlp(x)
        return self.norm(x)

    def prefill(self, x: Tensor, cache: KVCache, *, slot: int = 0, start: int = 0) -> Tensor:
        """Feed x [1, T, C] to one slot whose past is `start` long; hidden states [1, T, C]."""
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            x = x + layer.attention.prefill(layer.attention_norm(x), cache, index, slot, start)
            x = x + layer.mlp(x)
        return self.norm(x)

    def step(
        self, x: Tensor, cache: KVCache, slots: slice, positions: Tensor, context: int, *, padded: bool = False
    ) -> Tensor:
        """Feed one position to each of B neighbouring slots: x [B, 1, C], positions [B] int64 -> [B, 1, C].

        context: how much of the cache is read; at least the largest position + 1, exactly that when
        B is 1, unless `padded`: so may a step be whose context is fixed before its positions are known.
        """
        mask = None
        if padded or len(x) > 1:
            mask = (torch.arange(context, device=x.device) <= positions[:, None])[:, None, None]
        cos, sin = cache.cos[positions][:, None, None], cache.sin[positions][:, None, None]
        place = Place(slots, torch.arange(len(x), device=x.device), positions, context, mask, cos, sin)
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            x = x + layer.attention.step(layer.attention_norm(x), cache, index, place)
            x = x + layer.mlp(x)
        return self.norm(x)
