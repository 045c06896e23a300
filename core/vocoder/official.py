"""The official `hift.pt`, turned into our weights: weight norm folded, Snake's factors moved into convolutions."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from ..weights import WeightReader
from .config import HiFTConfig
from .f0 import KERNEL as F0_KERNEL
from .f0 import LAYERS as F0_LAYERS
from .generator import END_KERNEL

SMALLEST_ALPHA = 1e-6  # below it Snake is the identity to float32, and 1 / alpha would overflow


def official_weights(config: HiFTConfig, reader: WeightReader) -> dict[str, Tensor]:
    """The state dict of `HiFT(config)`. Raises CheckpointError."""
    converter = _Converter(config, reader)
    converter.ends()
    converter.f0_predictor()
    for index in range(len(config.upsample_rates)):
        converter.stage(index)
    return converter.weights


class _Converter:
    def __init__(self, config: HiFTConfig, reader: WeightReader) -> None:
        self.config, self.reader = config, reader
        # As the trainer saves it; the official loader strips this prefix, so that files come with and without.
        self.prefix = "generator." if "generator.conv_pre.bias" in reader else ""
        self.weights: dict[str, Tensor] = {}

    def ends(self) -> None:
        config = self.config
        last = config.channels >> len(config.upsample_rates)
        self.plain("harmonic_source.merge", "m_source.l_linear", 1, config.harmonics + 1)
        self.normed("generator.pre", "conv_pre", config.channels, config.mel_bins, END_KERNEL)
        self.normed("generator.post", "conv_post", config.n_fft + 2, last, END_KERNEL)

    def f0_predictor(self) -> None:
        config = self.config
        for layer in range(F0_LAYERS):
            size = config.f0_channels if layer else config.mel_bins
            theirs = f"f0_predictor.condnet.{2 * layer}"  # an activation stands between two convolutions
            self.normed(f"f0_predictor.convs.{layer}", theirs, config.f0_channels, size, F0_KERNEL)
        self.plain("f0_predictor.head", "f0_predictor.classifier", 1, config.f0_channels)

    def stage(self, index: int) -> None:
        config, ours = self.config, f"generator.stages.{index}"
        channels = config.channels >> index + 1
        up = self.norm_folded(f"ups.{index}", 2 * channels, channels, config.upsample_kernels[index])
        self.put(f"{ours}.up", up, self.take(f"ups.{index}.bias", channels))
        stride = prod(config.upsample_rates[index + 1 :])
        kernel = 2 * stride if stride > 1 else 1
        self.plain(f"{ours}.source_down", f"source_downs.{index}", channels, config.n_fft + 2, kernel)
        source = config.source_kernels[index], config.source_dilations[index]
        self.resblock(f"{ours}.source_block", f"source_resblocks.{index}", channels, *source)
        blocks = list(zip(config.resblock_kernels, config.resblock_dilations, strict=True))
        for number, block in enumerate(blocks):
            theirs = f"resblocks.{index * len(blocks) + number}"
            self.resblock(f"{ours}.blocks.{number}", theirs, channels, *block)

    def resblock(self, ours: str, theirs: str, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        """Snake is x + sin²(ax) / a = (y + sin²(y)) / a with y = ax: its factors commute into its neighbours."""
        alphas = []
        for pair in range(len(dilations)):
            first = self.alpha(f"{theirs}.activations1.{pair}.alpha", channels)
            second = self.alpha(f"{theirs}.activations2.{pair}.alpha", channels)
            names = [f"{theirs}.convs{which}.{pair}" for which in (1, 2)]
            dilated, plain = (self.norm_folded(name, channels, channels, kernel).double() for name in names)
            dilated_bias, plain_bias = (self.take(f"{name}.bias", channels) for name in names)
            dilated = dilated * second[:, None, None] / first[:, None]
            self.put(f"{ours}.dilated.{pair}", dilated.float(), (dilated_bias * second).float())
            self.put(f"{ours}.plain.{pair}", (plain / second[:, None]).float(), plain_bias)
            alphas.append(first.float()[:, None])
        self.weights[f"{ours}.alpha"] = torch.stack(alphas)

    def alpha(self, key: str, channels: int) -> Tensor:
        alpha = self.take(key, channels).double()
        return torch.where(alpha.abs() < SMALLEST_ALPHA, SMALLEST_ALPHA, alpha)

    def normed(self, ours: str, theirs: str, *shape: int) -> None:
        self.put(ours, self.norm_folded(theirs, *shape), self.take(f"{theirs}.bias", shape[0]))

    def plain(self, ours: str, theirs: str, *shape: int) -> None:
        self.put(ours, self.take(f"{theirs}.weight", *shape), self.take(f"{theirs}.bias", shape[0]))

    def put(self, ours: str, weight: Tensor, bias: Tensor) -> None:
        self.weights[f"{ours}.weight"] = weight
        self.weights[f"{ours}.bias"] = bias

    def take(self, key: str, *shape: int) -> Tensor:
        return self.reader.take(self.prefix + key, *shape)

    def norm_folded(self, name: str, *shape: int) -> Tensor:
        return self.reader.take_weight_norm(self.prefix + name, *shape)
