"""The faster product is the same product, and a network that learns is none the wiser."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from cosyvox.core.linear import linear
from torch import Tensor


def drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("shape", [(7,), (1, 7), (3, 1, 7), (2, 50, 7), (0, 7)])
@pytest.mark.parametrize("biased", [True, False])
@torch.inference_mode()
def test_same_as_torch(shape: tuple[int, ...], biased: bool) -> None:
    x, weight, bias = drawn(*shape), drawn(5, 7), drawn(5) if biased else None
    expected = F.linear(x.double(), weight.double(), None if bias is None else bias.double())
    torch.testing.assert_close(linear(x, weight, bias).double(), expected, atol=1e-6, rtol=1e-6)


@torch.inference_mode()
def test_rows_that_do_not_lie_in_one_piece() -> None:
    x = drawn(7, 6).T
    torch.testing.assert_close(linear(x, drawn(5, 7)), linear(x.contiguous(), drawn(5, 7)))


@torch.inference_mode()
def test_other_types() -> None:
    assert linear(drawn(3, 7, dtype=torch.bfloat16), drawn(5, 7, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_gradients() -> None:
    weight = drawn(5, 7).requires_grad_()
    linear(drawn(3, 7), weight).sum().backward()
    torch.testing.assert_close(weight.grad, drawn(3, 7).sum(0).expand(5, -1))
