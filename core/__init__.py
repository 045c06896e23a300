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
    from .audio.files import write_wav
    from .engine import Engine, load
    from .models import ModelReport, convert, verify
    from .request import AudioChunk, Progress, Speech, SpeechRequest
    from .seeded.folder import make_seeded
    from .voice.voice import Voice

_HOMES = {
    "AudioChunk": "request",
    "Engine": "engine",
    "ModelReport": "models",
    "Progress": "request",
    "Speech": "request",
    "SpeechRequest": "request",
    "Voice": "voice.voice",
    "convert": "models",
    "load": "engine",
    "make_seeded": "seeded.folder",
    "verify": "models",
    "write_wav": "audio.files",
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
    "ModelReport",
    "OutOfMemory",
    "Progress",
    "RequestError",
    "Speech",
    "SpeechRequest",
    "StorageError",
    "TextError",
    "Voice",
    "convert",
    "load",
    "make_seeded",
    "verify",
    "write_wav",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
