"""Stand-ins for what speaks: a house whose engine makes a tone, at once or when it is told to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cosyvox.core import Cancelled, TextError
from cosyvox.core.request import AudioChunk

RATE = 24_000
PER_CHARACTER = 240  # samples, all of the value that the character's code gives


def tone(text: str) -> np.ndarray:
    """What the text sounds like: from it, what was said can be read (`spoken`)."""
    return np.repeat(np.array([ord(letter) for letter in text], np.float32) / 32767, PER_CHARACTER)


def spoken(pcm: bytes) -> str:
    """What was said in samples that `tone` made; silence is left out."""
    values = np.frombuffer(pcm, "<i2")[::PER_CHARACTER]
    return "".join(chr(value) for value in values if value)


class ToneStream:
    """Says every piece of its text as a chunk, letters and digits only."""

    def __init__(self, engine: ToneEngine, fields: dict[str, Any]) -> None:
        self.sample_rate, self.fields, self.cancelled = RATE, fields, False
        self._engine, self._heard = engine, False
        self._text: queue.Queue[str | BaseException | None] = queue.Queue()

    def feed(self, piece: str) -> None:
        self._engine.fed.append(piece)
        if piece.strip() in self._engine.unfit:
            raise self._engine.unfit[piece.strip()]
        self._text.put(piece)

    def flush(self) -> None:
        pass

    def finish(self) -> None:
        self._text.put(None)

    def cancel(self) -> None:
        self.cancelled = True
        self._text.put(Cancelled("stopped on request"))

    def __iter__(self) -> Iterator[AudioChunk]:
        while True:
            self._engine.may_speak.wait()
            piece = self._text.get()
            if self.cancelled:
                raise Cancelled("stopped on request")
            if piece is None:
                break
            if isinstance(piece, BaseException):
                raise piece
            if piece.strip() in self._engine.failing:
                raise self._engine.failing[piece.strip()]
            said = "".join(filter(str.isalnum, piece))
            if said:
                self._heard = True
                yield AudioChunk(tone(said), RATE, final=False)
        if not self._heard:
            raise TextError("the text has no letters or digits: there is nothing to say")
        yield AudioChunk(np.zeros(0, np.float32), RATE, final=True)


@dataclass
class ToneEngine:
    """failing: what is raised when a piece is to be spoken, unfit: when it is fed. may_speak: cleared, all wait."""

    sample_rate: int = RATE
    failing: dict[str, BaseException] = field(default_factory=dict)
    unfit: dict[str, BaseException] = field(default_factory=dict)
    may_speak: threading.Event = field(default_factory=threading.Event)
    streams: list[ToneStream] = field(default_factory=list)
    fed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_speak.set()

    def stream(self, text: str | None = None, **fields: Any) -> ToneStream:
        assert text is None
        self.streams.append(ToneStream(self, fields))
        return self.streams[-1]


@dataclass
class ToneChair:
    engine: ToneEngine
    house: ToneHouse
    voice: Any = "a voice"
    fields: dict[str, Any] = field(default_factory=dict)

    def release(self) -> None:
        self.house.taken -= 1


@dataclass
class ToneHouse:
    """refusal: what `open` raises. taken: chairs that nobody has given back. orders: those that came, with their
    first text."""

    engine: ToneEngine = field(default_factory=ToneEngine)
    refusal: BaseException | None = None
    taken: int = 0
    orders: list[tuple[Any, str]] = field(default_factory=list)

    def start(self) -> None:
        pass

    def open(self, order: Any) -> ToneChair:
        self.orders.append(order)
        if self.refusal:
            raise self.refusal
        self.taken += 1
        return ToneChair(self.engine, self)

    def close(self, wait: float) -> None:
        pass


@dataclass
class Tally:
    """Metrics, remembered."""

    open: int = 0
    begun: int = 0
    first: list[float] = field(default_factory=list)
    ends: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def connected(self) -> None:
        self.open += 1

    def disconnected(self) -> None:
        self.open -= 1

    def began(self) -> None:
        self.begun += 1

    def first_audio(self, seconds: float) -> None:
        self.first.append(seconds)

    def ended(self, outcome: str, *, audio_seconds: float, seconds: float, code: str = "") -> None:
        self.ends.append((outcome, code))

    def refused(self, code: str) -> None:
        self.refusals.append(code)
