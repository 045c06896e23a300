"""Speech that is heard while it is made: what the caller of `Engine.stream` holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from .channel import Channel, Done, SegmentEnd, Sound
from .collect import listen, segments, timings
from .errors import RequestError
from .live_master import LiveMaster
from .request import AudioChunk, OnProgress, ShouldStop, Speech
from .script import Script
from .text.live import Increment, LiveReader


class TextInlet:
    """The end of a script that a text is fed to."""

    def __init__(self, reader: LiveReader, script: Script, write: Callable[[list[Increment]], None]) -> None:
        """write: puts what the reader found into the script; raises RequestError for what the model cannot say."""
        self._reader, self._script, self._write = reader, script, write
        self._lock = threading.Lock()
        script.on_pause = self._pause

    def feed(self, piece: str) -> None:
        with self._lock:
            self._check()
            self._write(self._reader.feed(piece))
            self._script.touch()

    def flush(self) -> None:
        with self._lock:
            self._check()
            self._write(self._reader.flush())

    def finish(self) -> None:
        with self._lock:
            if self._script.open:
                try:
                    self._write(self._reader.finish())
                finally:  # what was said before is heard to its end
                    self._script.close()

    def follow(self, pieces: Iterable[str]) -> None:
        """Feed an iterable to its end. What goes wrong in it, the listener is told."""
        try:
            for piece in pieces:
                if not self._script.open:
                    return
                self.feed(piece)
            self.finish()
        except BaseException as error:
            self._script.close(error)

    def _pause(self) -> None:
        with self._lock:
            if self._script.open:
                self._write(self._reader.pause())

    def _check(self) -> None:
        if not self._script.open:
            raise RequestError("the text of this stream is finished: begin another stream")


class SpeechStream:
    """The chunks of one request's audio, in order: iterate over it. Leaving its `with` block ends the work.

    Opened without a text, it is fed one: `feed` and `finish`. Made by `Engine.stream`.
    """

    def __init__(
        self,
        channel: Channel,
        master: LiveMaster,
        sample_rate: int,
        inlet: TextInlet | None = None,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        warnings: tuple[str, ...] = (),
        spoken: bool = True,
    ) -> None:
        """warnings: known before. spoken: between segments there are pauses as between sentences."""
        self.sample_rate = sample_rate
        self._channel, self._master, self._inlet = channel, master, inlet
        self._warnings, self._spoken = list(warnings), spoken
        self._events = listen(channel, on_progress, should_stop)
        self._ends: list[SegmentEnd] = []
        self._starts: list[int] = []  # samples in front of each segment
        self._speech: Speech | None = None
        self._over = False

    def feed(self, piece: str) -> None:
        """More of the text, cut anywhere; what can be spoken is. Raises TextError, RequestError."""
        self._fed().feed(piece)

    def flush(self) -> None:
        """The text pauses: speak what there is, as if a sentence ended here."""
        self._fed().flush()

    def finish(self) -> None:
        """The text is complete."""
        self._fed().finish()

    def cancel(self) -> None:
        """Stop the work, within a step. Who still waits for a chunk gets Cancelled. Safe from any thread."""
        self._channel.cancel()

    def summary(self) -> Speech:
        """What was said: segments, timings and warnings, without the audio. Only when the last chunk was read."""
        if self._speech is None:
            raise RequestError("the stream is not at its end: read its chunks first")
        return self._speech

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        """The next chunk. Raises what went wrong, once; afterwards the stream is over."""
        if self._over:
            raise StopIteration
        try:
            return self._next()
        except BaseException:
            self._over = True
            self.cancel()
            raise

    def _next(self) -> AudioChunk:
        for event in self._events:
            if isinstance(event, Done):
                return self._last(event)
            if isinstance(event, SegmentEnd):
                self._ends.append(event)
                self._warnings += event.warnings
            elif len(audio := self._heard(event)):
                return AudioChunk(audio, self.sample_rate, final=False)
        raise AssertionError("a request always ends")

    def _heard(self, sound: Sound) -> NDArray[np.float32]:
        between = np.zeros(0, np.float32)
        if len(self._starts) == len(self._ends):  # the first of a segment
            if self._ends and self._spoken:
                between = self._master.next_segment(self._ends[-1].text)
            self._starts.append(self._master.position)
        return np.concatenate((between, self._master.feed(sound.audio)))

    def _last(self, event: Done) -> AudioChunk:
        self._over = True
        if event.error is not None:
            raise event.error
        audio = self._master.finish()
        bounds = [*self._starts, self._master.position]
        said = segments(self._ends, bounds)
        spent = timings(event.seconds, self._master.position / self.sample_rate)
        self._speech = Speech(np.zeros(0, np.float32), self.sample_rate, said, spent, tuple(self._warnings))
        return AudioChunk(audio, self.sample_rate, final=True)

    def _fed(self) -> TextInlet:
        if self._inlet is None:
            raise RequestError("this stream has its text already: open one with text=None to feed it")
        return self._inlet

    def __enter__(self) -> SpeechStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def __del__(self) -> None:
        self.cancel()  # nobody is left to listen
