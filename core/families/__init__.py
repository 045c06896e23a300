"""The families of models, each one file of data: those that are published, and the embedded one."""

from .cosyvoice2 import COSYVOICE2
from .embedded import EMBEDDED
from .family import Family, MelConfig, ModelConfig

FAMILIES: tuple[Family, ...] = (COSYVOICE2,)  # those that are published, best first
ALL_FAMILIES: tuple[Family, ...] = (*FAMILIES, EMBEDDED)

__all__ = ["ALL_FAMILIES", "COSYVOICE2", "EMBEDDED", "FAMILIES", "Family", "MelConfig", "ModelConfig"]
