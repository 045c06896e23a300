"""Speech of one text, by whoever can speak it: as long as nothing was heard, somebody else can begin again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import core
from .protocols import Chunk, Stream


@dataclass(frozen=True)
class Help:
    """What to do after an error. stream: an open one. again: it is to be fed the text from its beginning; else it
    has its words already, and takes the place of what is left of the text."""

    stream: Stream
    again: bool


class Helper(Protocol):
    """Who knows what to do, and hears what was said."""

    def help(self, error: BaseException, *, heard: bool) -> Help | None: ...
    def hear(self, audio: NDArray[np.float32], rate: int) -> None: ...


class Relay:
    """Like core.SpeechStream, for one who feeds it and one who listens."""

    def __init__(self, stream: Stream, helper: Helper) -> None:
        self.sample_rate = stream.sample_rate
        self._stream, self._helper = stream, helper
        self._chunks = iter(stream)
        self._after: Stream | None = None  # what is said instead of the rest
        self._fed: list[str | None] = []  # None: flushed
        self._said: list[NDArray[np.float32]] = []
        self._heard = self._finished = self._excused = self._cancelled = False
        self._lock = threading.RLock()

    def feed(self, piece: str) -> None:
        """As SpeechStream.feed. Raises what nobody can help with."""
        self._write(piece)

    def flush(self) -> None:
        self._write(None)

    def finish(self) -> None:
        with self._lock:
            self._finished = True
            if not self._excused:
                self._try(self._stream.finish)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def cancel(self) -> None:
        """Without the lock: an event loop does not wait for who looks for help."""
        self._cancelled = True
        self._cancel_all()

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        while True:
            chunks = self._chunks
            try:
                chunk = next(chunks)
            except StopIteration:
                if self._goes_on(chunks):
                    continue
                self._tell()
                raise
            except BaseException as error:
                if self._goes_on(chunks) or self._helped(chunks, error):
                    continue
                raise
            with self._lock:
                if self._chunks is not chunks:
                    continue
                if len(chunk.audio):
                    self._heard = True
                    self._fed.clear()
                    if not self._excused or self._after is not None:
                        self._said.append(chunk.audio)
            return chunk

    def _write(self, piece: str | None) -> None:
        with self._lock:
            if self._excused:
                return
            if not self._heard:
                self._fed.append(piece)
            self._try(lambda: self._pass_on(piece))

    def _pass_on(self, piece: str | None) -> None:
        if piece is None:
            self._stream.flush()
        else:
            self._stream.feed(piece)

    def _try(self, work: Callable[[], None]) -> None:
        """With the lock held. Raises what nobody can help with."""
        try:
            work()
        except core.CosyVoxError as error:
            if not self._help(error):
                raise

    def _help(self, error: BaseException) -> bool:
        """Whether somebody goes on; with the lock held."""
        help_ = None if self._cancelled else self._helper.help(error, heard=self._heard)
        if help_ is None:
            return False
        if help_.again:
            self._stream.cancel()
            self._stream, self._chunks = help_.stream, iter(help_.stream)
            self._try(self._feed_again)
        else:
            self._excused, self._after = True, help_.stream
            try:
                self._stream.finish()
            except core.CosyVoxError:
                self._stream.cancel()
        if self._cancelled:  # meanwhile
            self._cancel_all()
        return True

    def _cancel_all(self) -> None:
        for stream in (self._stream, self._after):
            if stream is not None:
                stream.cancel()

    def _feed_again(self) -> None:
        for piece in self._fed:
            self._pass_on(piece)
        if self._finished:
            self._stream.finish()

    def _helped(self, chunks: Iterator[Chunk], error: BaseException) -> bool:
        """Whether there is something to be heard although these failed."""
        with self._lock:
            return self._chunks is not chunks or (self._help(error) and self._goes_on(chunks))

    def _goes_on(self, chunks: Iterator[Chunk]) -> bool:
        """Whether there is something to be heard behind these, which are over."""
        with self._lock:
            if self._chunks is not chunks:
                return True
            if self._after is None:
                return False
            self._tell()
            self._stream, self._after = self._after, None
            self._chunks = iter(self._stream)
            if self._cancelled:
                self._cancel_all()
            return True

    def _tell(self) -> None:
        said, self._said = self._said, []
        if said:
            self._helper.hear(np.concatenate(said), self.sample_rate)
