"""A waveform that is made while its mel arrives is the waveform of the whole."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core import noise
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.vocoder.stream import VocoderStream
from parity import mel
from stages import hift as seeded

CLOSE = {"atol": 1e-5, "rtol": 0.0}
FRAMES = 120


def draws(hift: HiFT, first: int, count: int) -> torch.Tensor:
    channels = hift.config.harmonics + 1
    key = noise.key(noise.seed(7, torch.device("cpu")), 1)
    return noise.normal(key, first * channels, count * channels).view(1, count, channels)


def whole(hift: HiFT, frames: torch.Tensor) -> torch.Tensor:
    samples = len(frames) * hift.config.samples_per_frame
    return hift(frames.T[None], draws(hift, 0, samples))[0]


def streamed(hift: HiFT, frames: torch.Tensor, piece: int) -> list[torch.Tensor]:
    stream = VocoderStream(hift, lambda first, count: draws(hift, first, count))
    return [*(stream.feed(part) for part in frames.split(piece)), stream.finish()]


@pytest.mark.parametrize("piece", [1, 7, 50, 119, 120])
@torch.inference_mode()
def test_streamed_equals_whole(piece: int) -> None:
    hift, frames = seeded("small"), torch.from_numpy(mel("tests/vocoder", FRAMES))
    made = torch.cat(streamed(hift, frames, piece))
    torch.testing.assert_close(made, whole(hift, frames), **CLOSE)


@torch.inference_mode()
def test_what_waits_is_what_may_change() -> None:
    """All but the frames within reach of the end are spoken; they are the same whatever follows."""
    hift = seeded("small")
    one, other = torch.from_numpy(mel("tests/one", FRAMES)), torch.from_numpy(mel("tests/other", FRAMES))
    other[:60] = one[:60]
    first, second = streamed(hift, one, 60)[0], streamed(hift, other, 60)[0]
    assert torch.equal(first, second)
    assert len(first) == (60 - hift.reach - 6) * hift.config.samples_per_frame > 0


@torch.inference_mode()
def test_short_and_nothing() -> None:
    hift = seeded("small")
    frames = torch.from_numpy(mel("tests/short", 5))
    torch.testing.assert_close(torch.cat(streamed(hift, frames, 2)), whole(hift, frames), **CLOSE)
    assert len(VocoderStream(hift, lambda first, count: draws(hift, first, count)).finish()) == 0
