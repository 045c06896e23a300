"""The four voices that come with CosyVox: two higher, two lower, each with a prompt of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.voice.prompt import prepare_prompt
from ..core.voice.store import VoiceStore
from .flite import RATE, Speaker, speak


@dataclass(frozen=True)
class Preset:
    speaker: Speaker
    words: str


PRESETS = {
    "emma": Preset(Speaker("slt"), "Good morning. The kettle is on, and the garden is full of birds today."),
    "lily": Preset(Speaker("slt", 1.25, 0.95), "The train was late again, so we walked along the river and talked."),
    "james": Preset(Speaker("rms"), "Everything is quiet upstairs. I have turned the lamps down for the night."),
    "oscar": Preset(Speaker("slt", 0.72, 0.88), "There is a parcel at the door. Shall I ask them to leave it outside?"),
}


def make_presets(folder: Path) -> None:
    """Fill `folder`, which must hold none of them. Raises FliteMissing, StorageError."""
    store = VoiceStore(folder)
    prompts = {
        name: prepare_prompt(speak(preset.words, preset.speaker).audio[None], RATE, preset.words)
        for name, preset in PRESETS.items()
    }
    store.add_all(prompts)
    (folder / ".lock").unlink(missing_ok=True)
