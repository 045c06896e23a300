"""What AUDIO must be so that every node of ComfyUI takes it."""

from __future__ import annotations

from typing import Any

import torch


def check_audio(audio: Any) -> None:
    """{"waveform": [B, C, T] float32 on the CPU, finite and in ±1, "sample_rate": int}, none of them empty."""
    assert isinstance(audio, dict) and set(audio) == {"waveform", "sample_rate"}, audio
    waveform, rate = audio["waveform"], audio["sample_rate"]
    assert type(rate) is int and rate > 0, rate
    assert isinstance(waveform, torch.Tensor) and waveform.dtype == torch.float32, waveform
    assert waveform.device.type == "cpu" and not waveform.requires_grad
    assert waveform.ndim == 3 and all(waveform.shape), waveform.shape
    assert torch.isfinite(waveform).all() and waveform.abs().max() <= 1.0
