"""Reading along: which piece of the text is being said when, and heads that are shown to look there.

A decoder finds the place in the text that it is saying by itself, but late; flite tells where it is, and a penalty for
looking elsewhere (guided attention, arXiv:1710.08969, with the true path in place of a diagonal) saves hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
import torch
from torch import Tensor

from ..core.lm.qwen2 import Layer, Qwen2Decoder, rotary_table
from ..core.text.phones import GAP, STOPS
from .flite import SILENCE

LAYERS = (1, 3)
HEADS = 2  # of each, the first ones
WIDTH = 0.8  # pieces


def reading(pieces: Sequence[str], phones: Sequence[tuple[str, int]], tokens: int) -> list[float]:
    """Where in the text every speech token is, in pieces: 2.5 is half way from the third to the fourth.

    pieces: of the text tokenizer. phones: what was said instead, and the half token where it ends. Where the two
    differ, and in pauses, the place moves on evenly.
    """
    said = [(index, piece) for index, piece in enumerate(pieces) if piece != GAP and piece not in STOPS]
    heard = [(name, first, end) for (name, end), (_, first) in zip(phones, [("", 0), *phones], strict=False)]
    heard = [phone for phone in heard if phone[0] != SILENCE]
    matcher = SequenceMatcher(None, [piece for _, piece in said], [name for name, _, _ in heard], autojunk=False)
    places, times = [-0.5], [0.0]  # before anything is said: the first pause
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            index, (_, first, end) = said[block.a + offset][0], heard[block.b + offset]
            # A phone lasts from where its neighbours meet to where they meet again; the rest is a stop's.
            places += [index - 0.45, index + 0.45]
            times += [float(first), float(end)]
    places.append(len(pieces) - 0.5)
    times.append(max(2.0 * tokens, times[-1] + 1))
    return np.interp(2 * np.arange(tokens) + 1, times, places).tolist()


def near(text: Tensor, places: Tensor) -> Tensor:
    """How near each piece of text is to what every position is reading: [B, T, T], 0 where there is no text.

    text: [B, T] bool. places: [B, T], of a piece of text its own number, of any other position what it should read.
    """
    away = (places[:, :, None] - places[:, None]) / WIDTH
    return torch.exp(-0.5 * away.square()) * text[:, None]


def guided(decoder: Qwen2Decoder, x: Tensor, near: Tensor, readers: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states [B, T, C] as `decoder(x)`, and how little the guided heads look where they should.

    readers: [B, T] bool, the positions that should.
    """
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
