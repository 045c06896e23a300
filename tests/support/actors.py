"""An engine that says every text as a tone, at once, and remembers what it was asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from hashlib import sha256

import numpy as np
from cosyvox.core import Cancelled, Progress, Prompt, Speech, SpeechRequest, Voice
from cosyvox.core.dub import Cast, Member, Style
from cosyvox.core.request import Segment

RATE = 24_000
WORD = 0.3  # seconds of a word, at speed 1
LEAD, TAIL = 0.15, 0.25  # seconds of silence around what is said
STEPS = 5  # in which an utterance is made


class Actor:
    """What `Renderer` needs of an engine. vary: how much seeds change the length. before: called for each request."""

    sample_rate = RATE

    def __init__(
        self, *, slots: int = 4, vary: float = 0.0, before: Callable[[SpeechRequest], None] | None = None
    ) -> None:
        self.slots = slots
        self.asked: list[SpeechRequest] = []
        self.cloned: list[Prompt] = []
        self._vary, self._before = vary, before
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.asked]

    def fingerprint(self, dtype: str | None = None) -> str:
        return f"actor {dtype}"

    def clone(self, prompt: Prompt, *, name: str = "") -> Voice:
        self.cloned.append(prompt)
        return voice(name or prompt.digest)

    def speak(self, request: SpeechRequest, *, on_progress=None, should_stop=None) -> Speech:
        with self._lock:
            self.asked.append(request)
        if self._before is not None:
            self._before(request)
        for step in range(STEPS):
            if should_stop is not None and should_stop():
                raise Cancelled("stopped on request")
            if on_progress is not None:
                on_progress(Progress("speech", step + 1, STEPS))
        rate = request.sample_rate or self.sample_rate
        seconds = len(request.text.split()) * WORD * (1 + self._vary * _chance(request.seed)) / request.speed
        audio = _tone(request, seconds, rate)
        return Speech(audio, rate, _sentences(request.text, len(audio)))


def pitch(voice: Voice) -> float:
    """Hz of its tone."""
    return 200.0 + 40.0 * (_number(voice.name) % 16)


def voice(name: str, words: str | None = None) -> Voice:
    return Voice(
        name,
        "actor",
        np.zeros(0, np.float32),
        RATE,
        np.array([_number(name) % 1000], np.int32),
        np.zeros((2, 4), np.float32),
        np.zeros(4, np.float32),
        words,
    )


def member(name: str, **style: object) -> Member:
    return Member(voice(name), Style(**style))


def company(*names: str, default: str | None = "narrator's") -> Cast:
    """A cast whose voices are called as its members are."""
    return Cast({name: member(name) for name in names}, member(default) if default else None)


def _tone(request: SpeechRequest, seconds: float, rate: int) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.2 * np.sin(2 * np.pi * pitch(request.voice) * time)
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.01)
    return np.pad((tone * edge).astype(np.float32), (round(LEAD * rate), round(TAIL * rate)))


def _sentences(text: str, samples: int) -> tuple[Segment, ...]:
    """Each as long as any other."""
    parts = re.findall(r"[^.?!]+[.?!]*", text)
    ends = [samples * (index + 1) // len(parts) for index in range(len(parts))]
    starts = [0, *ends[:-1]]
    return tuple(
        Segment(part.strip(), np.zeros(0, np.int32), start, end)
        for part, start, end in zip(parts, starts, ends, strict=True)
    )


def _chance(seed: int) -> float:
    """-1 to 1."""
    return _number(str(seed)) / 2**31 - 1


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")
