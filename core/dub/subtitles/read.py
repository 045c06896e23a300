"""Subtitles of any format, from a text or a file."""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ...errors import SubtitleError
from ..cue import Cue
from .ass import parse_ass
from .srt import parse_srt
from .tidy import tidied
from .times import LIMIT, shown, wrong
from .voices import leading_name
from .vtt import parse_vtt

Format = Literal["srt", "vtt", "ass"]

MOST_BYTES = 8 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ASS = re.compile(r"\[(?:script info|v4\+{0,2} styles\+?|events)\]|;|!:|dialogue:|format:\s*layer", re.IGNORECASE)
_ARROW = re.compile(r"-->|\d[ \t]?(?:-|--|–|—)>|\d[ \t]*[→⟶]|-&gt;")


@dataclass(frozen=True)
class Subtitles:
    """cues: by their start. format: what they were read from. warnings: one line each."""

    cues: tuple[Cue, ...]
    format: Format
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """When the last cue has ended."""
        return max((cue.end for cue in self.cues), default=0.0)

    def shifted(self, seconds: float) -> Subtitles:
        """Everything later, or earlier if negative. Raises SubtitleError if a cue would begin before 0."""
        earliest = min((cue.start for cue in self.cues), default=0.0)
        if earliest + seconds < 0:
            raise SubtitleError(
                f"shifted by {seconds:g} s, the first cue begins before the clip: shift by {0 - earliest:g} s at most"
            )
        return self._moved(lambda time: time + seconds)

    def scaled(self, factor: float) -> Subtitles:
        """All times multiplied, as for another frame rate. Raises SubtitleError."""
        if not 0 < factor < math.inf:
            raise SubtitleError(f"times cannot be multiplied by {factor:g}: choose more than 0, such as 25 / 24")
        return self._moved(lambda time: time * factor)

    def named(self, speakers: Collection[str]) -> Subtitles:
        """Read when it was not known who speaks: cues that begin with "Name: …", one of `speakers`, are theirs."""
        known = frozenset(" ".join(name.casefold().split()) for name in speakers)
        return replace(self, cues=tuple(_named(cue, known) for cue in self.cues))

    def _moved(self, move: Callable[[float], float]) -> Subtitles:
        cues = tuple(replace(cue, start=move(cue.start), end=move(cue.end)) for cue in self.cues)
        if not all(0 <= cue.start < cue.end < LIMIT for cue in cues):
            raise SubtitleError("no clip lasts a thousand hours: shift and scale by less")
        return replace(self, cues=cues)


def parse_subtitles(text: str, name: str = "", *, speakers: Collection[str] | None = None) -> Subtitles:
    """Subtitles in SRT, WebVTT or ASS, whichever `text` is; cues in plain words, each on one line.

    What players forgive is forgiven. A speaker is named by "<v Name>", by an event's Name, or by a leading "[Name]";
    by "Name: …" only if it is one of `speakers`. name: of the file, for messages.
    Raises SubtitleError, which names the line and what is expected there.
    """
    try:
        return _parsed(text, speakers or ())
    except SubtitleError as error:
        if not name:
            raise
        raise SubtitleError(f"{name}, {error}") from None


def read_subtitles(path: str | os.PathLike[str], *, speakers: Collection[str] | None = None) -> Subtitles:
    """As `parse_subtitles`, of a file in UTF-8, or in UTF-16 with its mark. Raises SubtitleError."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SubtitleError(f"{path} cannot be read: {error.strerror or error}; check the path") from error
    return parse_subtitles(_decoded(data, path), path.name, speakers=speakers)


def _decoded(data: bytes, path: Path) -> str:
    if len(data) > MOST_BYTES:
        raise _too_large(path.name)
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SubtitleError(f"{path.name}, line {line}: not {encoding.upper()}: save the file as UTF-8") from error


def _too_large(name: str) -> SubtitleError:
    return SubtitleError(f"{name or 'the text'} has more than {MOST_BYTES >> 20} MiB: no subtitles are as long")


def _named(cue: Cue, speakers: Collection[str]) -> Cue:
    name, words = (None, "") if cue.speaker else leading_name(cue.text, speakers)
    return replace(cue, speaker=name, text=words.strip()) if name and words.strip() else cue


def _parsed(text: str, speakers: Collection[str]) -> Subtitles:
    if len(text) > MOST_BYTES:
        raise _too_large("")
    if "\0" in text:
        raise SubtitleError("this is no text: save the subtitles as UTF-8")
    for end in ("\r\r\n", "\r\n", "\r"):
        text = text.replace(end, "\n")
    lines = text.replace("\ufeff", "").split("\n")
    warnings: list[str] = []
    form = _format(lines)
    if form == "vtt":
        cues = parse_vtt(lines)
    elif form == "ass":
        cues = parse_ass(lines)
    else:
        cues, warnings = parse_srt(lines)
    tidy, more = tidied(cues, form, speakers)
    return Subtitles(tidy, form, (*warnings, *more))


def _format(lines: list[str]) -> Format:
    number, first = next(((at, line.strip()) for at, line in enumerate(lines, 1) if line.strip()), (0, ""))
    if not first:
        raise SubtitleError("the subtitles are empty: give the text of an .srt, .vtt or .ass file")
    if first.startswith("WEBVTT"):
        return "vtt"
    if _ASS.match(first):
        return "ass"
    if any(map(_ARROW.search, lines)):
        return "srt"
    raise wrong(number, f"found {shown(first)}, expected SRT, WebVTT or ASS: convert other subtitles to one of them")
