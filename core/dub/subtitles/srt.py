"""SubRip, .srt."""

from __future__ import annotations

from collections.abc import Iterable

from ..cue import Cue


def write_srt(cues: Iterable[Cue], *, speakers: bool = True) -> str:
    """The text of an .srt file. speakers: whether "[Name]" stands before what somebody says."""
    raise NotImplementedError
