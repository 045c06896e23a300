"""What stands in for CUDA graphs where there is no such device, and what is there where there is one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cosyvox.core.streams import Launch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Recording:
    """Records nothing: does the work again. Counts how often each record was played, in the order of recording.

    What a record does between being made and being played shows: making one does not do the work.
    """

    def __init__(self) -> None:
        self.played: list[int] = []

    def __call__(self, work: Launch) -> Launch:
        index = len(self.played)
        self.played.append(0)

        def play() -> None:
            self.played[index] += 1
            work()

        return play


class Strict(TorchDispatchMode):
    """Records on the "meta" device what a CUDA graph could hold, and fails where it could not.

    There are no data there, so whatever asks for a value fails by itself (`item`, a mask as an index); and nothing
    may come from the host.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __call__(self, work: Launch) -> Launch:
        with self:
            work()
        return work

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, Tensor)]
        assert all(tensor.is_meta for tensor in tensors), f"{func} is given something that is not on the device"
        self.operations += 1
        return result
