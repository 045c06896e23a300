"""A model as graphs pass it on: ComfyUI decides when its weights lie on the device, core speaks with them."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .. import core
from . import comfy

_MOST_VOICES = 64  # that a handle remembers


@dataclass(frozen=True)
class GraphVoice:
    """A voice as graphs pass it on, for any model: kept in the library, or a prompt that only this graph has."""

    name: str
    source: core.StoredVoice | core.Prompt

    @property
    def key(self) -> tuple[str, ...]:
        """Tells apart voices that may sound different."""
        source = self.source
        if isinstance(source, core.Prompt):
            return source.digest, source.transcript or ""
        return str(source.path), source.digest or "", source.transcript or "", _stamp(source.recording)


class ModelHandle:
    """One model on one device with one set of options. Everything heavy comes and goes; the handle stays valid.

    patcher: what ComfyUI holds the model by, for as long as there is one.
    """

    def __init__(self, folder: Path, device: torch.device, precision: str, options: core.EngineOptions) -> None:
        """precision: "auto", "float32" or "bfloat16"."""
        self.folder, self.device, self.precision, self.options = folder, device, precision, options
        self.patcher: Any = None
        self._weights: core.Weights | None = None
        self._engine: core.Engine | None = None
        self._voices: dict[tuple[str, ...], core.Voice] = {}

    def read(self, watch: comfy.Watch) -> None:
        """Have the weights in memory. Raises what `core.load_weights` does."""
        if self._weights is not None:
            return
        self._weights = core.load_weights(
            self.folder, dtype=self.precision, runs_on=str(self.device), on_progress=watch.on_progress
        )
        self.patcher = comfy.new_patcher(self._weights.module, self.device, self._weights_moved)

    def engine(self, watch: comfy.Watch) -> core.Engine:
        """The engine, its weights on the device. It is ComfyUI's to take back between two nodes, never within one."""
        self.read(watch)
        assert self._weights is not None
        # What an engine needs beside its weights, for caches and what is being computed, is about as much again.
        comfy.load_whole(self.patcher, memory_required=self._weights.bytes)
        if self._engine is None:
            self._engine = core.load(self._weights, options=self.options)
        return self._engine

    def voice(self, voice: GraphVoice, engine: core.Engine) -> core.Voice:
        """What this model hears in a voice. Raises VoiceError, AudioError."""
        if voice.key not in self._voices:
            while len(self._voices) >= _MOST_VOICES:
                del self._voices[next(iter(self._voices))]
            source = voice.source
            self._voices[voice.key] = (
                engine.clone(source, name=voice.name) if isinstance(source, core.Prompt) else engine.load_voice(source)
            )
        return self._voices[voice.key]

    def _weights_moved(self, off: bool) -> None:
        """ComfyUI has moved the weights: what an engine derived from where they lay is void."""
        if self._engine is not None:
            self._engine.close(0.0)
            self._engine = None
        if off and self.device.type == "cpu" and self._weights is not None:
            # They are where they would be put aside. The empty module stays until there is another one: ComfyUI is
            # about to forget it, and forgets the wrong one if it vanishes meanwhile.
            self._weights.drop()
            self._weights = None


_handles: weakref.WeakValueDictionary[tuple[Any, ...], ModelHandle] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def handle(folder: Path, device: torch.device, precision: str, options: core.EngineOptions) -> ModelHandle:
    """The handle of a model; the same for everybody, as long as anybody holds it."""
    key = (folder.resolve(), str(device), precision, options)
    with _lock:
        found = _handles.get(key)
        if found is None:
            found = _handles[key] = ModelHandle(folder, device, precision, options)
        return found


def _stamp(recording: Path | None) -> str:
    """Changes when a recording that somebody dropped into the library does."""
    try:
        return "" if recording is None else str(recording.stat().st_mtime_ns)
    except OSError:
        return ""
