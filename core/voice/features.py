"""What a model heard in a recording, as a safetensors file beside it.

Where there is a recording it is a cache: the file tells which recording and which model it is of, and is made
again when either is another. Some voices come as nothing but this; then the file is the voice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import RequestError, StorageError, VoiceError
from ..storage import write_file
from .prompt import Prompt
from .stored import FEATURES, StoredVoice, write_description, write_voice
from .voice import Voice

if TYPE_CHECKING:
    from .frontend import FrontEnd

_SPEECH_TOKENS, _MEL, _X_VECTOR, _ORIGIN = "speech_tokens", "mel", "x_vector", "origin"
MAX_BYTES = 64 << 20


def recall(stored: StoredVoice, front_end: FrontEnd) -> Voice:
    """The voice that was stored, as a model hears it.

    Raises VoiceError if it is damaged, AudioError if its recording cannot be cloned, RequestError if it is bound to
    another family, CheckpointError if an encoder is missing or damaged.
    """
    if stored.recording is None:
        return _bound(stored, front_end.family)
    prompt = stored.prompt()
    origin = f"{prompt.digest} heard by {front_end.fingerprint}"
    path = stored.cache / f"{front_end.family}-{front_end.fingerprint[:8]}.safetensors"
    with suppress(OSError, VoiceError):
        cached = read_features(path, origin)
        return replace(
            cached,
            name=stored.id,
            family=front_end.family,
            recording=prompt.audio,
            sample_rate=prompt.rate,
            transcript=prompt.transcript,
            warnings=prompt.warnings,
        )
    voice = front_end.voice(prompt, stored.id)
    with suppress(OSError, StorageError):  # the voice may have been removed meanwhile, or nothing can be written here
        stored.make_cache()
        write_file(path, features_file(voice, origin), replace=True)
    return voice


def features_file(voice: Voice, origin: str = "") -> bytes:
    """The content of a file that holds a voice's features, and where they come from: always the same bytes."""
    from safetensors.numpy import save

    arrays = {_SPEECH_TOKENS: voice.speech_tokens, _MEL: voice.mel, _X_VECTOR: voice.x_vector}
    # One entry at most: safetensors writes several in an order that changes from call to call.
    metadata = {_ORIGIN: origin} if origin else None
    content: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)
    return content


def read_features(path: Path, origin: str = "") -> Voice:
    """A voice of which nothing but its features is known.

    origin: what the file must say of itself; empty takes any. Raises OSError, and VoiceError if the file is damaged
    or of another origin.
    """
    from safetensors import SafetensorError, safe_open

    if path.stat().st_size > MAX_BYTES:
        raise VoiceError(f"{path} is larger than any voice: remove it")
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            tokens, mel, x_vector = (file.get_tensor(name) for name in (_SPEECH_TOKENS, _MEL, _X_VECTOR))
    except (SafetensorError, TypeError, ValueError) as error:
        raise VoiceError(f"{path} is damaged ({error}): add the voice again") from error
    if origin and metadata.get(_ORIGIN) != origin:
        raise VoiceError(f"{path} is of another recording or model")
    voice = Voice("", "", np.zeros(0, np.float32), 0, tokens, mel, x_vector)
    check_features(voice, str(path))
    return voice


def check_features(voice: Voice, source: str) -> None:
    """Raises VoiceError if these are not the features of any voice."""
    tokens, mel, x_vector = voice.speech_tokens, voice.mel, voice.x_vector
    if (
        [array.dtype.name for array in (tokens, mel, x_vector)] != ["int32", "float32", "float32"]
        or (tokens.ndim, mel.ndim, x_vector.ndim) != (1, 2, 1)
        or (len(mel) % len(tokens) if len(tokens) else len(mel))
        or not (tokens >= 0).all()
        or not (np.isfinite(mel).all() and np.isfinite(x_vector).all())
    ):
        raise VoiceError(f"{source} does not hold the features of a voice: add the voice again")


def fill(folder: Path, source: Prompt | Voice) -> None:
    """Write a voice into an empty folder: its recording, or its features if it has none."""
    if isinstance(source, Prompt):
        write_voice(folder, source)
    elif len(source.recording):
        write_voice(folder, Prompt(source.recording, source.sample_rate, source.transcript, source.warnings))
    else:
        check_features(source, source.name)
        (folder / FEATURES).write_bytes(features_file(source))
        write_description(folder, source.transcript, source.warnings, {"family": source.family})


def _bound(stored: StoredVoice, family: str) -> Voice:
    if stored.family != family:
        raise RequestError(
            f"the voice {stored.id} holds no recording, only what a {stored.family} needs, and this model is {family}: "
            f"choose a model of {stored.family}, or a voice with a recording"
        )
    try:
        features = read_features(stored.path / FEATURES)
    except OSError as error:
        raise VoiceError(f"the voice {stored.id} is incomplete ({error}): import it again") from error
    return replace(features, name=stored.id, family=family, transcript=stored.transcript, warnings=stored.warnings)
