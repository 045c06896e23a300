"""Memory that is free, given back to the system."""

from __future__ import annotations

import ctypes
import sys

import torch


def give_back(device: torch.device) -> None:
    """What was freed on a device, and in this process, is free for others: both keep it for themselves otherwise.

    After a model of 3 GB, glibc held on to as much as another gigabyte in pieces.
    """
    if device.type == "cuda":
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # another C library has none
        if trim is not None:
            trim(0)
