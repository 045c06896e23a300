"""CosyVox: the CosyVoice speech models for Python, ComfyUI and Home Assistant.

This folder is a Python package under two names: `cosyvox` when pip installed it, a name made from
the folder's path when ComfyUI loads it. Everything inside therefore imports relatively.
"""

__version__ = "0.1.0"
