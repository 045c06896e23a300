"""What became of each cue, as a table for reading and as data."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from .clock import clock
from .cue import Cue
from .fit import BORROWED, OVERLAPS, PULLED, SPILLED, STRETCHED

_TEXT_WIDTH = 48  # columns
_NAME_WIDTH = 16
_EXACT = 1e-3  # seconds and ratios that differ by less are the same
_HEADS = ("#", "cue", "spoken", "shift", "speed", "stretch", "too long", "what was done", "speaker", "text")
_RIGHT = ("#", "shift", "speed", "stretch", "too long")


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

    @property
    def shift(self) -> float:
        """Seconds by which it starts later than its cue; below 0: earlier."""
        moved = self.start - self.cue.start
        return moved if abs(moved) >= _EXACT else 0.0


@dataclass(frozen=True)
class Summary:
    """How many cues there are, and to how many something was done; the furthest shift in seconds, the strongest stretch
    (seconds after / before), the lowest and the highest speed; seconds that are too long in all."""

    cues: int
    borrowed: int
    shifted: int
    stretched: int
    spilled: int
    pulled: int
    overlapping: int
    too_long: int
    furthest_shift: float
    strongest_stretch: float
    slowest: float
    fastest: float
    overflow: float

    def __str__(self) -> str:
        """In one line: "25 cues: speeds 0.85 to 1.20; 3 running on into the gap, …"."""
        told = [
            f"{self.borrowed} running on into the gap" if self.borrowed else "",
            f"{self.shifted} shifted (by {self.furthest_shift:.2f} s at most)" if self.shifted else "",
            f"{self.stretched} stretched (to {self.strongest_stretch:.0%} at most)" if self.stretched else "",
            f"{self.spilled} waiting for others" if self.spilled else "",
            f"{self.pulled} pulled from the end of the clip" if self.pulled else "",
            f"{self.overlapping} overlapping" if self.overlapping else "",
            f"{self.too_long} too long (by {self.overflow:.2f} s in all)" if self.too_long else "nothing is too long",
        ]
        speeds = f"speeds {self.slowest:.2f} to {self.fastest:.2f}; " if self.cues else ""
        count = "1 cue" if self.cues == 1 else f"{self.cues} cues"
        return f"{count}: {speeds}{', '.join(filter(None, told))}"


def summary(lines: Sequence[LineReport]) -> Summary:
    """What was done to all cues together."""

    def having(step: str) -> int:
        return sum(step in line.steps for line in lines)

    late = [line.overflow for line in lines if line.overflow >= _EXACT]
    return Summary(
        cues=len(lines),
        borrowed=having(BORROWED),
        shifted=sum(line.shift != 0 for line in lines),
        stretched=having(STRETCHED),
        spilled=having(SPILLED),
        pulled=having(PULLED),
        overlapping=having(OVERLAPS),
        too_long=len(late),
        furthest_shift=max((abs(line.shift) for line in lines), default=0.0),
        strongest_stretch=min((line.stretch for line in lines), default=1.0),
        slowest=min((line.speed for line in lines), default=1.0),
        fastest=max((line.speed for line in lines), default=1.0),
        overflow=sum(late),
    )


def table(lines: Sequence[LineReport], warnings: Sequence[str] = ()) -> str:
    """A row per cue, a summary, and the warnings; columns are aligned in any font of one width."""
    rows = [_row(number, line) for number, line in enumerate(lines, 1)]
    shown = [column for column, head in enumerate(_HEADS) if head == "#" or any(row[column] for row in rows)]
    cells = [[row[column] for column in shown] for row in (_HEADS, *rows)]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    rights = [_HEADS[column] in _RIGHT for column in shown]
    ruled = [cells[0], ["-" * width for width in widths], *cells[1:]]
    text = [
        "  ".join(_padded(cell, width, right) for cell, width, right in zip(row, widths, rights, strict=True)).rstrip()
        for row in ruled
    ]
    return "\n".join([*(text if lines else ()), str(summary(lines)), *(f"Warning: {one}" for one in warnings)])


def as_json(lines: Sequence[LineReport], warnings: Sequence[str] = ()) -> str:
    """The same as JSON: {"cues": […], "summary": {…}, "warnings": […]}; times in seconds, to the millisecond."""
    cues = [
        {
            "number": number,
            "line": line.cue.line,
            "speaker": line.cue.speaker,
            "text": line.cue.text,
            "cue": {"start": _short(line.cue.start), "end": _short(line.cue.end)},
            "start": _short(line.start),
            "end": _short(line.end),
            "natural": _short(line.natural),
            "speed": _short(line.speed),
            "stretch": _short(line.stretch),
            "seed": line.seed,
            "steps": list(line.steps),
            "overflow": _short(line.overflow),
        }
        for number, line in enumerate(lines, 1)
    ]
    total = {name: _short(value) for name, value in vars(summary(lines)).items()}
    return json.dumps({"cues": cues, "summary": total, "warnings": list(warnings)}, ensure_ascii=False, indent=1)


def figures(line: LineReport) -> dict[str, str]:
    """What was changed about a line, as it is shown; "" for what was not."""
    return {
        "shift": f"{line.shift:+.2f}" if line.shift else "",
        "speed": f"{line.speed:.2f}" if abs(line.speed - 1) >= _EXACT else "",
        "stretch": f"{line.stretch:.0%}" if STRETCHED in line.steps else "",
        "too long": f"{line.overflow:.2f}" if line.overflow >= _EXACT else "",
    }


def columns(text: str) -> int:
    """How many columns a text takes in a terminal: Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def shortened(text: str, width: int) -> str:
    """The text in one line of at most so many columns."""
    text = " ".join(text.split())
    if columns(text) <= width:
        return text
    while columns(text) >= width:
        text = text[:-1]
    return text.rstrip() + "…"


def _row(number: int, line: LineReport) -> tuple[str, ...]:
    done = figures(line)
    return (
        str(number),
        f"{clock(line.cue.start, 2)} - {clock(line.cue.end, 2)}",
        f"{clock(line.start, 2)} - {clock(line.end, 2)}",
        *(done[name] for name in ("shift", "speed", "stretch", "too long")),
        ", ".join(line.steps),
        shortened(line.cue.speaker or "", _NAME_WIDTH),
        shortened(line.cue.text, _TEXT_WIDTH),
    )


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - columns(cell))
    return space + cell if right else cell + space


def _short(value: float) -> float:
    return value if isinstance(value, int) else round(value, 3)
