"""Official `spk2info.pt` files: speakers as dictionaries of tensors, written by torch.save.

A preset speaker has an "embedding" [1, 192]. One that was added from a prompt has "prompt_text" [1, L] ids,
"flow_prompt_speech_token" [1, N], "prompt_speech_feat" [1, T, 80] and "flow_embedding" [1, 192].
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelNotFound, VoiceError
from ..families import FAMILIES, Family
from ..hub.found import find_model
from .features import check_features
from .ids import check_id
from .transcript import misfit
from .voice import Voice

MEL_BINS = 80
TOKEN_SECONDS = 0.04
NO_WORDS = "its words could not be read without its model: import it again with --model DIR for a closer likeness"


def read_spk2info(path: Path, model: str | os.PathLike[str] | None = None) -> dict[str, Voice]:
    """Every speaker of the file as a voice without a recording.

    model: the folder or name of the model that the file belongs to, if it does not lie in it.
    Raises VoiceError if it holds more than tensors, is damaged, or a speaker cannot be used; ModelNotFound.
    """
    speakers = _load(path)
    family, tokenizer = _model(path.parent if model is None else find_model(model), must=model is not None)
    return {check_id(str(id)): _voice(str(id), speaker, family, tokenizer, path) for id, speaker in speakers.items()}


def _load(path: Path) -> Mapping[str, Mapping[str, Any]]:
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise VoiceError(
            f"{path} holds more than tensors, so it was not opened: it may carry code; do not use it"
        ) from error
    except (RuntimeError, ValueError, OSError, EOFError, KeyError, IndexError, AttributeError, TypeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise VoiceError(f"{path} is damaged or of another kind ({reason}): save it again") from error
    if not isinstance(content, dict) or not all(isinstance(speaker, dict) for speaker in content.values()):
        raise VoiceError(f"{path} holds no speakers by name: it is another kind of file")
    if not content:
        raise VoiceError(f"{path} holds no speakers")
    return content


def _model(folder: Path, must: bool) -> tuple[Family, Any]:
    """The family of the model in a folder, and its tokenizer; without a model the first family, and None."""
    from ..checkpoint import open_folder
    from ..text.tokenizer import Tokenizer

    try:
        family = open_folder(folder).family
        return family, Tokenizer(family.path(folder, "tokenizer"), family.control_tokens)
    except ModelNotFound:
        if must:
            raise
        return FAMILIES[0], None


def _voice(id: str, speaker: Mapping[str, Any], family: Family, tokenizer: Any, path: Path) -> Voice:
    source = f"the speaker {id} of {path}"
    x_vector = _array(speaker, ("flow_embedding", "embedding"), np.float32, source)
    tokens = _array(speaker, ("flow_prompt_speech_token",), np.int32, source)
    mel = _array(speaker, ("prompt_speech_feat",), np.float32, source)
    if not x_vector.size or x_vector.size > 4096:
        raise VoiceError(f"{source} has no embedding: it is of another kind of file")
    if mel.size % MEL_BINS:
        raise VoiceError(f"{source} has a mel of {mel.size} values, not {MEL_BINS} to a frame")
    ids = _array(speaker, ("prompt_text",), np.int32, source)
    if ids.min(initial=0) < 0:
        raise VoiceError(f"{source} has a prompt_text that is no text: it is of another kind of file")
    transcript, warnings = None, []
    if ids.size and tokenizer is None:
        warnings.append(f"the voice {id} is only taken for its timbre: {NO_WORDS}")
    elif ids.size:
        transcript = tokenizer.decode(ids.reshape(-1).tolist()).strip() or None
    if transcript and (wrong := misfit(transcript, tokens.size * TOKEN_SECONDS)):
        warnings.append(wrong)
    voice = Voice(
        name=id,
        family=family.name,
        recording=np.zeros(0, np.float32),
        sample_rate=0,
        speech_tokens=tokens.reshape(-1),
        mel=mel.reshape(-1, MEL_BINS),
        x_vector=x_vector.reshape(-1),
        transcript=transcript,
        warnings=tuple(warnings),
    )
    check_features(voice, source)
    return voice


def _array(speaker: Mapping[str, Any], keys: tuple[str, ...], dtype: type, source: str) -> NDArray[Any]:
    """The first tensor there is, as an array; empty if there is none."""
    import torch

    for key in keys:
        value = speaker.get(key)
        if value is None:
            continue
        if not isinstance(value, torch.Tensor) or not _holds_numbers(value):
            raise VoiceError(f"{source} has no numbers for its {key}: it is of another kind of file")
        wanted = torch.float32 if dtype is np.float32 else torch.int32
        return value.detach().to(wanted).numpy()
    return np.zeros(0, dtype)


def _holds_numbers(tensor: Any) -> bool:
    import torch

    return tensor.layout == torch.strided and not (tensor.is_complex() or tensor.is_quantized or tensor.is_meta)
