"""Lines of a dub as they are reported: made by hand, nothing is spoken."""

from __future__ import annotations

from cosyvox.core.dub.cue import Cue
from cosyvox.core.dub.report import LineReport

TEXTS = (
    "Good morning.",
    "No.",
    "The train leaves at half past nine from platform two, unless it does not.",
    "你好,世界。",
)


def line(
    start: float,
    end: float,
    text: str = TEXTS[0],
    *,
    at: float | None = None,
    until: float | None = None,
    speaker: str | None = None,
    steps: tuple[str, ...] = (),
    speed: float = 1.0,
    stretch: float = 1.0,
    overflow: float = 0.0,
    seed: int = 0,
) -> LineReport:
    """A cue, spoken from `at` until `until` (as the cue, if not told)."""
    cue = Cue(start, end, text, speaker, line=7)
    spoken = (start if at is None else at), (end if until is None else until)
    return LineReport(cue, *spoken, end - start, speed, stretch, seed, steps, overflow)


def many(count: int, seconds: float = 3.0) -> list[LineReport]:
    """Cues that follow one another, every fifth one shifted."""
    return [
        line(
            seconds * number,
            seconds * number + 0.9 * seconds,
            TEXTS[number % len(TEXTS)],
            at=seconds * number + (0.05 if number % 5 == 0 else 0),
            steps=("later",) if number % 5 == 0 else (),
            speaker=("Alice", None)[number % 2],
        )
        for number in range(count)
    ]
