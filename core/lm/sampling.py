"""Repetition-aware sampling (VALL-E 2, arXiv:2406.05370), for a whole batch, without leaving the device."""

from __future__ import annotations

import torch
from torch import Tensor

from ..noise import exponential, key
from .config import SamplingConfig

_NUCLEUS, _REDRAW = 0, 1  # streams of a request's randomness


def sample(logits: Tensor, history: Tensor, seeds: Tensor, steps: Tensor, config: SamplingConfig) -> Tensor:
    """One id per row: [B] int64.

    A draw from the nucleus (top-p and top-k); if it occurred at least `window * tau` times in
    `history`, a draw from the whole distribution without it.

    logits: [B, V]; what must not be drawn is -inf. history: [B, window] int64, the last ids, -1
    where there is none. seeds, steps: [B] int64; they alone decide the randomness of a row.
    """
    probabilities = logits.float().softmax(dim=-1)
    top, ids = probabilities.topk(min(config.top_k, logits.shape[-1]), dim=-1)
    inside = top.cumsum(dim=-1) - top < config.top_p
    # The largest of p / Exp(1) falls on an id with probability p: a draw without a synchronisation.
    race = top * inside / exponential(key(seeds, steps, _NUCLEUS), top.shape[-1])
    drawn = ids.gather(-1, race.argmax(dim=-1, keepdim=True))
    repeats = (history == drawn).sum(dim=-1, keepdim=True)
    others = probabilities.scatter(-1, drawn, 0.0)
    redrawn = (others / exponential(key(seeds, steps, _REDRAW), others.shape[-1])).argmax(dim=-1, keepdim=True)
    return torch.where(repeats >= config.window * config.tau, redrawn, drawn).squeeze(-1)
