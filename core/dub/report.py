"""What became of each cue, as a table for reading and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .cue import Cue


@dataclass(frozen=True)
class LineReport:
    """start, end: seconds, as spoken. natural: seconds that it takes at speed 1. speed: at which it was spoken.

    stretch: seconds after / before. seed: of the utterance that was taken. steps, overflow: as in `fit.Placement`.
    """

    cue: Cue
    start: float
    end: float
    natural: float
    speed: float
    stretch: float
    seed: int
    steps: tuple[str, ...]
    overflow: float


def table(lines: Sequence[LineReport], warnings: Sequence[str] = ()) -> str:
    """A row per cue, a summary, and the warnings; columns are aligned in any font of one width."""
    raise NotImplementedError


def as_json(lines: Sequence[LineReport], warnings: Sequence[str] = ()) -> str:
    """The same as JSON: {"cues": […], "summary": {…}, "warnings": […]}; times in seconds, to the millisecond."""
    raise NotImplementedError
