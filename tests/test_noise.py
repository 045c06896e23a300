"""Numbers that depend on nothing but who asks for them."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core import noise

CPU = torch.device("cpu")


def key(number: int) -> torch.Tensor:
    return noise.key(noise.seed(number, CPU), 3)


def test_any_piece_is_the_same_piece() -> None:
    whole = noise.normal(key(5), 0, 1000)
    pieces = [noise.normal(key(5), start, stop - start) for start, stop in ((0, 2), (2, 480), (480, 1000))]
    assert torch.equal(whole, torch.cat(pieces))


def test_rows_are_independent() -> None:
    keys = torch.stack([key(1), key(2), key(3)])
    assert torch.equal(noise.normal(keys, 10, 50)[1], noise.normal(key(2), 10, 50))
    assert torch.equal(noise.exponential(keys, 50)[2], noise.exponential(key(3), 50))


@pytest.mark.parametrize("number", [0, 1, 2**40])
def test_normal_moments(number: int) -> None:
    """Within five standard errors."""
    count = 400_000
    x = noise.normal(key(number), 0, count).double()
    assert abs(x.mean()) < 5 / count**0.5
    assert abs(x.var() - 1) < 5 * (2 / count) ** 0.5
    assert abs((x**4).mean() - 3) < 5 * (96 / count) ** 0.5
    assert abs((x[1:] * x[:-1]).mean()) < 5 / count**0.5


def test_exponential_moments() -> None:
    count = 400_000
    x = noise.exponential(key(9), count).double()
    assert bool((x > 0).all()) and bool(torch.isfinite(x).all())
    assert abs(x.mean() - 1) < 5 / count**0.5
    assert abs((x**2).mean() - 2) < 5 * (20 / count) ** 0.5


def test_every_seed_is_its_own() -> None:
    numbers = [0, 1, -1, 2**31, 2**63, 2**64 - 2]
    assert len({noise.normal(key(number), 0, 2)[0].item() for number in numbers}) == len(numbers)
    assert torch.equal(key(2**64 + 5), key(5))
