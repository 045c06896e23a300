"""The pipeline: text to speech tokens to mel to waveform. This page is its whole public door.

Names are resolved on first use, so that `import cosyvox.core` costs next to nothing and touches
neither the network nor a device.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    AudioError,
    Busy,
    Cancelled,
    CheckpointError,
    ConfigError,
    CosyVoxError,
    DownloadError,
    ModelNotFound,
    OutOfMemory,
    RequestError,
    StorageError,
    SubtitleError,
    TextError,
    VoiceError,
)

if TYPE_CHECKING:
    from .audio.files import audio_length, pcm16, read_audio, wav_header, write_wav
    from .audio.level import speech_level
    from .embedded import DEFAULT_VOICE
    from .engine import Engine, load
    from .families import EMBEDDED, FAMILIES
    from .home import models_home
    from .hub.download import download_model, own_model, remove_model
    from .hub.found import FoundModel, default_model, find_model, inspect_model, models_on_disk
    from .models import ModelReport, convert, verify
    from .movable import Weights, load_weights
    from .options import EngineOptions
    from .request import AudioChunk, Progress, Speech, SpeechRequest
    from .seeded.folder import make_seeded
    from .segment_cache import SegmentCache
    from .speech_stream import SpeechStream
    from .storage import write_file
    from .styles import PRESETS, instruction
    from .text.language import LANGUAGES
    from .text.lexicon import Lexicon, read_lexicon
    from .text.styled import StyledReader
    from .voice.prompt import Prompt, prepare_prompt
    from .voice.store import VoiceStore
    from .voice.stored import StoredVoice
    from .voice.voice import Voice

_HOMES = {
    "AudioChunk": "request",
    "DEFAULT_VOICE": "embedded",
    "EMBEDDED": "families",
    "Engine": "engine",
    "EngineOptions": "options",
    "FAMILIES": "families",
    "FoundModel": "hub.found",
    "LANGUAGES": "text.language",
    "Lexicon": "text.lexicon",
    "ModelReport": "models",
    "PRESETS": "styles",
    "Progress": "request",
    "Prompt": "voice.prompt",
    "SegmentCache": "segment_cache",
    "Speech": "request",
    "SpeechStream": "speech_stream",
    "SpeechRequest": "request",
    "StoredVoice": "voice.stored",
    "StyledReader": "text.styled",
    "Voice": "voice.voice",
    "VoiceStore": "voice.store",
    "Weights": "movable",
    "audio_length": "audio.files",
    "convert": "models",
    "default_model": "hub.found",
    "download_model": "hub.download",
    "find_model": "hub.found",
    "inspect_model": "hub.found",
    "instruction": "styles",
    "load": "engine",
    "load_weights": "movable",
    "make_seeded": "seeded.folder",
    "models_home": "home",
    "models_on_disk": "hub.found",
    "own_model": "hub.download",
    "pcm16": "audio.files",
    "prepare_prompt": "voice.prompt",
    "read_audio": "audio.files",
    "read_lexicon": "text.lexicon",
    "remove_model": "hub.download",
    "speech_level": "audio.level",
    "verify": "models",
    "wav_header": "audio.files",
    "write_file": "storage",
    "write_wav": "audio.files",
}

__all__ = [
    "DEFAULT_VOICE",
    "EMBEDDED",
    "FAMILIES",
    "LANGUAGES",
    "PRESETS",
    "AudioChunk",
    "AudioError",
    "Busy",
    "Cancelled",
    "CheckpointError",
    "ConfigError",
    "CosyVoxError",
    "DownloadError",
    "Engine",
    "EngineOptions",
    "FoundModel",
    "Lexicon",
    "ModelNotFound",
    "ModelReport",
    "OutOfMemory",
    "Progress",
    "Prompt",
    "RequestError",
    "SegmentCache",
    "Speech",
    "SpeechRequest",
    "SpeechStream",
    "StorageError",
    "StoredVoice",
    "StyledReader",
    "SubtitleError",
    "TextError",
    "Voice",
    "VoiceError",
    "VoiceStore",
    "Weights",
    "audio_length",
    "convert",
    "default_model",
    "download_model",
    "find_model",
    "inspect_model",
    "instruction",
    "load",
    "load_weights",
    "make_seeded",
    "models_home",
    "models_on_disk",
    "own_model",
    "pcm16",
    "prepare_prompt",
    "read_audio",
    "read_lexicon",
    "remove_model",
    "speech_level",
    "verify",
    "wav_header",
    "write_file",
    "write_wav",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
