"""Speech as somebody else might have said it into another microphone: what an encoder must not mind.

Three voices are few; a vocal tract of another length (Jaitly and Hinton, 2013), another room and bands that are
missing (SpecAugment, arXiv:1904.08779) make many of them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.audio.mel import hz_to_mel, mel_to_hz
from ..core.audio.whisper import BINS, SAMPLE_RATE

_TRACT = 0.18  # formants are multiplied by up to 1 ± this
_COLOUR = 0.16  # of Whisper's scale, a quarter of which is a decade of power: 6 dB
_BANDS, _WIDEST = 2, 14  # how many at most, how many bins each at most
_MASKED = 0.6  # share of the utterances that have bands masked


def distorted(features: Tensor, seed: int) -> Tensor:
    """Whisper log-mel [B, 128, T], each in its own way; the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    tracts = 1 + _TRACT * (2 * torch.rand(len(features), generator=generator) - 1)
    return _masked(_coloured(_stretched(features, tracts), generator), generator)


def _stretched(features: Tensor, factors: Tensor) -> Tensor:
    """The frequency axis of every utterance multiplied by its factor; bins beyond the end repeat the last one."""
    mel_per_bin = hz_to_mel(torch.tensor(SAMPLE_RATE / 2)) / (BINS + 1)
    centres = mel_to_hz((torch.arange(BINS) + 1) * mel_per_bin)
    wanted = (hz_to_mel(centres / factors[:, None]) / mel_per_bin - 1).clamp(0, BINS - 1)  # [B, bins]
    below = wanted.floor().long().clamp(max=BINS - 2)
    share = (wanted - below)[:, :, None]
    below = below[:, :, None].expand_as(features)
    return features.gather(1, below) * (1 - share) + features.gather(1, below + 1) * share


def _coloured(features: Tensor, generator: torch.Generator) -> Tensor:
    """A smooth random equaliser."""
    curve = _COLOUR * torch.randn(len(features), 1, 6, generator=generator)
    return features + F.interpolate(curve, BINS, mode="linear", align_corners=True)[:, 0, :, None]


def _masked(features: Tensor, generator: torch.Generator) -> Tensor:
    bins = torch.arange(BINS)
    hidden = torch.zeros(len(features), BINS, dtype=torch.bool)
    for _ in range(_BANDS):
        width = torch.randint(1, _WIDEST, (len(features), 1), generator=generator)
        first = torch.randint(0, BINS, (len(features), 1), generator=generator)
        hidden |= (bins >= first) & (bins < first + width)
    hidden &= torch.rand(len(features), 1, generator=generator) < _MASKED
    return torch.where(hidden[:, :, None], features.mean((1, 2), keepdim=True), features)
