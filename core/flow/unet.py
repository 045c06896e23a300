"""The causal UNet that estimates the flow: noisy mel, features, speaker, prompt and time in; velocity out.

One resolution, so the only skip joins the first block to the last. Every convolution is causal and
every norm is over a frame's own channels: with the chunk mask nothing depends on what follows.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..linear import Linear
from ..weights import WeightReader
from .carry import Remembering
from .config import UNetConfig
from .layers import CausalConv, attend, attention_mask, prefixed, take_affine, take_conv

_KERNEL = 3
_TIME_SCALE = 1000.0


class ConvBlock(nn.Module):
    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = CausalConv(channels, out_channels, _KERNEL)
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, x: Tensor, carry: Remembering | None = None) -> Tensor:
        return F.mish(self.norm(self.conv(x, carry)))


class ResBlock(nn.Module):
    def __init__(self, channels: int, out_channels: int, time_size: int) -> None:
        super().__init__()
        self.time = Linear(time_size, out_channels)
        self.block1 = ConvBlock(channels, out_channels)
        self.block2 = ConvBlock(out_channels, out_channels)
        self.skip = Linear(channels, out_channels)

    def forward(self, x: Tensor, shift: Tensor, carry: Remembering | None = None) -> Tensor:
        """x [B, T, C]; shift [C']: what the time adds between the two convolutions."""
        return self.block2(self.block1(x, carry) + shift, carry).add_(self.skip(x))


class TransformerBlock(nn.Module):
    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        size, inner = config.channels, config.heads * config.head_dim
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(size)
        self.qkv = Linear(size, 3 * inner, bias=False)
        self.out = Linear(inner, size)
        self.ff_norm = nn.LayerNorm(size)
        self.ff_in = Linear(size, config.ff_mult * size)
        self.ff_out = Linear(config.ff_mult * size, size)

    def forward(self, x: Tensor, mask: Tensor | None, carry: Remembering | None = None) -> Tensor:
        batch, frames, _ = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, frames, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended = attend(q, k, v, mask) if carry is None else carry.attend(self, q, k, v, mask)
        x = self.out(attended.transpose(1, 2).reshape(batch, frames, -1)).add_(x)
        return self.ff_out(F.gelu(self.ff_in(self.ff_norm(x)))).add_(x)


class Block(nn.Module):
    """A residual convolution and its transformers."""

    def __init__(self, channels: int, config: UNetConfig) -> None:
        super().__init__()
        self.resnet = ResBlock(channels, config.channels, 4 * config.channels)
        self.transformers = nn.ModuleList(TransformerBlock(config) for _ in range(config.transformers))

    def forward(self, x: Tensor, shift: Tensor, mask: Tensor | None, carry: Remembering | None = None) -> Tensor:
        x = self.resnet(x, shift, carry)
        for transformer in self.transformers:
            x = transformer(x, mask, carry)
        return x


class UNet(nn.Module):
    """mel_bins: channels of the mel; the input has four times as many (x, mu, speaker, prompt)."""

    def __init__(self, config: UNetConfig, mel_bins: int) -> None:
        super().__init__()
        self.config, self.in_channels, self.mel_bins = config, 4 * mel_bins, mel_bins
        size = config.channels
        self.time_in = Linear(self.in_channels, 4 * size)
        self.time_out = Linear(4 * size, 4 * size)
        self.down = Block(self.in_channels, config)
        self.down_conv = CausalConv(size, size, _KERNEL)
        self.mid = nn.ModuleList(Block(size, config) for _ in range(config.mid_blocks))
        self.up = Block(2 * size, config)
        self.up_conv = CausalConv(size, size, _KERNEL)
        self.final = ConvBlock(size, size)
        self.out = Linear(size, mel_bins)

    def _blocks(self) -> list[nn.Module]:
        return [self.down, *self.mid, self.up]

    def time_shifts(self, times: Tensor) -> Tensor:
        """What each time in times [S] adds in each block: [S, blocks, C].

        The times of a solver are known before it starts, so this is computed once, not in each step.
        """
        half = self.in_channels // 2
        index = torch.arange(half, dtype=torch.float32, device=times.device)
        rate = torch.exp(index * -(math.log(10_000) / (half - 1)))
        angle = _TIME_SCALE * times.float()[:, None] * rate
        embedding = torch.cat((angle.sin(), angle.cos()), dim=-1).to(self.time_in.weight.dtype)
        hidden = F.mish(self.time_out(F.silu(self.time_in(embedding))))
        return torch.stack([block.resnet.time(hidden) for block in self._blocks()], dim=1)  # type: ignore[operator,union-attr]

    def forward(self, x: Tensor, shifts: Tensor, mask: Tensor | None, carry: Remembering | None = None) -> Tensor:
        """x [B, T, 4 * mel_bins], shifts [blocks, C] of one time, mask as `attention_mask` -> [B, T, mel_bins].

        carry: of what came before x at this very time; mask is that of x alone then.
        """
        skip = self.down(x, shifts[0], mask, carry)
        x = self.down_conv(skip, carry)
        for block, shift in zip(self.mid, shifts[1:-1], strict=True):
            x = block(x, shift, mask, carry)
        x = self.up(torch.cat((x, skip), dim=-1), shifts[-1], mask, carry)
        x = self.up_conv(x, carry)
        return self.out(self.final(x, carry))

    def mask(self, frames: int, lengths: Tensor | None, chunked: bool, device: torch.device) -> Tensor | None:
        return attention_mask(frames, lengths, self.config.chunk if chunked else 0, device)

    def official_weights(self, reader: WeightReader, prefix: str) -> dict[str, Tensor]:
        """State dict from the keys below `prefix`."""
        size, channels = self.config.channels, self.in_channels
        weights = {
            **prefixed("time_in", take_affine(reader, f"{prefix}.time_mlp.linear_1", 4 * size, channels)),
            **prefixed("time_out", take_affine(reader, f"{prefix}.time_mlp.linear_2", 4 * size, 4 * size)),
            **prefixed("down", self._official_block(reader, f"{prefix}.down_blocks.0", channels)),
            **prefixed("down_conv", take_conv(reader, f"{prefix}.down_blocks.0.2", size, size, _KERNEL)),
            **prefixed("up", self._official_block(reader, f"{prefix}.up_blocks.0", 2 * size)),
            **prefixed("up_conv", take_conv(reader, f"{prefix}.up_blocks.0.2", size, size, _KERNEL)),
            **prefixed("final", _official_conv_block(reader, f"{prefix}.final_block", size, size)),
            "out.weight": reader.take(f"{prefix}.final_proj.weight", self.mel_bins, size, 1).squeeze(-1),
            "out.bias": reader.take(f"{prefix}.final_proj.bias", self.mel_bins),
        }
        for index in range(self.config.mid_blocks):
            weights |= prefixed(f"mid.{index}", self._official_block(reader, f"{prefix}.mid_blocks.{index}", size))
        return weights

    def _official_block(self, reader: WeightReader, prefix: str, channels: int) -> dict[str, Tensor]:
        size, resnet = self.config.channels, f"{prefix}.0"
        weights = {
            **prefixed("resnet.time", take_affine(reader, f"{resnet}.mlp.1", size, 4 * size)),
            **prefixed("resnet.block1", _official_conv_block(reader, f"{resnet}.block1", size, channels)),
            **prefixed("resnet.block2", _official_conv_block(reader, f"{resnet}.block2", size, size)),
            "resnet.skip.weight": reader.take(f"{resnet}.res_conv.weight", size, channels, 1).squeeze(-1),
            "resnet.skip.bias": reader.take(f"{resnet}.res_conv.bias", size),
        }
        for index in range(self.config.transformers):
            block = _official_transformer(reader, f"{prefix}.1.{index}", self.config)
            weights |= prefixed(f"transformers.{index}", block)
        return weights


def _official_conv_block(reader: WeightReader, prefix: str, out_channels: int, channels: int) -> dict[str, Tensor]:
    return {
        **prefixed("conv", take_conv(reader, f"{prefix}.block.0", out_channels, channels, _KERNEL)),
        **prefixed("norm", take_affine(reader, f"{prefix}.block.2", out_channels)),
    }


def _official_transformer(reader: WeightReader, prefix: str, config: UNetConfig) -> dict[str, Tensor]:
    size, inner, hidden = config.channels, config.heads * config.head_dim, config.ff_mult * config.channels
    return {
        **prefixed("attention_norm", take_affine(reader, f"{prefix}.norm1", size)),
        "qkv.weight": torch.cat([reader.take(f"{prefix}.attn1.to_{part}.weight", inner, size) for part in "qkv"]),
        **prefixed("out", take_affine(reader, f"{prefix}.attn1.to_out.0", size, inner)),
        **prefixed("ff_norm", take_affine(reader, f"{prefix}.norm3", size)),
        **prefixed("ff_in", take_affine(reader, f"{prefix}.ff.net.0.proj", hidden, size)),
        **prefixed("ff_out", take_affine(reader, f"{prefix}.ff.net.2", size, hidden)),
    }
