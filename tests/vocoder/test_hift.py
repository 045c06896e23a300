"""Batches, pieces, limits and refusals of the vocoder."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.vocoder import tiles
from cosyvox.core.vocoder.hift import HiFT
from parity import mel, model_config
from stages import hift
from torch import Tensor

CLOSE = {"atol": 1e-5, "rtol": 0.0}


def frames(*names: str, count: int = 20) -> Tensor:
    return torch.stack([torch.from_numpy(mel(f"tests/{name}", count)).T for name in names])


def noise(batch: int, count: int = 20) -> Tensor:
    return torch.randn(batch, 480 * count, 9, generator=torch.Generator().manual_seed(3))


@torch.inference_mode()
def test_batched_equals_single() -> None:
    """Stage by stage: the source sums up pitch, and so a rounding of f0 grows with time."""
    vocoder, mels, drawn = hift("small"), frames("a", "b", "c"), noise(3)
    f0 = vocoder.f0(mels)
    source = vocoder.source(f0, drawn)
    audio = vocoder.decode(mels, source)
    assert audio.shape == (3, 9600)
    for index in range(3):
        one = slice(index, index + 1)
        torch.testing.assert_close(f0[one], vocoder.f0(mels[one]), atol=1e-3, rtol=0.0)  # Hz, as the golden figures
        torch.testing.assert_close(source[one], vocoder.source(f0[one], drawn[one]), **CLOSE)
        torch.testing.assert_close(audio[one], vocoder.decode(mels[one], source[one]), **CLOSE)
    torch.testing.assert_close(vocoder(mels, drawn), audio, **CLOSE)


@torch.inference_mode()
def test_in_tiles_equals_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of 480 samples, so that every stage but the first has many, and the last one is a fragment."""
    vocoder, mels, drawn = hift("small"), frames("a", "b", count=50), noise(2, 50)
    monkeypatch.setattr(tiles, "TILE", 2**40)
    whole = vocoder(mels, drawn)
    monkeypatch.setattr(tiles, "TILE", 1)
    torch.testing.assert_close(vocoder(mels, drawn), whole, **CLOSE)


@torch.inference_mode()
def test_one_frame_is_enough() -> None:
    audio = hift("small")(frames("a", count=1), noise(1, 1))
    assert audio.shape == (1, 480)
    assert audio.isfinite().all()


@torch.inference_mode()
def test_audio_is_limited() -> None:
    loud = hift("small").decode(frames("a"), torch.full((1, 9600), 60.0))
    assert loud.abs().max() == pytest.approx(0.99, abs=1e-6)


@torch.inference_mode()
def test_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    hift("small")(frames("a"), noise(1))
    assert torch.equal(torch.get_rng_state(), before)


@torch.inference_mode()
def test_inputs_are_left_alone() -> None:
    mels, drawn = frames("a"), noise(1)
    source = hift("small").source(hift("small").f0(mels), drawn)
    copies = [tensor.clone() for tensor in (mels, drawn, source)]
    hift("small")(mels, drawn)
    hift("small").decode(mels, source)
    assert all(torch.equal(*pair) for pair in zip((mels, drawn, source), copies, strict=True))


@pytest.mark.parametrize("shape", [(1, 20, 80), (80, 20), (1, 80, 0)])
def test_a_misshapen_mel_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mel has shape"):
        hift("small").f0(torch.zeros(shape))
    with pytest.raises(ValueError, match="mel has shape"):
        hift("small").decode(torch.zeros(shape), torch.zeros(1, 9600))


@pytest.mark.parametrize("shape", [(1, 9600), (1, 9, 9600), (1, 9599, 9), (2, 9600, 9)])
def test_misshapen_noise_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="noise has shape"):
        hift("small").source(torch.zeros(1, 20), torch.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 1, 9600), (1, 9599), (2, 9600)])
def test_a_misshapen_source_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="source has shape"):
        hift("small").decode(frames("a"), torch.zeros(shape))


def test_construction_needs_no_memory() -> None:
    with torch.device("meta"):
        vocoder = HiFT(model_config("full").vocoder)
    assert all(tensor.is_meta for tensor in vocoder.state_dict().values())
    assert not list(vocoder.buffers())  # a buffer would stay on the meta device: no checkpoint has it


def test_gradients() -> None:
    """What is overwritten for speed must not be what a gradient needs: training gives the slope that is there."""
    vocoder, mels, drawn = hift("small"), frames("a", count=6), noise(1, 6)
    direction = torch.randn(mels.shape, generator=torch.Generator().manual_seed(5))

    def level(shift: float) -> Tensor:
        return vocoder.decode(mels + shift * direction, source).square().mean()

    source = vocoder.source(vocoder.f0(mels), drawn).detach()
    moved = mels.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(vocoder.decode(moved, source).square().mean(), moved)
    slope = (level(1e-3) - level(-1e-3)) / 2e-3
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=2e-2, atol=0.0)
