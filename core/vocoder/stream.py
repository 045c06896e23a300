"""The vocoder of a mel that is still arriving: the waveform of the whole, piece after piece.

HiFT looks both ways, a limited number of frames (`HiFT.reach`). So a piece is computed with that many frames around it,
which are thrown away, and the last ones wait until what follows is there; phase and noise go on where they were.
Nothing is faded into anything.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .f0 import KERNEL, LAYERS
from .hift import HiFT

_PITCH_REACH = LAYERS * (KERNEL // 2)  # frames

# Standard normal numbers for some samples of the source, given the first sample and how many: [1, S, harmonics + 1].
Noise = Callable[[int, int], Tensor]


class VocoderStream:
    """One utterance: `feed` mel as it comes, `finish` at the end. Not to be shared between threads.

    All counts are of frames since the beginning: mel, pitch, source and audio, each later than the one before it.
    """

    def __init__(self, vocoder: HiFT, noise: Noise) -> None:
        self._vocoder, self._noise = vocoder, noise
        device = next(vocoder.parameters()).device
        self._begin = 0  # of what is kept
        self._mel = torch.zeros(1, vocoder.config.mel_bins, 0, device=device)
        self._f0 = torch.zeros(1, 0, device=device)
        self._source = torch.zeros(1, 0, device=device)
        self._ticks = torch.zeros(1, dtype=torch.int64, device=device)  # phase in front of what is kept
        self._spoken = 0

    def feed(self, mel: Tensor) -> Tensor:
        """mel [T, bins] -> the audio [S] that nothing to come can change any more; often of fewer frames than T."""
        self._mel = torch.cat((self._mel, mel.T[None]), 2)
        return self._advance(final=False)

    def finish(self) -> Tensor:
        """The rest of the audio [S]; nothing may be fed afterwards."""
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> Tensor:
        stop = self._begin + self._mel.shape[2]
        if stop == self._spoken:
            return self._source.new_zeros(0)
        pitched = stop if final else stop - _PITCH_REACH
        self._pitch(pitched)
        sourced = pitched if final else pitched - 1  # a frame's second half leans to the next frame's pitch
        self._excite(sourced)
        ready = sourced if final else sourced - self._vocoder.reach
        return self._speak(ready, sourced)

    def _pitch(self, stop: int) -> None:
        """Extend the pitch to `stop`."""
        done = self._begin + self._f0.shape[1]
        if stop <= done:
            return
        first = max(done - _PITCH_REACH, self._begin)
        heard = self._vocoder.f0(self._mel[:, :, first - self._begin :])
        self._f0 = torch.cat((self._f0, heard[:, done - first : stop - first]), 1)

    def _excite(self, stop: int) -> None:
        """Extend the source to `stop`."""
        hop = self._vocoder.config.samples_per_frame
        done = self._begin + self._source.shape[1] // hop
        if stop <= done:
            return
        first = max(done - 1, self._begin)
        f0 = self._f0[:, first - self._begin :]
        ticks = self._ticks + self._vocoder.harmonic_source.ticks(self._f0[:, : first - self._begin]).sum(1)
        noise = self._noise(first * hop, f0.shape[1] * hop)
        made = self._vocoder.source(f0, noise, ticks)
        self._source = torch.cat((self._source, made[:, (done - first) * hop : (stop - first) * hop]), 1)

    def _speak(self, stop: int, sourced: int) -> Tensor:
        """The audio up to `stop`, with all of the source around it."""
        if stop <= self._spoken:
            return self._source.new_zeros(0)
        hop, begin = self._vocoder.config.samples_per_frame, self._begin
        first = max(self._spoken - self._vocoder.reach, 0)
        mel = self._mel[:, :, first - begin : sourced - begin]
        audio = self._vocoder.decode(mel, self._source[:, (first - begin) * hop :])
        spoken = audio[0, (self._spoken - first) * hop : (stop - first) * hop]
        self._spoken = stop
        self._forget(max(stop - max(self._vocoder.reach, _PITCH_REACH + 1), begin))
        return spoken

    def _forget(self, begin: int) -> None:
        """What lies in front of `begin` is not needed any more."""
        gone = begin - self._begin
        self._ticks = self._ticks + self._vocoder.harmonic_source.ticks(self._f0[:, :gone]).sum(1)
        self._mel, self._f0 = self._mel[:, :, gone:], self._f0[:, gone:]
        self._source = self._source[:, gone * self._vocoder.config.samples_per_frame :]
        self._begin = begin
