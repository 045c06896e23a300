"""WebVTT, .vtt."""

from __future__ import annotations

from collections.abc import Iterable

from ..cue import Cue


def write_vtt(cues: Iterable[Cue], *, speakers: bool = True) -> str:
    """The text of a .vtt file. speakers: whether "<v Name>" stands before what somebody says."""
    raise NotImplementedError
