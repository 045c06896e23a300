"""A waveform that is made while its mel arrives is the waveform of the whole."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
import torch
from cosyvox.core import noise
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.vocoder.stream import VocoderStream
from parity import mel
from stages import enveloped
from stages import hift as seeded
from torch import Tensor

CLOSE = {"atol": 1e-5, "rtol": 0.0}
FRAMES = 120
FILTERS = {"neural": lambda: seeded("small"), "envelope": enveloped}


def draws(hift: HiFT, first: int, count: int) -> Tensor:
    channels = hift.config.harmonics + 1
    key = noise.key(noise.seed(7, torch.device("cpu")), 1)
    return noise.normal(key, first * channels, count * channels).view(1, count, channels)


@cache
def whole(which: str, name: str, count: int) -> Tensor:
    hift, frames = FILTERS[which](), torch.from_numpy(mel(name, count))
    return hift(frames.T[None], draws(hift, 0, count * hift.config.samples_per_frame))[0]


def streamed(hift: HiFT, frames: Tensor, piece: int) -> list[Tensor]:
    stream = VocoderStream(hift, lambda first, count: draws(hift, first, count))
    return [*(stream.feed(part) for part in frames.split(piece)), stream.finish()]


@pytest.mark.parametrize("piece", [3, 7, 50, 119, 120])
@pytest.mark.parametrize("which", FILTERS)
@torch.inference_mode()
def test_streamed_equals_whole(which: str, piece: int) -> None:
    frames = torch.from_numpy(mel("tests/vocoder", FRAMES))
    made = torch.cat(streamed(FILTERS[which](), frames, piece))
    torch.testing.assert_close(made, whole(which, "tests/vocoder", FRAMES), **CLOSE)


@torch.inference_mode()
def test_full_size() -> None:
    hift, frames = seeded("full"), torch.from_numpy(mel("tests/full", 60))
    made = torch.cat(streamed(hift, frames, 40))
    torch.testing.assert_close(made, hift(frames.T[None], draws(hift, 0, 60 * 480))[0], **CLOSE)


@pytest.mark.parametrize("which", FILTERS)
@torch.inference_mode()
def test_no_step_where_pieces_meet(which: str) -> None:
    parts = [
        part for part in streamed(FILTERS[which](), torch.from_numpy(mel("tests/vocoder", FRAMES)), 10) if len(part)
    ]
    inside = max(float(part.diff().abs().max()) for part in parts)
    joins = [float((after[0] - before[-1]).abs()) for before, after in pairwise(parts)]
    assert len(joins) > 5
    assert max(joins) <= inside


@pytest.mark.parametrize("which", FILTERS)
@torch.inference_mode()
def test_what_waits_is_what_may_change(which: str) -> None:
    """All but the last `holdback` frames are spoken; they are the same whatever follows."""
    hift = FILTERS[which]()
    one, other = torch.from_numpy(mel("tests/one", FRAMES)), torch.from_numpy(mel("tests/other", FRAMES))
    other[:60] = one[:60]
    first, second = streamed(hift, one, 60)[0], streamed(hift, other, 60)[0]
    assert torch.equal(first, second)
    assert len(first) == (60 - hift.holdback) * hift.config.samples_per_frame > 0


@pytest.mark.parametrize("which", FILTERS)
@torch.inference_mode()
def test_short_and_nothing(which: str) -> None:
    hift = FILTERS[which]()
    made = torch.cat(streamed(hift, torch.from_numpy(mel("tests/short", 5)), 2))
    torch.testing.assert_close(made, whole(which, "tests/short", 5), **CLOSE)
    assert len(VocoderStream(hift, lambda first, count: draws(hift, first, count)).finish()) == 0
