"""The vocoder of a mel that is still arriving: the waveform of the whole, piece after piece.

HiFT looks both ways, a limited number of frames. So a piece is computed with what it depends on around it, which is
thrown away, and the last `HiFT.holdback` frames wait until what follows is there; phase and noise go on where they
were. Nothing is faded into anything.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .hift import HiFT

# Standard normal numbers for some samples of the source, given the first sample and how many: [1, S, harmonics + 1].
Noise = Callable[[int, int], Tensor]


class VocoderStream:
    """One utterance: `feed` mel as it comes, `finish` at the end. Not to be shared between threads.

    All counts are of frames since the beginning: what is kept begins at `_begin`, is `_spoken` up to there, and has a
    pitch further than that.
    """

    def __init__(self, vocoder: HiFT, noise: Noise) -> None:
        self._vocoder, self._noise = vocoder, noise
        device = next(vocoder.parameters()).device
        self._begin = self._spoken = 0
        self._mel = torch.zeros(1, vocoder.config.mel_bins, 0, device=device)
        self._f0 = torch.zeros(1, 0, device=device)
        self._ticks = torch.zeros(1, dtype=torch.int64, device=device)  # phase in front of what is kept

    def feed(self, mel: Tensor) -> Tensor:
        """mel [T, bins] -> the audio [S] that nothing to come can change any more; often of fewer frames than T."""
        self._mel = torch.cat((self._mel, mel.T[None]), 2)
        return self._speak(self._begin + self._mel.shape[2] - self._vocoder.holdback, final=False)

    def finish(self) -> Tensor:
        """The rest of the audio [S]; nothing may be fed afterwards."""
        return self._speak(self._begin + self._mel.shape[2], final=True)

    def _speak(self, stop: int, *, final: bool) -> Tensor:
        """The audio up to `stop`."""
        if stop <= self._spoken:
            return self._mel.new_zeros(0)
        vocoder, begin = self._vocoder, self._begin
        self._hear(stop if final else stop + vocoder.lookahead)
        source = self._source()  # one frame more than is heard: its first half leans to the pitch before it
        first = max(self._spoken - vocoder.context, 0) - begin
        mel = self._mel[:, :, first : self._f0.shape[1]]
        source = source[:, first * vocoder.config.samples_per_frame :]
        audio = vocoder.decode(mel, source, self._spoken - begin - first, stop - begin - first)
        self._spoken = stop
        self._forget(max(stop - vocoder.context - 1, begin))
        return audio[0]

    def _hear(self, stop: int) -> None:
        """Extend the pitch to `stop`."""
        done, reach = self._f0.shape[1], self._vocoder.f0_predictor.reach
        first = max(done - reach, 0)
        heard = self._vocoder.f0(self._mel[:, :, first:])
        self._f0 = torch.cat((self._f0, heard[:, done - first : stop - self._begin - first]), 1)

    def _source(self) -> Tensor:
        """Of all that is kept and has a pitch."""
        hop = self._vocoder.config.samples_per_frame
        noise = self._noise(self._begin * hop, self._f0.shape[1] * hop)
        return self._vocoder.source(self._f0, noise, self._ticks)

    def _forget(self, begin: int) -> None:
        """What lies in front of `begin` is not needed any more."""
        gone = begin - self._begin
        self._ticks = self._ticks + self._vocoder.harmonic_source.ticks(self._f0[:, :gone]).sum(1)
        self._mel, self._f0 = self._mel[:, :, gone:], self._f0[:, gone:]
        self._begin = begin
