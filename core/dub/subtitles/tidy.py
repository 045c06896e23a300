"""Cues as they were written, made cues to be spoken: plain words, in order, each once, with a speaker."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from ...errors import SubtitleError, TextError
from ...voice.transcript import speaking_seconds
from ..cue import Cue
from .markup import plain, without_tags
from .times import clock, wrong
from .voices import spoken

_MOMENT = 0.001  # seconds by which cues may overlap: times are rounded
_BREATH = 0.3  # seconds that every part of a cue is given besides those of its letters
_NAMED = 5  # lines that a warning names
_KARAOKE = re.compile(r"<\d{1,3}:[\d:.]+>")


def tidied(cues: Sequence[Cue], form: str, speakers: Collection[str]) -> tuple[tuple[Cue, ...], tuple[str, ...]]:
    """Cues by their start, and warnings. speakers: as in `spoken`, in any case. Raises SubtitleError."""
    warnings: list[str] = []
    if form == "vtt" and any(_KARAOKE.search(cue.text) for cue in cues):
        cues = list(_unrolled(cues))
    known = frozenset(" ".join(name.casefold().split()) for name in speakers)
    read = [(cue, _parts(cue, form, known)) for cue in cues]
    _warn(warnings, "no words, left out", [cue.line for cue, parts in read if not parts])
    _warn(warnings, "several speakers share the cue's time", [cue.line for cue, parts in read if len(parts) > 1])
    cues = [part for _, parts in read for part in parts]
    if not cues:
        raise SubtitleError("no cue has words: there is nothing to say")
    if form != "ass":  # whose lines are in no order
        early = [cue.line for before, cue in pairwise(cues) if cue.start < before.start]
        _warn(warnings, "begins before the cue above, sorted by time", early)
    once = {(cue.start, cue.end, cue.speaker, cue.text): cue for cue in reversed(cues)}
    kept = set(map(id, once.values()))
    _warn(warnings, "there twice, spoken once", [cue.line for cue in cues if id(cue) not in kept])
    cues = sorted((cue for cue in cues if id(cue) in kept), key=lambda cue: cue.start)
    _warn(warnings, "begins before another cue ends", list(_overlapping(cues)))
    return tuple(cues), tuple(warnings)


def _parts(cue: Cue, form: str, speakers: Collection[str]) -> list[Cue]:
    """The cue, or one for each that speaks in it; none if it has no words."""
    try:
        parts = spoken([(speaker or cue.speaker, text) for speaker, text in plain(cue.text, form)], speakers)
    except TextError as error:
        raise wrong(cue.line, str(error).partition(": ")[2]) from None
    if not parts:
        return []
    if cue.end <= cue.start:
        raise wrong(
            cue.line, f"the cue begins at {clock(cue.start)} and ends at {clock(cue.end)}: it must end after it begins"
        )
    spent = list(accumulate((speaking_seconds(text) + _BREATH for _, text in parts), initial=0.0))
    borders = [cue.start + share / spent[-1] * (cue.end - cue.start) for share in spent[:-1]] + [cue.end]
    return [
        Cue(start, end, text, speaker, cue.line)
        for (speaker, text), (start, end) in zip(parts, pairwise(borders), strict=True)
    ]


def _unrolled(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Captions that roll up, word by word, without the lines that the caption before had already."""
    above: list[str] = []
    end = 0.0
    for cue in cues:
        lines = [line for line in cue.text.split("\n") if line.strip()]
        bare = list(map(without_tags, lines))
        again = 0
        if cue.start <= end + 0.1:
            again = next((size for size in range(len(bare), 0, -1) if bare[:size] == above[-size:]), 0)
        yield replace(cue, text="\n".join(lines[again:]))
        above, end = bare, cue.end


def _overlapping(cues: Iterable[Cue]) -> Iterator[int]:
    end = 0.0
    for cue in cues:
        if cue.start < end - _MOMENT:
            yield cue.line
        end = max(end, cue.end)


def _warn(warnings: list[str], what: str, lines: Sequence[int]) -> None:
    if lines:
        named = ", ".join(map(str, lines[:_NAMED]))
        more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
        warnings.append(f"line{'s' if len(lines) > 1 else ''} {named}{more}: {what}")
