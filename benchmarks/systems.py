"""Which systems can be compared, and how each is prepared and loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from workload import StreamingSystem, System

if TYPE_CHECKING:
    from official import OfficialCosyVoice2

OFFICIAL = "official"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def prepare(name: str, folder: Path, checkout: Path | None) -> Callable[[], System]:
    """Import everything that the system called `name` needs; what is returned then only loads its weights.

    name: "official", or a dtype for ours.
    """
    if name != OFFICIAL:
        from ours import CosyVox

        return lambda: CosyVox(folder, DTYPES[name])
    return _prepare_official(folder, checkout)


def prepare_streaming(name: str, folder: Path, checkout: Path | None) -> Callable[[], StreamingSystem]:
    """The same for a system that streams."""
    if name != OFFICIAL:
        from ours_streaming import StreamingCosyVox

        return lambda: StreamingCosyVox(folder, name)
    return _prepare_official(folder, checkout)


def _prepare_official(folder: Path, checkout: Path | None) -> Callable[[], OfficialCosyVoice2]:
    if checkout is None:
        raise SystemExit("the official code needs its folder: --official PATH")
    from cosyvox.core.families import COSYVOICE2
    from cosyvox.core.families.official_yaml import load as load_yaml
    from official import OfficialCosyVoice2, import_official

    import_official(checkout)
    return lambda: OfficialCosyVoice2(folder, load_yaml(COSYVOICE2.path(folder, "config")))
