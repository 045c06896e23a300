"""A training loop that can be stopped at any time and goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import cos, pi
from pathlib import Path
from time import monotonic

import torch
from torch import Tensor, nn

_logger = logging.getLogger(__name__)


def schedule(step: int, steps: int, warm_up: int) -> float:
    """Factor of the learning rate: linear warm-up, then a cosine down to a twentieth."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return 0.05 + 0.95 * 0.5 * (1 + cos(pi * done))


def train(
    module: nn.Module,
    losses: Callable[[int], dict[str, Tensor]],
    checkpoint: Path,
    *,
    steps: int,
    rate: float,
    warm_up: int = 200,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    every: int = 100,
    betas: tuple[float, float] = (0.9, 0.98),
) -> None:
    """Train `module` in place for `steps` steps in all, those before `checkpoint` was last written included.

    losses: step -> named losses, whose sum is minimised; must draw its batch from the step alone, so that a
    run that was interrupted sees what it would have seen.
    """
    optimiser = torch.optim.AdamW(module.parameters(), lr=rate, betas=betas, weight_decay=weight_decay)
    first = _resume(module, optimiser, checkpoint)
    module.train()
    sums: dict[str, float] = {}
    began, count = monotonic(), 0
    for step in range(first, steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * schedule(step, steps, warm_up)
        parts = losses(step)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(parts.values())).sum())
        norm = nn.utils.clip_grad_norm_(module.parameters(), clip)
        if torch.isfinite(norm):
            optimiser.step()
        for name, loss in parts.items():
            sums[name] = sums.get(name, 0.0) + float(loss.detach())
        count += 1
        if (step + 1) % every == 0 or step + 1 == steps:
            told = "  ".join(f"{name} {total / count:.4f}" for name, total in sums.items())
            pace = (monotonic() - began) / count
            _logger.info("%s %d/%d  %s  %.2f s/step", checkpoint.stem, step + 1, steps, told, pace)
            sums, began, count = {}, monotonic(), 0
            _save(module, optimiser, step + 1, checkpoint)
    module.eval()


def _resume(module: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    step: int = state["step"]
    _logger.info("%s: going on from step %d", checkpoint.stem, step)
    return step


def _save(module: nn.Module, optimiser: torch.optim.Optimizer, step: int, checkpoint: Path) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    draft = checkpoint.with_suffix(".part")
    torch.save({"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, draft)
    draft.replace(checkpoint)
