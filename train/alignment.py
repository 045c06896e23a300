"""Reading along: two heads are shown that speech goes through its text from the beginning to the end.

A decoder finds the place in the text that it is saying by itself, but late; a penalty for looking elsewhere than near
the diagonal (guided attention, arXiv:1710.08969) shortens that from hours to minutes. It fades out while training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.lm.qwen2 import Layer, Qwen2Decoder, rotary_table

LAYERS = (2, 3)
HEADS = 2  # of each, the first ones
WIDTH = 0.08  # of the diagonal, as a part of the utterance


def diagonal(text: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
    """How near each position of the text is to where speech should be reading, [B, T, T], and who reads, [B, T].

    text, asked: [B, T] bool, which positions are text, and which are to be followed by speech. Interleaved rows, whose
    text comes in parts, are nobody's guide: there no one reads.
    """
    order = torch.arange(text.shape[1])
    plain = (order * text).amax(1) < torch.where(asked, order, text.shape[1]).amin(1)
    readers = asked & plain[:, None]
    place = (text.cumsum(1) - 0.5) / text.sum(1, keepdim=True)
    reading = (asked.cumsum(1) - 0.5) / asked.sum(1, keepdim=True)
    away = (reading[:, :, None] - place[:, None]) / WIDTH
    return torch.exp(-0.5 * away.square()) * text[:, None], readers


def guided(decoder: Qwen2Decoder, x: Tensor, near: Tensor, readers: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states [B, T, C] as `decoder(x)`, and how little the guided heads look where they should."""
    cos, sin = rotary_table(decoder.config, x.shape[1], x.device, x.dtype)
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    missed = x.new_zeros(())
    for index, layer in enumerate(decoder.layers):
        assert isinstance(layer, Layer)
        normed = layer.attention_norm(x)
        if index in LAYERS:
            q, k, _ = layer.attention.project(normed, cos, sin)
            group = layer.attention.heads // layer.attention.kv_heads
            keys = k.repeat_interleave(group, dim=1)[:, :HEADS]
            scores = (q[:, :HEADS] @ keys.transpose(2, 3)).float() * q.shape[-1] ** -0.5
            weights = scores.masked_fill(future, float("-inf")).softmax(-1)
            seen = (weights * near[:, None]).sum(-1)  # [B, HEADS, T]
            missed = missed - (seen.transpose(1, 2)[readers] + 1e-4).log().mean() / len(LAYERS)
        x = x + layer.attention(normed, cos, sin)
        x = x + layer.mlp(x)
    return decoder.norm(x), missed
