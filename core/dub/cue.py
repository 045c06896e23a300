"""A cue: what is said, by whom, from when to when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cue:
    """start, end: seconds. speaker: None if nobody is named. line: in the file of subtitles, from 1; 0 if unknown."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    line: int = 0
