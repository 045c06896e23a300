"""Whisper's log-mel spectrogram (arXiv:2212.04356): what the speech tokenizer listens to."""

from __future__ import annotations

import torch
from torch import Tensor

from .mel import mel_filters

SAMPLE_RATE = 16_000
N_FFT = 400
HOP = 160
BINS = 128
DYNAMIC_RANGE = 8.0  # decades of power below the loudest point


def whisper_log_mel(audio: Tensor) -> Tensor:
    """audio [B, S] at 16 kHz, S > 200 -> [B, 128, S // 160], roughly in ±1."""
    spectrum = torch.stft(
        audio,
        n_fft=N_FFT,
        hop_length=HOP,
        window=torch.hann_window(N_FFT, device=audio.device),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    power = spectrum[..., :-1].abs().square()
    mel = (mel_filters(SAMPLE_RATE, N_FFT, BINS).to(audio.device) @ power).clamp(min=1e-10).log10()
    mel = torch.maximum(mel, mel.amax((1, 2), keepdim=True) - DYNAMIC_RANGE)
    return (mel + 4) / 4
