"""What the parts of the server are to each other: a test may put something else in a part's place.

Threads: what is called a House, a Chair or a Stream here blocks, and may be called from any thread but the event
loop's. Catalogue.info blocks too. Metrics never does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from wyoming.info import Info

Outcome = Literal["said", "silent", "cancelled", "busy", "error"]


class Order(Protocol):
    """What a client asks for, besides the text. Nothing in it was checked against a file system."""

    @property
    def voice(self) -> str: ...
    @property
    def language(self) -> str | None: ...
    @property
    def instruction(self) -> str | None: ...
    @property
    def speed(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def gain_db(self) -> float: ...


class Chunk(Protocol):
    """[S] float32 in ±1."""

    @property
    def audio(self) -> NDArray[np.float32]: ...


class Stream(Protocol):
    """core.SpeechStream, as far as it is used here."""

    sample_rate: int

    def feed(self, piece: str) -> None: ...
    def flush(self) -> None: ...
    def finish(self) -> None: ...
    def cancel(self) -> None: ...
    def __iter__(self) -> Iterator[Chunk]: ...


class Speaker(Protocol):
    """core.Engine, as far as it is used here."""

    @property
    def sample_rate(self) -> int: ...
    def stream(self, text: str | None = None, **fields: Any) -> Stream: ...


class Chair(Protocol):
    """Who speaks one request. fields: what `engine.stream` is given besides the text and the voice."""

    @property
    def engine(self) -> Speaker: ...
    @property
    def voice(self) -> Any: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    def release(self) -> None: ...


class House(Protocol):
    """Which engine speaks."""

    def start(self) -> None:
        """Begin to load; returns at once."""

    def open(self, order: Any) -> Chair:
        """Who speaks this order. Raises CosyVoxError."""
        ...

    def close(self, wait: float) -> None: ...


class Catalogue(Protocol):
    """Which voices there are."""

    def info(self) -> Info:
        """What Describe is answered with."""
        ...


class Metrics(Protocol):
    """What is counted. first_audio: seconds from the first text of a request to its first samples."""

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def began(self) -> None: ...
    def first_audio(self, seconds: float) -> None: ...
    def ended(self, outcome: Outcome, *, audio_seconds: float, seconds: float, code: str = "") -> None: ...
    def refused(self, code: str) -> None: ...


class TextReader(Protocol):
    """Cuts a text that arrives in pieces where the manner changes in which it is said: (manner, text)."""

    def feed(self, piece: str) -> Sequence[tuple[Hashable, str]]: ...
    def finish(self) -> Sequence[tuple[Hashable, str]]: ...
