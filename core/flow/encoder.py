"""The upsampling conformer encoder: speech tokens at 25 Hz to mel-rate features.

Convolution with look-ahead, conformer blocks, doubling of the frame rate, conformer blocks; all
attention with relative positions (Transformer-XL, arXiv:1901.02860, appendix B).
"""

from __future__ import annotations

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..linear import Linear
from ..weights import WeightReader
from .carry import Carry
from .config import EncoderConfig
from .layers import CausalConv, attention_mask, prefixed, take_affine, take_conv

_UP_KERNEL_PER_RATIO = 2  # the convolution behind the upsampling has ratio * this + 1 taps


def relative_positions(frames: int, before: int, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Sinusoids of the distances P+T-1 … -(T-1) from T queries to as many keys and P before: [P + 2T - 1, size]."""
    distance = torch.arange(before + frames - 1, -frames, -1, dtype=torch.float32, device=device)[:, None]
    rate = torch.exp(torch.arange(0, size, 2, dtype=torch.float32, device=device) * -(9.210340371976184 / size))
    return torch.stack((torch.sin(distance * rate), torch.cos(distance * rate)), dim=-1).flatten(1).to(dtype)


class RelativeAttention(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, size // heads
        self.qkv = Linear(size, 3 * size)
        self.out = Linear(size, size)
        self.position = Linear(size, size, bias=False)
        self.content_bias = nn.Parameter(torch.empty(heads, self.head_dim))
        self.position_bias = nn.Parameter(torch.empty(heads, self.head_dim))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None, carry: Carry | None) -> Tensor:
        """x [B, T, C], positions as `relative_positions`."""
        batch, frames, size = x.shape
        q, k, v = self.qkv(x).view(batch, frames, 3, self.heads, self.head_dim).unbind(2)
        k, v = k.transpose(1, 2), v.transpose(1, 2)
        distances = self.position(positions).view(1, -1, self.heads, self.head_dim).permute(0, 2, 3, 1)
        raw = torch.matmul((q + self.position_bias).transpose(1, 2), distances).contiguous()
        # Row i of `raw` starts at distance P+T-1; that of key j is P+i-j: each row reads one further left.
        keys = raw.shape[-1] - frames + 1
        strides = (*raw.stride()[:2], raw.shape[-1] - 1, 1)
        bias = raw.as_strided((batch, self.heads, frames, keys), strides, raw.storage_offset() + frames - 1)
        bias = bias / sqrt(self.head_dim)
        q = (q + self.content_bias).transpose(1, 2)
        if carry is not None:
            attended = carry.attend(self, q, k, v, mask, bias)
        else:
            if mask is not None:
                bias = bias.masked_fill(~mask, float("-inf"))
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.out(attended.transpose(1, 2).reshape(batch, frames, size))


class ConformerBlock(nn.Module):
    """Attention and feed-forward, both with norms in front; the released models use no convolution here."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.size, eps=1e-12)
        self.attention = RelativeAttention(config.size, config.heads)
        self.ff_norm = nn.LayerNorm(config.size, eps=1e-12)
        self.ff_in = Linear(config.size, config.ff_size)
        self.ff_out = Linear(config.ff_size, config.size)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None, carry: Carry | None) -> Tensor:
        x = self.attention(self.attention_norm(x), positions, mask, carry).add_(x)
        return self.ff_out(F.silu(self.ff_in(self.ff_norm(x)))).add_(x)


class Embed(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = Linear(size, size)
        self.norm = nn.LayerNorm(size)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x)) * sqrt(x.shape[-1])


