"""The product of rows with a weight matrix, by the library that is fast at it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_BUILT: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
_ONEDNN = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if _BUILT else None


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """As `torch.nn.functional.linear`: x [..., in], weight [out, in], bias [out]; the same sums, to rounding.

    In float32 on a CPU torch takes MKL, which on AMD's processors leaves half of their vector units idle.
    oneDNN does not, and comes with torch as well, though only the compiler asks for it; it knows no gradients.
    """
    if _ONEDNN is None or x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_grad_enabled():
        return F.linear(x, weight, bias)
    return _ONEDNN(x, weight, bias, "none", [], "")


class Linear(nn.Linear):
    """`nn.Linear` by way of `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)
