"""Repetition-aware sampling follows the official law, and a request's draws are its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cosyvox.core.lm.config import SamplingConfig
from cosyvox.core.lm.sampling import sample
from cosyvox.core.seeded.weights import uniform
from parity import golden
from torch import Tensor

CONFIG = SamplingConfig()
DRAWS = 20_000
SIGNIFICANCE = 4.0  # standard deviations: one in 30 000 of a right sampler's runs


def scores(vector: str) -> Tensor:
    case = golden("common", "sampling")[1]["cases"][vector]
    values = uniform(f"shared/sampling/{vector}", case["vocab"])
    return torch.log_softmax(torch.from_numpy(case["sharpness"] * values), dim=-1)


def history(decoded: Tensor) -> Tensor:
    recent = decoded[-CONFIG.window :]
    return torch.cat((torch.full((CONFIG.window - len(recent),), -1), recent))


def draw(logits: Tensor, recent: Tensor, steps: Tensor) -> Tensor:
    """One id for each step of a request that stays as it is."""
    rows = len(steps)
    return sample(logits.expand(rows, -1), recent.expand(rows, -1), torch.full((rows,), 7), steps, CONFIG)


def deviation(chi_square: float, freedom: int) -> float:
    """A chi-square statistic in standard deviations of a normal one (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return ((chi_square / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5


@pytest.mark.parametrize("past", ["none", "fresh", "repeated"])
@pytest.mark.parametrize("vector", ["flat", "usual", "peaked", "spike"])
def test_law(vector: str, past: str) -> None:
    arrays, _ = golden("common", "sampling")
    law = dict(zip(arrays[f"{vector}/{past}/ids"].tolist(), arrays[f"{vector}/{past}/law"].tolist(), strict=True))
    logits = scores(vector)
    recent = history(torch.from_numpy(arrays[f"{vector}/{past}/decoded"]).long())
    drawn = torch.cat([draw(logits, recent, steps) for steps in torch.arange(DRAWS).split(1000)])
    counts = np.bincount(drawn.numpy(), minlength=len(logits))
    # Ids that are too rare for the statistic are pooled; the law lists the ids that the official draws hit.
    common = [token for token, share in law.items() if share * DRAWS >= 5]
    observed = np.array([*counts[common], DRAWS - counts[common].sum()], dtype=float)
    wanted = np.array([law[token] * DRAWS for token in common])
    wanted = np.append(wanted, DRAWS - wanted.sum())
    if wanted[-1] < 1.0:
        assert observed[-1] <= 10, "ids were drawn that the law excludes"
        observed, wanted = observed[:-1], wanted[:-1]
    assert deviation(float(((observed - wanted) ** 2 / wanted).sum()), len(wanted) - 1) < SIGNIFICANCE


def test_a_row_does_not_depend_on_its_batch() -> None:
    logits = torch.stack([scores("usual"), scores("usual").flip(0), scores("usual").roll(5)])
    recent = torch.full((3, CONFIG.window), -1)
    seeds, steps = torch.tensor([1, 2, 3]), torch.tensor([4, 0, 9])
    together = sample(logits, recent, seeds, steps, CONFIG)
    for row in range(3):
        alone = sample(*(values[row : row + 1] for values in (logits, recent, seeds, steps)), CONFIG)
        assert together[row] == alone[0]


def test_seed_and_step_change_the_draw() -> None:
    logits, recent = scores("flat").expand(50, -1), torch.full((50, CONFIG.window), -1)
    zeros, counting = torch.zeros(50, dtype=torch.int64), torch.arange(50)
    assert len(set(sample(logits, recent, counting, zeros, CONFIG).tolist())) > 10
    assert len(set(sample(logits, recent, zeros, counting, CONFIG).tolist())) > 10


def test_the_process_wide_generator_is_untouched() -> None:
    before = torch.get_rng_state()
    sample(scores("usual")[None], torch.full((1, CONFIG.window), -1), torch.tensor([1]), torch.tensor([1]), CONFIG)
    assert torch.equal(before, torch.get_rng_state())
