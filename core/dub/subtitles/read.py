"""Subtitles of any format, from a text or a file."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ..cue import Cue

Format = Literal["srt", "vtt", "ass"]


@dataclass(frozen=True)
class Subtitles:
    """cues: by their start. format: what they were read from. warnings: one line each."""

    cues: tuple[Cue, ...]
    format: Format
    warnings: tuple[str, ...] = ()

    def shifted(self, seconds: float) -> Subtitles:
        """Everything later, or earlier if negative. Raises SubtitleError if a cue would begin before 0."""
        raise NotImplementedError

    def scaled(self, factor: float) -> Subtitles:
        """All times multiplied, as for another frame rate. Raises SubtitleError."""
        raise NotImplementedError


def parse_subtitles(text: str, name: str = "", *, speakers: Collection[str] | None = None) -> Subtitles:
    """name: of the file, for messages. speakers: those of which "Name: …" in a cue begins what they say.

    Raises SubtitleError naming the line.
    """
    raise NotImplementedError


def read_subtitles(path: str | os.PathLike[str], *, speakers: Collection[str] | None = None) -> Subtitles:
    """As `parse_subtitles`, of a file in UTF-8, or in UTF-16 with its mark. Raises SubtitleError."""
    raise NotImplementedError
