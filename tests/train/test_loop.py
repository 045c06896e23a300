"""A training that was stopped ends where it would have ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from cosyvox.train.loop import schedule, train
from torch import Tensor, nn

STEPS, EVERY = 11, 3


class Killed(Exception):
    pass


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))


def losses(module: nn.Module, seen: list[int], killed_at: int = -1) -> Callable[[int], dict[str, Tensor]]:
    def at(step: int) -> dict[str, Tensor]:
        if step == killed_at:
            raise Killed
        seen.append(step)
        x = torch.randn(32, 8, generator=torch.Generator().manual_seed(step))
        y = module(x)[:, 0]
        return {"error": (y - x.sum(1)).square().mean(), "size": 0.01 * y.abs().mean()}

    return at


def run(checkpoint: Path, killed_at: int = -1) -> tuple[dict[str, Tensor], list[int]]:
    module, seen = network(), []
    at = losses(module, seen, killed_at)
    train(module, at, checkpoint, steps=STEPS, rate=1e-2, warm_up=4, every=EVERY)
    return module.state_dict(), seen


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole, seen = run(tmp_path / "whole.pt")
    assert seen == list(range(STEPS))
    for killed_at in (2, 5, 10):  # before anything was kept; later
        checkpoint = tmp_path / f"{killed_at}.pt"
        with pytest.raises(Killed):
            run(checkpoint, killed_at)
        resumed, seen = run(checkpoint)
        assert seen == list(range(killed_at // EVERY * EVERY, STEPS)), "it goes on, and not from the beginning"
        assert resumed.keys() == whole.keys()
        assert all(torch.equal(resumed[name], tensor) for name, tensor in whole.items())


def test_what_is_finished_is_only_read(tmp_path: Path) -> None:
    whole, _ = run(tmp_path / "whole.pt")
    again, seen = run(tmp_path / "whole.pt")
    assert seen == []
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())
    assert [path.name for path in tmp_path.iterdir()] == ["whole.pt"]


def test_it_learns(tmp_path: Path) -> None:
    module = network()
    at = losses(module, [])
    before = at(0)["error"]
    train(module, at, tmp_path / "it.pt", steps=300, rate=1e-2, warm_up=10)
    assert not module.training
    assert at(0)["error"] < 0.1 * before


def test_a_gradient_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    module = nn.Linear(1, 1)
    before = module.weight.detach().clone()
    train(module, lambda step: {"nan": module.weight.sum() * torch.nan}, tmp_path / "it.pt", steps=2, rate=1.0)
    assert torch.equal(module.weight, before)


def test_schedule() -> None:
    rates = [schedule(step, 100, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == pytest.approx(1.0)
    assert rates[9:] == sorted(rates[9:], reverse=True) and 0.05 <= rates[-1] < 0.06
