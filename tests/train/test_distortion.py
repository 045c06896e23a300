"""Features as another speaker, room and microphone would have made them."""

from __future__ import annotations

import torch
from cosyvox.core.audio.mel import hz_to_mel, mel_to_hz
from cosyvox.core.audio.whisper import BINS, SAMPLE_RATE
from cosyvox.train import distortion
from cosyvox.train.distortion import distorted


def centre(index: torch.Tensor) -> torch.Tensor:
    """Of a bin, in Hz."""
    return mel_to_hz((index + 1) * hz_to_mel(torch.tensor(SAMPLE_RATE / 2)) / (BINS + 1))


def test_a_seed_is_a_distortion() -> None:
    features = torch.randn(4, BINS, 20)
    assert torch.equal(distorted(features, 1), distorted(features, 1))
    assert not torch.equal(distorted(features, 1), distorted(features, 2))
    same = distorted(features[:1].expand(4, -1, -1), 1)
    assert not torch.equal(same[0], same[1]), "each utterance in its own way"


def test_a_longer_vocal_tract_moves_a_formant() -> None:
    """A peak at 2 kHz, multiplied."""
    peak = torch.exp(-((centre(torch.arange(BINS)) / 2000 - 1) ** 2) * 200)
    features = peak[None, :, None].expand(3, -1, 5)
    stretched = distortion._stretched(features, torch.tensor([0.85, 1.0, 1.18]))
    moved = centre(stretched[:, :, 0].argmax(1))
    torch.testing.assert_close(moved, torch.tensor([1700.0, 2000.0, 2360.0]), rtol=0.02, atol=0.0)
    torch.testing.assert_close(stretched[1], features[1], rtol=0.0, atol=1e-4)


def test_time_is_left_alone() -> None:
    """Whatever is done to a frame is done to all."""
    features = torch.randn(3, BINS, 1).expand(-1, -1, 7)
    found = distorted(features, 5)
    torch.testing.assert_close(found, found[:, :, :1].expand_as(found))
