"""Reading `hift.pt`: every key once, nothing else, and what is folded into what."""

from __future__ import annotations

import re

import pytest
import torch
from cosyvox.core.errors import CheckpointError
from cosyvox.core.vocoder.config import HiFTConfig
from cosyvox.core.vocoder.generator import ResBlock
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.weights import WeightReader, assign
from parity import manifest, model_config, seeded_state
from torch import Tensor


def meta_hift(scale: str) -> HiFT:
    with torch.device("meta"):
        return HiFT(model_config(scale).vocoder)


def read(vocoder: HiFT, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    reader = WeightReader(tensors, "hift.pt")
    weights = vocoder.official_weights(reader)
    reader.finish()
    return weights


@pytest.mark.parametrize("prefix", ["", "generator."])
def test_the_released_keys(prefix: str) -> None:
    released = {prefix + key: torch.ones(shape) for key, shape in manifest()["hift.pt"].items()}
    vocoder = meta_hift("full")
    weights = read(vocoder, released)
    expected = {key: tensor.shape for key, tensor in vocoder.state_dict().items()}
    assert {key: tensor.shape for key, tensor in weights.items()} == expected


def test_keys_that_do_not_fit() -> None:
    vocoder, state = meta_hift("small"), seeded_state("hift.pt", "small")
    key = "resblocks.4.activations2.1.alpha"
    with pytest.raises(CheckpointError, match=f"has no '{re.escape(key)}'"):
        read(vocoder, {name: tensor for name, tensor in state.items() if name != key})
    with pytest.raises(CheckpointError, match=r"alpha' has shape"):
        read(vocoder, {**state, key: torch.ones(3)})
    with pytest.raises(CheckpointError, match="does not know: conv_mid"):
        read(vocoder, {**state, "conv_mid.weight": torch.ones(3)})


def by_definition(config: HiFTConfig, state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The first residual block of the first stage, with Snake as the paper writes it."""

    def snake(name: str, x: Tensor) -> Tensor:
        alpha = state[f"resblocks.0.{name}.alpha"].double()[:, None]
        return x + (alpha * x).sin().square() / (alpha + 1e-9)  # the official guard against a zero

    def conv(name: str, x: Tensor, dilation: int) -> Tensor:
        key = f"resblocks.0.{name}"
        magnitude, direction = (state[f"{key}.parametrizations.weight.original{i}"].double() for i in (0, 1))
        weight = magnitude * direction / direction.norm(dim=(1, 2), keepdim=True)
        padding = (weight.shape[2] - 1) // 2 * dilation
        return torch.conv1d(x, weight, state[f"{key}.bias"].double(), 1, padding, dilation)

    x = x.double()
    for pair, dilation in enumerate(config.resblock_dilations[0]):
        inner = conv(f"convs1.{pair}", snake(f"activations1.{pair}", x), dilation)
        x = x + conv(f"convs2.{pair}", snake(f"activations2.{pair}", inner), 1)
    return x


@torch.inference_mode()
def test_snake_lives_in_the_convolutions() -> None:
    """Also with an alpha that is large, negative, or so small that Snake is the identity."""
    vocoder, state = meta_hift("small"), seeded_state("hift.pt", "small")
    odd = torch.tensor([0.0, 1e-9, -1e-7, 1e-3, -0.7, 30.0])
    for which in (1, 2):
        key = f"resblocks.0.activations{which}.0.alpha"
        state[key] = torch.cat([odd, state[key][len(odd) :]])
    assign(vocoder, read(vocoder, state), "hift.pt")
    block = vocoder.generator.stages[0].blocks[0]
    assert isinstance(block, ResBlock)
    x = torch.randn(2, vocoder.config.channels // 2, 50, generator=torch.Generator().manual_seed(2))
    expected = by_definition(vocoder.config, state, x)
    torch.testing.assert_close(block(x).double(), expected, atol=2e-5, rtol=0.0)
