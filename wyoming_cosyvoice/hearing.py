"""Voices of the catalogue as models hear them, kept while the server runs."""

from __future__ import annotations

import threading
from collections import OrderedDict

from .. import core
from .catalogue import Catalogue

MOST_VOICES = 64  # that are kept in memory

Key = tuple[str, str, str]  # family, voice, version of its recording


class Hearing:
    """Safe from many threads; two that ask for a voice at once may both make it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._voices: OrderedDict[Key, core.Voice] = OrderedDict()
        self._lock = threading.Lock()

    def voice(self, engine: core.Engine, id: str) -> tuple[core.Voice, Key]:
        """A voice for this engine, or the default one if this one cannot speak; and what tells it apart.

        Raises CosyVoxError if none can.
        """
        catalogue = self._catalogue
        failed: core.CosyVoxError = core.VoiceError(f"there is no voice {id}: choose another one")
        for candidate in dict.fromkeys((id, catalogue.default, core.DEFAULT_VOICE)):
            stored = catalogue.find(candidate)
            if stored is None:
                continue
            key = (engine.family.name, stored.id, catalogue.version(stored.id))
            try:
                return self._known(key) or self._keep(key, engine.load_voice(stored)), key
            except (core.OutOfMemory, core.CheckpointError):  # of the model, not of the voice
                raise
            except core.CosyVoxError as error:
                failed = error
                catalogue.warn(f"the voice {stored.id} cannot speak, another one does: {error}")
        raise failed

    def _known(self, key: Key) -> core.Voice | None:
        with self._lock:
            if key in self._voices:
                self._voices.move_to_end(key)
            return self._voices.get(key)

    def _keep(self, key: Key, voice: core.Voice) -> core.Voice:
        with self._lock:
            self._voices[key] = voice
            while len(self._voices) > MOST_VOICES:
                self._voices.popitem(last=False)
        return voice
