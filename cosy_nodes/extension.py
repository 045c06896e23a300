"""Every node of the pack, for ComfyUI to list."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from . import comfy, replacements
from .clear_cache import CosyVoxClearCache
from .convert import CosyVoxConvertVoice
from .dub_subtitles import CosyVoxDubSubtitles
from .load_model import CosyVoxLoadModel
from .script import CosyVoxScript
from .subtitles import CosyVoxSubtitles
from .synthesize import CosyVoxInstruct, CosyVoxSynthesize
from .voices import CosyVoxClonePrompt, CosyVoxSaveVoice, CosyVoxVoice

NODES: list[type[io.ComfyNode]] = [
    CosyVoxLoadModel,
    CosyVoxVoice,
    CosyVoxClonePrompt,
    CosyVoxSaveVoice,
    CosyVoxSynthesize,
    CosyVoxInstruct,
    CosyVoxScript,
    CosyVoxDubSubtitles,
    CosyVoxConvertVoice,
    CosyVoxSubtitles,
    CosyVoxClearCache,
]


class CosyVoxExtension(ComfyExtension):
    """What `comfy_entrypoint` gives to ComfyUI."""

    async def on_load(self) -> None:
        comfy.register_folder()
        await replacements.register()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES
