"""A voice on disk: a folder with `voice.json` and `prompt.flac`, or a recording that somebody put there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio.files import audio_length, read_audio
from ..errors import AudioError, VoiceError
from .prompt import STEPS, Prompt, prepare_prompt

FORMAT = 1
DESCRIPTION, RECORDING, FEATURES, CACHE = "voice.json", "prompt.flac", "features.safetensors", "features"
DROPPED_CACHE = ".features"
AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3"})
MAX_TEXT_BYTES = 1 << 20


@dataclass(frozen=True)
class StoredVoice:
    """What the store knows of a voice without listening to it.

    path: its folder, or the recording that was dropped into the store. recording: None for a voice that is only
    known as features, and then only to models of `family`. seconds: of the recording; one that was dropped is cut only
    when it is used. digest: of the recording as it was stored, see
    `Prompt.digest`. cache: the folder of what models hear in it. built_in: it comes with CosyVox.
    """

    id: str
    path: Path
    recording: Path | None
    cache: Path
    transcript: str | None = None
    warnings: tuple[str, ...] = ()
    family: str | None = None
    sample_rate: int | None = None
    seconds: float | None = None
    digest: str | None = None
    built_in: bool = False

    def prompt(self) -> Prompt:
        """What is cloned. A recording that is not as it was stored is prepared like a new one.

        Raises AudioError if it cannot be cloned, VoiceError if there is none.
        """
        if self.recording is None:
            raise VoiceError(f"the voice {self.id} holds no recording, only what a {self.family} needs")
        samples, rate = read_audio(self.recording)
        if self.digest is not None and len(samples) == 1:
            stored = Prompt(samples[0], rate, self.transcript, self.warnings)
            if stored.digest == self.digest:
                return stored
        return prepare_prompt(samples, rate, self.transcript)

    def make_cache(self) -> None:
        """Make the folder of the cache. Raises OSError if the voice is gone."""
        if self.path.is_file():
            self.cache.parent.mkdir(exist_ok=True)
        self.cache.mkdir(parents=self.built_in, exist_ok=True)


def write_voice(folder: Path, prompt: Prompt) -> None:
    """Fill an empty folder with a voice. Raises AudioError, OSError."""
    (folder / RECORDING).write_bytes(_flac(prompt.audio, prompt.rate))
    description = {
        "sample_rate": prompt.rate,
        "seconds": len(prompt.audio) / prompt.rate,
        "sha256": prompt.digest,
    }
    write_description(folder, prompt.transcript, prompt.warnings, description)


def write_description(folder: Path, transcript: str | None, warnings: tuple[str, ...], more: dict[str, Any]) -> None:
    """Write `voice.json`. Raises OSError."""
    description = {"format": FORMAT, "transcript": transcript, "warnings": list(warnings), **more}
    text = json.dumps(description, ensure_ascii=False, indent=2)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def read_voice(folder: Path, id: str) -> StoredVoice:
    """The voice in a folder. Raises VoiceError if it is none or is damaged."""
    fields = _description(folder / DESCRIPTION)
    recording: Path | None = folder / RECORDING
    if not (folder / RECORDING).is_file():
        if not (folder / FEATURES).is_file() or not fields.get("family"):
            raise VoiceError(f"{folder} has no {RECORDING}: put the recording back, or remove the folder")
        recording = None
    try:
        return StoredVoice(
            id=id,
            path=folder,
            recording=recording,
            cache=folder / CACHE,
            transcript=_optional(fields, "transcript", str),
            warnings=tuple(str(warning) for warning in _optional(fields, "warnings", list) or ()),
            family=_optional(fields, "family", str) if recording is None else None,
            sample_rate=_optional(fields, "sample_rate", int),
            seconds=_optional(fields, "seconds", float),
            digest=_optional(fields, "sha256", str),
        )
    except TypeError as error:
        raise VoiceError(f"{folder / DESCRIPTION} is damaged ({error}): add the voice again") from error


def read_dropped(path: Path, id: str) -> StoredVoice:
    """The voice of a recording that lies in the store, its words in a `.txt` beside it.

    Of the recording only the header is read. Raises AudioError if it is none, VoiceError for the words.
    """
    seconds, rate = audio_length(path)
    return StoredVoice(
        id=id,
        path=path,
        recording=path,
        cache=path.parent / DROPPED_CACHE / id,
        transcript=read_text(path.with_suffix(".txt")).strip() or None,
        sample_rate=rate,
        seconds=seconds,
    )


def read_text(path: Path) -> str:
    """A small file's text, empty if there is none. Raises VoiceError."""
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise VoiceError(f"{path} is too large to be the words of a recording: shorten or remove it")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeError as error:
        raise VoiceError(f"{path} is not UTF-8: save it again as UTF-8") from error
    except OSError as error:
        raise VoiceError(f"{path} cannot be read ({error.strerror}): check its permissions") from error


def _description(path: Path) -> dict[str, Any]:
    text = read_text(path)
    if not text:
        raise VoiceError(f"{path.parent} has no {path.name}: it is no voice; remove the folder, or add the voice again")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VoiceError(f"{path} is damaged ({error}): add the voice again") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise VoiceError(f"{path} does not describe a voice: add the voice again")
    if fields["format"] > FORMAT:
        raise VoiceError(f"{path} is of a newer version of CosyVox: update this one")
    return fields


def _optional(fields: dict[str, Any], name: str, kind: type) -> Any:
    value = fields.get(name)
    if kind is float and isinstance(value, int):
        return float(value)
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}")
    return value


def _flac(audio: NDArray[np.float32], rate: int) -> bytes:
    """Every bit of audio [S] that is on 24-bit steps."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioError(f"keeping voices needs libsndfile ({error}): pip install soundfile") from error
    # As integers: libsndfile scales floats by 2**23 - 1 when it writes and by 2**23 when it reads.
    steps = np.clip(np.round(audio * np.float32(STEPS)), -STEPS, STEPS - 1).astype(np.int32) << 8
    content = BytesIO()
    soundfile.write(content, steps, rate, format="FLAC", subtype="PCM_24")
    return content.getvalue()
