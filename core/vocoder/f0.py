"""Pitch from a mel spectrogram."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

LAYERS = 5
KERNEL = 3


class F0Predictor(nn.Module):
    """Five convolutions over time and a linear head, as trained inside HiFT."""

    def __init__(self, mel_bins: int, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(channels if layer else mel_bins, channels, KERNEL, padding=KERNEL // 2) for layer in range(LAYERS)
        )
        self.head = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """mel [B, bins, T] -> f0 [B, T] in Hz, never negative; unvoiced frames are merely low."""
        x = mel
        for conv in self.convs:
            x = F.elu(conv(x), inplace=True)
        return self.head(x.transpose(1, 2)).squeeze(-1).abs()
