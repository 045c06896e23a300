"""What the server counts, as Prometheus reads it.

Text format 0.0.4, prometheus.io/docs/instrumenting/exposition_formats.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from .. import __version__
from .protocols import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_LABELS = 64  # values of one label that are told apart, so that nobody's names fill the memory
OTHER = "other"
FIRST_AUDIO = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
RTF = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0, 8.0)
AUDIO_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)

Sample = tuple[str, str, float]  # suffix of the name, labels as they are written, value


class Family:
    """One named measure: what every line of it has in common."""

    kind: Literal["counter", "gauge", "histogram"]

    def __init__(self, name: str, help_: str) -> None:
        self.name, self.help = name, help_
        self._lock = threading.Lock()

    def samples(self) -> Iterator[Sample]:
        raise NotImplementedError

    def lines(self) -> Iterator[str]:
        described = self.help.replace("\\", r"\\").replace("\n", r"\n")
        yield f"# HELP {self.name} {described}"
        yield f"# TYPE {self.name} {self.kind}"
        for suffix, labels, value in self.samples():
            yield f"{self.name}{suffix}{labels} {number(value)}"


class Counter(Family):
    """Only grows; told apart by at most one label."""

    kind = "counter"

    def __init__(self, name: str, help_: str, label: str = "", values: Sequence[str] = ()) -> None:
        """values: those that are shown before they were counted, as a rate needs a beginning."""
        super().__init__(name, help_)
        self._label = label
        self._counts = dict.fromkeys(values or [""] * (not label), 0.0)

    def add(self, amount: float = 1.0, value: str = "") -> None:
        with self._lock:
            if value not in self._counts and len(self._counts) >= MOST_LABELS:
                value = OTHER
            self._counts[value] = self._counts.get(value, 0.0) + amount

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            counts = dict(self._counts)
        for value, count in counts.items():
            yield "", labelled({self._label: value} if self._label else {}), count


class Gauge(Family):
    """Goes up and down, or is asked for when somebody looks."""

    kind = "gauge"

    def __init__(self, name: str, help_: str) -> None:
        super().__init__(name, help_)
        self._value = 0.0

    def add(self, amount: float) -> None:
        with self._lock:
            self._value += amount

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            value = self._value
        yield "", "", value


class Histogram(Family):
    """How often a value was at most each of some bounds; their sum and number."""

    kind = "histogram"

    def __init__(self, name: str, help_: str, bounds: Sequence[float]) -> None:
        super().__init__(name, help_)
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            counts, total = list(self._counts), self._sum
        below = 0
        for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
            below += count
            yield "_bucket", labelled({"le": number(bound)}), below
        yield "_sum", "", total
        yield "_count", "", below


class Metrics:
    """Everything that /metrics tells; safe from any thread, and never blocks for long.

    looked: gauges that are asked for when somebody looks, as {name without prefix: (help, value)}. What it raises is
    counted and left out: whoever measures must not break what is measured.
    """

    def __init__(self, looked: Callable[[], Mapping[str, tuple[str, float]]] | None = None) -> None:
        self._looked = looked
        self._connections = Gauge("cosyvox_connections", "Open connections.")
        self._accepted = Counter("cosyvox_connections_total", "Connections that were opened.")
        self._active = Gauge("cosyvox_requests_active", "Requests that are being spoken or wait for it.")
        self._waiting = Gauge("cosyvox_queue", "Requests that were not heard yet: nothing of them was sent.")
        outcomes: tuple[Outcome, ...] = ("said", "silent", "cancelled", "busy", "error")
        self._ended = Counter("cosyvox_requests_total", "Requests that ended, by how.", "outcome", outcomes)
        self._errors = Counter("cosyvox_errors_total", "Errors that clients were told, by code.", "code")
        self._cancelled = Counter("cosyvox_cancelled_total", "Requests whose client left before the end.")
        self._first = Histogram(
            "cosyvox_first_audio_seconds", "From a request's first text to its first audio.", FIRST_AUDIO
        )
        self._rtf = Histogram("cosyvox_rtf", "Seconds of a request per second of its audio, waiting included.", RTF)
        self._spoken = Histogram("cosyvox_audio_seconds", "Length of what was said.", AUDIO_SECONDS)
        self._blind = Counter("cosyvox_metrics_failures_total", "Measures that could not be taken.")

    def connected(self) -> None:
        self._accepted.add()
        self._connections.add(1)

    def disconnected(self) -> None:
        self._connections.add(-1)

    def began(self) -> None:
        """A request came in. Every one is ended once, by `ended`."""
        self._active.add(1)
        self._waiting.add(1)

    def first_audio(self, seconds: float) -> None:
        """At most once in a request, before it ends. seconds: since its first text."""
        self._waiting.add(-1)
        self._first.observe(seconds)

    def ended(self, outcome: Outcome, *, audio_seconds: float, seconds: float, code: str = "") -> None:
        """A request is over. audio_seconds: of speech, 0 where `first_audio` was never called; code: of its error."""
        self._active.add(-1)
        if audio_seconds <= 0:
            self._waiting.add(-1)
        self._ended.add(value=outcome)
        if outcome == "cancelled":
            self._cancelled.add()
        if outcome in ("busy", "error"):
            self._errors.add(value=code or outcome)
        if outcome == "said" and audio_seconds > 0:
            self._rtf.observe(seconds / audio_seconds)
            self._spoken.observe(audio_seconds)

    def refused(self, code: str) -> None:
        """Something else than a request ended in an error: a malformed event, one connection too many."""
        self._errors.add(value=code)

    def text(self) -> str:
        """All of it, as Prometheus reads it."""
        lines = ["# HELP cosyvox_info What is running.", "# TYPE cosyvox_info gauge"]
        lines.append(f"cosyvox_info{labelled({'version': __version__})} 1")
        lines.extend(self._look())
        for family in vars(self).values():
            if isinstance(family, Family):
                lines.extend(family.lines())
        return "\n".join(lines) + "\n"

    def _look(self) -> Iterator[str]:
        try:
            found = dict(self._looked()) if self._looked else {}
        except Exception:
            self._blind.add()
            return
        for name, (help_, value) in found.items():
            yield f"# HELP cosyvox_{name} {help_}"
            yield f"# TYPE cosyvox_{name} gauge"
            yield f"cosyvox_{name} {number(value)}"


def number(value: float) -> str:
    """A value as the format spells it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def labelled(labels: Mapping[str, str]) -> str:
    """{name="value"}, escaped; nothing where there is none."""
    if not labels:
        return ""

    def escaped(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return "{" + ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items()) + "}"
