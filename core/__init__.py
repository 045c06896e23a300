"""The pipeline: text to speech tokens to mel to waveform. This page is its whole public door.

Names are resolved on first use, so that `import cosyvox.core` costs next to nothing and touches
neither the network nor a device.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    AudioError,
    Cancelled,
    CheckpointError,
    ConfigError,
    CosyVoxError,
    ModelNotFound,
    OutOfMemory,
    RequestError,
    StorageError,
    TextError,
)

if TYPE_CHECKING:
    from .engine import Engine, load
    from .request import AudioChunk, Progress, Speech, SpeechRequest
    from .voice.voice import Voice

_HOMES = {
    "AudioChunk": "request",
    "Engine": "engine",
    "Progress": "request",
    "Speech": "request",
    "SpeechRequest": "request",
    "Voice": "voice.voice",
    "load": "engine",
}

__all__ = [
    "AudioChunk",
    "AudioError",
    "Cancelled",
    "CheckpointError",
    "ConfigError",
    "CosyVoxError",
    "Engine",
    "ModelNotFound",
    "OutOfMemory",
    "Progress",
    "RequestError",
    "Speech",
    "SpeechRequest",
    "StorageError",
    "TextError",
    "Voice",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
