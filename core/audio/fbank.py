"""Kaldi's log-mel filter bank, without dither: what the speaker encoder listens to.

The defaults of `compute-fbank-feats` (https://kaldi-asr.org/doc/feat.html) but for the 80 bins.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

SAMPLE_RATE = 16_000
BINS = 80
FRAME = 400  # 25 ms
HOP = 160
N_FFT = 512
LOW_HZ = 20.0
PREEMPHASIS = 0.97


def fbank(audio: Tensor) -> Tensor:
    """audio [S] at 16 kHz, S >= 400 -> natural-log mel energies [1 + (S - 400) // 160, 80]."""
    frames = audio.unfold(0, FRAME, HOP)  # [T, FRAME]
    frames = frames - frames.mean(1, keepdim=True)
    previous = pad(frames[:, None], (1, 0), mode="replicate")[:, 0, :-1]
    # Povey's window: close to a Hamming window, but zero at the ends.
    window = torch.hann_window(FRAME, periodic=False, device=audio.device) ** 0.85
    power = torch.fft.rfft((frames - PREEMPHASIS * previous) * window, n=N_FFT).abs().square()
    return (power @ _filters().to(audio.device).T).clamp(min=torch.finfo(torch.float32).eps).log()


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """[BINS, N_FFT // 2 + 1]: triangles in mel, not in Hz, of unit height."""
    low, high = _mel(torch.tensor([LOW_HZ, SAMPLE_RATE / 2], dtype=torch.float64)).tolist()
    edges = torch.linspace(low, high, BINS + 2, dtype=torch.float64)
    mel = _mel(torch.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1, dtype=torch.float64))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (mel - left) / (centre - left)
    falling = (right - mel) / (right - centre)
    return torch.minimum(rising, falling).clamp(min=0).float()


def _mel(hz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hz / 700.0)
