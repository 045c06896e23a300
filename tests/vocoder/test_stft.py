"""The transforms equal torch's."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.vocoder.stft import istft, stft
from torch import Tensor

SIZES = pytest.mark.parametrize(("n_fft", "hop", "frames"), [(16, 4, 1), (16, 4, 3), (16, 4, 121), (32, 8, 40)])


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


@SIZES
def test_stft(n_fft: int, hop: int, frames: int) -> None:
    signal = numbers(2, n_fft + frames * hop)
    official = torch.stft(signal, n_fft, hop, window=torch.hann_window(n_fft), return_complex=True)
    expected = torch.cat([official.real, official.imag], 1)
    torch.testing.assert_close(stft(signal, n_fft, hop), expected, atol=1e-5, rtol=0.0)


@SIZES
def test_istft(n_fft: int, hop: int, frames: int) -> None:
    """Of any spectrum, also of one that no signal has."""
    spectrum = numbers(2, n_fft + 2, frames + 1)
    official = torch.complex(*spectrum.chunk(2, 1))
    expected = torch.istft(official, n_fft, hop, window=torch.hann_window(n_fft))
    torch.testing.assert_close(istft(spectrum, n_fft, hop), expected, atol=1e-5, rtol=0.0)


def test_there_and_back() -> None:
    signal = numbers(2, 480)
    torch.testing.assert_close(istft(stft(signal, 16, 4), 16, 4), signal, atol=1e-5, rtol=0.0)
