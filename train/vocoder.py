"""HiFT, small: mel to waveform.

Its pitch predictor is always learnt. Its filter is where the configuration has one to be learnt: with the true pitch in
the source, by spectral distances at three resolutions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.audio.mel import mel_spectrogram
from ..core.vocoder.config import HiFTConfig
from ..core.vocoder.generator import Generator, ResBlock
from ..core.vocoder.hift import HiFT
from .config import MEL
from .corpus import HOP, Corpus
from .loop import train

_FRAMES = 25  # per segment: half a second
_MARGIN = 3  # frames on either side, so that the segment's mel is that of the whole utterance
_RESOLUTIONS = ((512, 120), (1024, 240), (2048, 480))  # FFT size and hop


def initialise(vocoder: HiFT) -> None:
    """Weights to start from: the residual paths near silence, Snake's frequency 1, a source that is its fundamental."""
    for module in vocoder.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            nn.init.kaiming_normal_(module.weight, a=0.1)
            assert module.bias is not None
            nn.init.zeros_(module.bias)
        elif isinstance(module, ResBlock):
            nn.init.ones_(module.alpha)
    for module in vocoder.modules():
        if isinstance(module, ResBlock):
            for conv in (*module.dilated, *module.plain):
                assert isinstance(conv, nn.Conv1d)
                nn.init.normal_(conv.weight, std=0.3 / np.sqrt(conv.in_channels * conv.kernel_size[0]))
    nn.init.constant_(vocoder.f0_predictor.head.bias, 1.0)
    # The sum of all harmonics is a pulse; it must stay where tanh is nearly straight.
    nn.init.constant_(vocoder.harmonic_source.merge.weight, 0.64 / (vocoder.config.harmonics + 1) ** 0.5)
    nn.init.zeros_(vocoder.harmonic_source.merge.bias)
    if isinstance(vocoder.generator, Generator):
        nn.init.normal_(vocoder.generator.post.weight, std=0.01)
        assert vocoder.generator.post.bias is not None
        with torch.no_grad():
            vocoder.generator.post.bias[: vocoder.config.n_fft // 2 + 1].fill_(-3.0)


def train_vocoder(config: HiFTConfig, corpus: Corpus, checkpoint: Path, *, steps: int, batch: int, seed: int) -> HiFT:
    torch.manual_seed(seed)
    vocoder = HiFT(config)
    initialise(vocoder)

    def losses(step: int) -> dict[str, Tensor]:
        audio, mel, pitch = _batch(corpus, batch, seed + step)
        voiced = (pitch > 0).float()
        heard = vocoder.f0(mel) / 100
        # An unvoiced frame must come out below the threshold of voicing; where, does not matter.
        pitch_loss = (voiced * (heard - pitch / 100).abs() + (1 - voiced) * F.relu(heard - 0.05)).mean()
        if config.envelope is not None:
            return {"pitch": pitch_loss}
        noise = torch.randn(batch, audio.shape[1], config.harmonics + 1, generator=_generator(seed + step))
        spoken = vocoder.decode(mel, vocoder.source(pitch, noise))
        return {"spectrum": spectral_distance(spoken, audio), "pitch": pitch_loss}

    train(vocoder, losses, checkpoint, steps=steps, rate=1e-3, weight_decay=0.0, clip=5.0, betas=(0.8, 0.99))
    return vocoder


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _batch(corpus: Corpus, size: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Segments by chance: audio [B, S], mel [B, bins, T], pitch [B, T]."""
    random = np.random.default_rng(seed)
    audios, mels, pitches = [], [], []
    for first in random.integers(_MARGIN, len(corpus.f0) - _FRAMES - _MARGIN, size):
        wide = torch.from_numpy(corpus.frames(first - _MARGIN, first + _FRAMES + _MARGIN))
        wide = wide * float(random.uniform(0.5, 1.1))
        mels.append(mel_spectrogram(wide[None], MEL)[0, :, _MARGIN:-_MARGIN])
        audios.append(wide[_MARGIN * HOP : -_MARGIN * HOP])
        pitches.append(torch.from_numpy(np.array(corpus.f0[first : first + _FRAMES])))
    return torch.stack(audios), torch.stack(mels), torch.stack(pitches)


def spectral_distance(spoken: Tensor, audio: Tensor) -> Tensor:
    """Of two signals [B, S]: of their log-mels, and at each resolution as in Parallel WaveGAN (arXiv:1910.11480)."""
    total = (mel_spectrogram(spoken, MEL) - mel_spectrogram(audio, MEL)).abs().mean()
    for size, hop in _RESOLUTIONS:
        ours, theirs = _magnitude(spoken, size, hop), _magnitude(audio, size, hop)
        total = total + (theirs - ours).norm() / theirs.norm() / len(_RESOLUTIONS)
        total = total + (theirs.log() - ours.log()).abs().mean() / len(_RESOLUTIONS)
    return total


def _magnitude(signal: Tensor, size: int, hop: int) -> Tensor:
    window = torch.hann_window(size, device=signal.device)
    spectrum = torch.stft(signal, size, hop, window=window, return_complex=True)
    return (torch.view_as_real(spectrum).square().sum(-1) + 1e-7).sqrt()
