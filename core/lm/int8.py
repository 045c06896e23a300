"""Weights of one byte, for a CPU: a decoding step costs what reading them costs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .qwen2 import Layer, Linear
from .speech_lm import SpeechLM

_LARGEST = 127


class Int8Linear(nn.Module):
    """A linear layer whose weights are int8 times one scale per output, symmetric.

    Inputs and products are rounded to bfloat16, which is what torch has a fast product for; sums are float32.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        largest = linear.weight.detach().abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny)
        # The weights are divided by the scale as it will be multiplied with, rounded to bfloat16.
        scale = (largest / _LARGEST).to(torch.bfloat16)
        weight = (linear.weight.detach() / scale.float()[:, None]).round_().clamp_(-_LARGEST, _LARGEST)
        self.register_buffer("weight", weight.to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1]).to(torch.bfloat16)
        product = torch._weight_int8pack_mm(rows, self.weight, self.scale).to(x.dtype)
        if self.bias is not None:
            product = product + self.bias
        return product.view(*x.shape[:-1], -1)


def quantize(lm: SpeechLM) -> None:
    """Replace the weights of the decoder's layers by int8 ones, in place; it cannot be undone.

    Embeddings, norms and the speech head stay as they are: rounded logits would be other chances for all ids.
    Raises ValueError if the model is not on a CPU.
    """
    if lm.device.type != "cpu":
        raise ValueError(f"int8 weights are for a CPU, and this model is on {lm.device}")
    for layer in lm.decoder.layers:
        assert isinstance(layer, Layer)
        for parent in (layer, layer.attention):
            for name, child in list(parent.named_children()):
                if isinstance(child, Linear):
                    setattr(parent, name, Int8Linear(child))
