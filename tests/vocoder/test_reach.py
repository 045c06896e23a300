"""What some audio depends on is exactly what is said: no frame less, and no frame that is waited for in vain."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.vocoder.reach import Span
from parity import mel
from stages import enveloped, hift
from torch import Tensor

FRAMES, FIRST, STOP = 80, 38, 41

KINDS = pytest.mark.parametrize(
    "make", [lambda: hift("small"), lambda: hift("full"), enveloped], ids=["small", "full", "envelope"]
)


def around(gradient: Tensor, unit: int) -> Span:
    """Where a gradient [..., L] is not zero, as a span around the audio's frames of `unit` places each."""
    (places,) = torch.nonzero(gradient.reshape(-1, gradient.shape[-1]).abs().sum(0), as_tuple=True)
    return int(places[0]) - FIRST * unit, int(places[-1]) + 1 - STOP * unit


def inputs(hop: int) -> tuple[Tensor, Tensor]:
    frames = torch.from_numpy(mel("tests/reach", FRAMES)).T[None].clone()
    source = 0.1 * torch.randn(1, FRAMES * hop, generator=torch.Generator().manual_seed(5))
    return frames.requires_grad_(), source.requires_grad_()


@KINDS
def test_of_the_filter(make: Callable[[], HiFT]) -> None:
    vocoder = make()
    hop = vocoder.config.samples_per_frame
    frames, source = inputs(hop)
    # Squared, for a gradient of some size at every sample; not limited, since what is clipped has none.
    vocoder.generator(frames, source, FIRST, STOP).square().sum().backward()
    assert frames.grad is not None and source.grad is not None
    assert around(frames.grad, 1) == vocoder.generator.reach.mel
    assert around(source.grad, hop) == vocoder.generator.reach.source


@KINDS
def test_of_the_whole(make: Callable[[], HiFT]) -> None:
    """Through pitch and source too: to the last of the frames that are held back."""
    vocoder = make()
    hop = vocoder.config.samples_per_frame
    frames, _ = inputs(hop)
    drawn = torch.randn(1, FRAMES * hop, vocoder.config.harmonics + 1, generator=torch.Generator().manual_seed(6))
    source = vocoder.source(vocoder.f0(frames), drawn)
    vocoder.generator(frames, source, FIRST, STOP).square().sum().backward()
    assert frames.grad is not None
    assert around(frames.grad, 1)[1] == vocoder.holdback


@pytest.mark.parametrize("span", [(0, 1), (0, 7), (30, 31), (60, 80), (0, 80)])
@KINDS
@torch.inference_mode()
def test_some_frames_are_those_of_the_whole(make: Callable[[], HiFT], span: Span) -> None:
    vocoder = make()
    hop = vocoder.config.samples_per_frame
    frames, source = inputs(hop)
    first, stop = span
    part = vocoder.decode(frames, source, first, stop)
    whole = vocoder.decode(frames, source)
    torch.testing.assert_close(part, whole[:, first * hop : stop * hop], atol=1e-5, rtol=0.0)


def test_at_the_published_size() -> None:
    assert (hift("full").context, hift("full").holdback) == (15, 20)
