"""Pitch from a mel spectrogram."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYERS = 5
KERNEL = 3


class F0Predictor(nn.Module):
    """Five convolutions over time and a linear head, as trained inside HiFT.

    Computed in float64 where the device can: phase is the sum of all pitch, so that a rounding that depended on how the
    mel was cut would be heard at the end of a long utterance. In float32 the result is the same however it was cut.
    """

    reach = LAYERS * (KERNEL // 2)  # frames, on either side

    def __init__(self, mel_bins: int, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(channels if layer else mel_bins, channels, KERNEL, padding=KERNEL // 2) for layer in range(LAYERS)
        )
        self.head = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """mel [B, bins, T] -> f0 [B, T] in Hz, never negative; unvoiced frames are merely low."""
        exact = mel.dtype if mel.device.type == "mps" or torch.is_grad_enabled() else torch.float64
        x = mel.to(exact)
        for conv in self.convs:
            assert isinstance(conv, nn.Conv1d) and conv.bias is not None
            x = F.elu(F.conv1d(x, conv.weight.to(exact), conv.bias.to(exact), padding=KERNEL // 2), inplace=True)
        f0 = F.linear(x.transpose(1, 2), self.head.weight.to(exact), self.head.bias.to(exact))
        return f0.squeeze(-1).abs().to(mel.dtype)
