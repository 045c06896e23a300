"""`mastering` for speech that is still being made: segment after segment, to be heard at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .audio.detector import SpeechDetector
from .audio.level import gain, rise
from .audio.limiter import Limiter
from .audio.resample import ResampleStream
from .mastering import EDGE_SECONDS, pause

_LONGEST_SECONDS = 1.0  # of silence that waits for what follows; a longer one is meant, also at a segment's end

Samples = NDArray[np.float32]


class LiveMaster:
    """The audio of one request as it is handed out: the same, to the bit, however it is cut when it comes.

    It differs from `mastering` where that looks ahead. The peak is held by a limiter instead of one gain for all.
    Levels of segments are left alone: they are spoken from one prompt and lie close, what a segment's level will be
    is not known when it begins, and a gain that changes while somebody speaks is heard. A later segment that is
    silent as a whole is left out.
    """

    def __init__(self, rate: int, *, gain_db: float = 0.0, sample_rate: int | None = None) -> None:
        """rate: of what is fed, sample_rate: of what comes out, both Hz. Raises AudioError for one that cannot be."""
        self._rate, self._target = rate, sample_rate or rate
        self._gain = np.float32(gain(gain_db))
        self._speech = SpeechDetector(rate)
        self._segment = _Segment(rate, self._speech, first=True)
        self._resampler = ResampleStream(rate, self._target)
        self._limiter = Limiter(self._target)
        self._rise = rise(self._limiter.lookahead)  # what is left of it in this segment
        self._begun = False
        self.position = 0  # samples of the result in front of what comes next; a part of them may still be inside

    def feed(self, audio: Samples) -> Samples:
        """audio [S] of the present segment -> the samples that nothing to come can change."""
        self._begun = self._begun or len(audio) > 0
        return self._put(self._segment.feed(audio))

    def next_segment(self, text: str) -> Samples:
        """The present segment, whose text is given, has ended and another one follows: its end, and the pause.

        Where nothing was fed since the beginning, nothing comes out.
        """
        if not self._begun:
            return np.zeros(0, np.float32)
        end = self._end(self._segment.cut())
        silence = np.zeros(round(pause(text) * self._target), np.float32)
        self.position += len(silence)
        self._segment = _Segment(self._rate, self._speech, first=False)
        self._resampler = ResampleStream(self._rate, self._target)
        self._rise = rise(self._limiter.lookahead)
        return np.concatenate((end, self._limiter.feed(silence)))

    def finish(self) -> Samples:
        """The rest; nothing may be fed afterwards."""
        return np.concatenate((self._end(self._segment.finish()), self._limiter.finish()))

    def _put(self, audio: Samples) -> Samples:
        return self._limit(self._resampler.feed(audio * self._gain))

    def _end(self, audio: Samples) -> Samples:
        """The last of a segment, so far as it can come out; sound ends behind it."""
        heard = np.concatenate((self._put(audio), self._limit(self._resampler.finish())))
        self._limiter.fade_out()
        return heard

    def _limit(self, audio: Samples) -> Samples:
        rising = min(len(self._rise), len(audio))
        audio = np.concatenate((audio[:rising] * self._rise[:rising], audio[rising:]))
        self._rise = self._rise[rising:]
        self.position += len(audio)
        return self._limiter.feed(audio)


class _Segment:
    """One segment without the silence at its ends that a pause replaces.

    Only silence waits for a decision, and only so much of it as goes beyond the edge that is kept in any case.
    """

    def __init__(self, rate: int, speech: SpeechDetector, *, first: bool) -> None:
        self._speech, self._first = speech, first
        self._edge, self._longest = round(EDGE_SECONDS * rate), round(_LONGEST_SECONDS * rate)
        self._held = np.zeros(0, np.float32)
        self._begin = 0  # of what is held, samples since the segment's beginning
        self._fresh = np.zeros(0, np.float32)  # what is no whole frame yet; it may be handed out already
        self._framed = 0  # samples in front of that
        self._stop: int | None = None  # where the last speech ended

    def feed(self, audio: Samples) -> Samples:
        self._held = np.concatenate((self._held, audio))
        self._fresh = np.concatenate((self._fresh, audio))
        size = self._speech.size
        while len(self._fresh) >= size:
            self._hear(size)
        if self._stop is None and not self._first:
            self._take(self._framed - self._edge)
            return self._held[:0]
        return self._take(self._sure())

    def cut(self) -> Samples:
        """The rest, where another segment follows."""
        if len(self._fresh):
            self._hear(len(self._fresh))
        return self._take(self._sure() if self._heard else self._begin)

    def finish(self) -> Samples:
        """The rest, where none follows."""
        if len(self._fresh):
            self._hear(len(self._fresh))
        return self._held if self._heard else self._held[:0]

    @property
    def _heard(self) -> bool:
        return self._first or self._stop is not None

    def _hear(self, size: int) -> None:
        frame, self._fresh = self._fresh[:size], self._fresh[size:]
        if self._speech.hears(frame):
            if self._stop is None and not self._first:
                self._take(self._framed - self._edge)
            self._stop = self._framed + len(frame)
        self._framed += len(frame)

    def _sure(self) -> int:
        """Up to where it is heard whatever follows; all of it before the first word, whose silence is the model's."""
        end = self._begin + len(self._held)
        return end if self._stop is None else max(self._stop + self._edge, end - self._longest)

    def _take(self, stop: int) -> Samples:
        count = max(stop - self._begin, 0)
        taken, self._held = self._held[:count], self._held[count:]
        self._begin += len(taken)
        return taken
