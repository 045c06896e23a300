"""CosyVox in ComfyUI: thin nodes over core. This page is what ComfyUI's loader looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .extension import CosyVoxExtension

WEB_DIRECTORY = "./web"  # as seen from the pack's root, where ComfyUI loads this


async def comfy_entrypoint() -> CosyVoxExtension:
    """The nodes, imported when they are asked for."""
    from .extension import CosyVoxExtension

    return CosyVoxExtension()
