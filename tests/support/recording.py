"""What stands in for CUDA graphs where there is no such device, and what is there where there is one."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.streams import Launch

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
