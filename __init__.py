"""CosyVox: the CosyVoice speech models for Python, ComfyUI and Home Assistant.

This folder is a Python package under two names: `cosyvox` when pip installed it, a name made from
the folder's path when ComfyUI loads it. Everything inside therefore imports relatively.
"""

from importlib.util import find_spec

__version__ = "0.1.0"

if find_spec("comfy_api") is not None:  # only ComfyUI has it, and looks here for its nodes
    from .cosy_nodes import WEB_DIRECTORY as WEB_DIRECTORY
    from .cosy_nodes import comfy_entrypoint as comfy_entrypoint
