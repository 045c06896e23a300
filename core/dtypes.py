"""Which device and which numbers a model computes with, by the names that users give them."""

from __future__ import annotations

import torch

from .checkpoint import Dtypes
from .errors import RequestError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name: str) -> torch.device:
    """Raises RequestError for one that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise RequestError(f"the device {name!r} cannot be used here: choose cpu or auto") from error
    return device


def choose_dtypes(name: str, device: torch.device) -> Dtypes:
    """Raises RequestError for a dtype that no stage has."""
    if name == "auto":
        return Dtypes(lm=torch.bfloat16) if device.type == "cuda" else Dtypes()
    if name not in DTYPES:
        raise RequestError(f"no dtype {name!r}: choose auto or one of {', '.join(DTYPES)}")
    return Dtypes(lm=DTYPES[name], flow=DTYPES[name])
