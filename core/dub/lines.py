"""Cues as lines that can be spoken: their passages, who says them, and the time there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..errors import RequestError, TextError
from ..text.front import speakable
from .cast import Cast, Member, speaker_names
from .cue import Cue
from .fit import Slot
from .passages import Passage, read_passages

LONGEST = 48 * 3600.0  # seconds of a track


@dataclass(frozen=True)
class Line:
    """What is said in a cue. label: what it is called in an error. speaker: what the stem is called.

    room: seconds from its start until it must be over.
    """

    label: str
    cue: Cue
    passages: tuple[Passage, ...]
    speaker: str
    member: Member
    room: float

    @property
    def slot(self) -> Slot:
        return Slot(self.cue.start, self.cue.end)

    @property
    def seconds(self) -> float:
        """Of the cue."""
        return self.cue.end - self.cue.start

    @property
    def words(self) -> str:
        """The cue's text without what is asked in it."""
        return " ".join(part.text for part in self.passages)


def spoken_lines(cues: Sequence[Cue], cast: Cast, narrator: str, seconds: float | None, gap: float = 0.0) -> list[Line]:
    """The lines of those cues that have words, by their start. seconds: of the clip, None if it has no end. gap: of
    silence before each, in seconds.

    Raises RequestError for times that cannot be and for unknown speakers, TextError for tags that say what cannot be
    done, and if nothing is left.
    """
    ordered = sorted(cues, key=lambda cue: cue.start)
    found = []
    for number, cue in enumerate(ordered, 1):
        label = f"cue {number}" + (f" (line {cue.line})" if cue.line else "")
        if not (0 <= cue.start < cue.end < math.inf):
            raise RequestError(
                f"{label} is from {cue.start:g} to {cue.end:g} s: a cue begins at 0 or later, then it ends"
            )
        parts = tuple(part for part in _passages(cue, label) if speakable(part.text))
        if parts:
            found.append((label, cue, parts))
    if not found:
        raise TextError("the subtitles have no cue with words: there is nothing to say")
    _check_clip([cue for _, cue, _ in found], seconds)
    names = speaker_names([cue.speaker for _, cue, _ in found], narrator)
    lines = [
        Line(label, cue, parts, name, cast.member(cue.speaker, label), (seconds or math.inf) - cue.start)
        for (label, cue, parts), name in zip(found, names, strict=True)
    ]
    return [
        *(replace(line, room=after.cue.start - gap - line.cue.start) for line, after in pairwise(lines)),
        lines[-1],
    ]


def _passages(cue: Cue, label: str) -> list[Passage]:
    try:
        return read_passages(cue.text, line=cue.line or 1)
    except TextError as error:
        raise TextError(f"{label}: {error}") from error


def _check_clip(cues: Sequence[Cue], seconds: float | None) -> None:
    """Raises RequestError for cues that begin where the clip is over."""
    late = [cue for cue in cues if cue.start >= (LONGEST if seconds is None else seconds)]
    if late and seconds is not None:
        raise RequestError(
            f"the clip ends at {seconds:.2f} s, and {len(late)} cues begin behind that, the first at "
            f"{late[0].start:.2f} s: give the clip that the subtitles are for, or shift them"
        )
    if late:
        raise RequestError(f"a cue begins at {late[0].start:.0f} s: tracks of more than {LONGEST:g} s are not made")
