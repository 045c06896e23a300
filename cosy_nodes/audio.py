"""ComfyUI's AUDIO as core's samples, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..core import AudioError


def samples_in(audio: Any, what: str) -> tuple[list[NDArray[np.float32]], int]:
    """AUDIO -> the samples [C, S] of each item of its batch, and their rate in Hz. what: its name in messages.

    Taken as ComfyUI's own nodes take it: also without a batch, without channels, or as integers. Raises AudioError.
    """
    if audio is None:
        raise AudioError(f"{what} is empty: the clip that it comes from may have no sound; link another one")
    waveform, rate = _fields(audio, what)
    if not 1 <= waveform.ndim <= 3:
        raise AudioError(f"{what} has the shape {tuple(waveform.shape)}: ComfyUI's audio is [batch, channels, samples]")
    if not waveform.numel():
        raise AudioError(f"{what} holds no samples: check the node that it comes from")
    full = 1.0 if waveform.is_floating_point() else -float(torch.iinfo(waveform.dtype).min)
    batch = (waveform.detach().to("cpu", torch.float32) / full).reshape(-1, *waveform.shape[-2:])
    if waveform.ndim == 1:
        batch = batch.reshape(1, 1, -1)
    return [np.array(item.numpy()) for item in batch], rate


def audio_out(batch: Sequence[NDArray[np.float32]], rate: int) -> dict[str, Any]:
    """Samples [S] or [C, S] in ±1 of each item, at `rate` Hz -> AUDIO; shorter items end in silence."""
    items = [np.atleast_2d(item) for item in batch]
    length = max(item.shape[-1] for item in items)
    padded = [np.pad(item, ((0, 0), (0, length - item.shape[-1]))) for item in items]
    waveform = torch.from_numpy(np.stack(padded).astype(np.float32, copy=False))
    return {"waveform": waveform.clamp(-1.0, 1.0).contiguous(), "sample_rate": int(rate)}


def _fields(audio: Any, what: str) -> tuple[torch.Tensor, int]:
    try:
        waveform, rate = audio["waveform"], int(audio["sample_rate"])
    except (KeyError, TypeError, ValueError) as error:
        raise AudioError(f"{what} is no audio ({type(audio).__name__}): link an AUDIO output") from error
    if not isinstance(waveform, torch.Tensor):
        raise AudioError(f"{what} holds a {type(waveform).__name__} and no tensor: check the node that it comes from")
    return waveform, rate