class UpsampleConformer(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        size = config.size
        self.embed = Embed(size)
        self.lookahead_in = CausalConv(size, size, config.lookahead + 1)
        self.lookahead_out = CausalConv(size, size, 3)
        self.blocks = nn.ModuleList(ConformerBlock(config) for _ in range(config.blocks))
        self.up_conv = CausalConv(size, size, _UP_KERNEL_PER_RATIO * config.up_ratio + 1)
        self.up_embed = Embed(size)
        self.up_blocks = nn.ModuleList(ConformerBlock(config) for _ in range(config.up_blocks))
        self.norm = nn.LayerNorm(size)

    def forward(
        self,
        x: Tensor,
        *,
        lengths: Tensor | None = None,
        chunked: bool = False,
        final: bool = True,
        carry: Carry | None = None,
    ) -> Tensor:
        """x [B, N, C] -> [B, ratio * M, C].

        final: the tokens end here, M = N. Otherwise the last `lookahead` tokens are only looked at,
        M = N - lookahead. lengths: [B] valid tokens of a ragged batch. chunked: the streaming mask.
        carry: of whole chunks that came before x; takes in the M tokens that were answered for.
        """
        config = self.config
        x = self.embed(x)
        if lengths is not None:  # what follows the end must be silence to the look-ahead
            x = x * (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[:, :, None]
        ahead = F.pad(x, (0, 0, 0, config.lookahead)) if final else x
        x = x if final else x[:, : -config.lookahead]
        # Causal, but told `lookahead` tokens late: its first outputs saw no token that they answer for.
        seen = self.lookahead_in(ahead)[:, config.lookahead :]
        x = x + self.lookahead_out(F.leaky_relu(seen), carry)

        before = 0 if carry is None else carry.frames
        if carry is not None:
            carry.frames += x.shape[1]
        mask = attention_mask(x.shape[1], lengths, config.chunk if chunked else 0, x.device)
        x = self._run(self.blocks, x, before, mask, carry)
        x = x.repeat_interleave(config.up_ratio, dim=1)
        x = self.up_embed(self.up_conv(x, carry))
        lengths = None if lengths is None else lengths * config.up_ratio
        mask = attention_mask(x.shape[1], lengths, config.chunk * config.up_ratio if chunked else 0, x.device)
        return self.norm(self._run(self.up_blocks, x, before * config.up_ratio, mask, carry))

    @staticmethod
    def _run(blocks: nn.ModuleList, x: Tensor, before: int, mask: Tensor | None, carry: Carry | None) -> Tensor:
        positions = relative_positions(x.shape[1], before, x.shape[2], x.device, x.dtype)
        for block in blocks:
            x = block(x, positions, mask, carry)
        return x

    def official_weights(self, reader: WeightReader, prefix: str) -> dict[str, Tensor]:
        """State dict from the keys below `prefix`."""
        config, size = self.config, self.config.size
        kernel = _UP_KERNEL_PER_RATIO * config.up_ratio + 1
        ahead = f"{prefix}.pre_lookahead_layer"
        weights = {
            **prefixed("embed.linear", take_affine(reader, f"{prefix}.embed.out.0", size, size)),
            **prefixed("embed.norm", take_affine(reader, f"{prefix}.embed.out.1", size)),
            **prefixed("lookahead_in", take_conv(reader, f"{ahead}.conv1", size, size, config.lookahead + 1)),
            **prefixed("lookahead_out", take_conv(reader, f"{ahead}.conv2", size, size, 3)),
            **prefixed("up_conv", take_conv(reader, f"{prefix}.up_layer.conv", size, size, kernel)),
            **prefixed("up_embed.linear", take_affine(reader, f"{prefix}.up_embed.out.0", size, size)),
            **prefixed("up_embed.norm", take_affine(reader, f"{prefix}.up_embed.out.1", size)),
            **prefixed("norm", take_affine(reader, f"{prefix}.after_norm", size)),
        }
        stacks = (("blocks", "encoders", config.blocks), ("up_blocks", "up_encoders", config.up_blocks))
        for ours, official, count in stacks:
            for index in range(count):
                block = _official_block(reader, f"{prefix}.{official}.{index}", config)
                weights |= prefixed(f"{ours}.{index}", block)
        return weights


def _official_block(reader: WeightReader, prefix: str, config: EncoderConfig) -> dict[str, Tensor]:
    size, heads = config.size, config.heads
    attention = f"{prefix}.self_attn"
    parts = [take_affine(reader, f"{attention}.linear_{part}", size, size) for part in "qkv"]
    return {
        "attention.qkv.weight": torch.cat([part["weight"] for part in parts]),
        "attention.qkv.bias": torch.cat([part["bias"] for part in parts]),
        **prefixed("attention.out", take_affine(reader, f"{attention}.linear_out", size, size)),
        "attention.position.weight": reader.take(f"{attention}.linear_pos.weight", size, size),
        "attention.content_bias": reader.take(f"{attention}.pos_bias_u", heads, size // heads),
        "attention.position_bias": reader.take(f"{attention}.pos_bias_v", heads, size // heads),
        **prefixed("attention_norm", take_affine(reader, f"{prefix}.norm_mha", size)),
        **prefixed("ff_norm", take_affine(reader, f"{prefix}.norm_ff", size)),
        **prefixed("ff_in", take_affine(reader, f"{prefix}.feed_forward.w_1", config.ff_size, size)),
        **prefixed("ff_out", take_affine(reader, f"{prefix}.feed_forward.w_2", size, config.ff_size)),
    }
