"""The published families, each one file of data."""

from .cosyvoice2 import COSYVOICE2
from .family import Family, MelConfig, ModelConfig

FAMILIES: tuple[Family, ...] = (COSYVOICE2,)

__all__ = ["COSYVOICE2", "FAMILIES", "Family", "MelConfig", "ModelConfig"]
