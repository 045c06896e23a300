"""A script: `[Alice] …` begins what Alice says."""

from __future__ import annotations

from dataclasses import dataclass

from .passages import Passage


@dataclass(frozen=True)
class Turn:
    """What one speaker says until another does. speaker: None before the first name. line: in the script, from 1."""

    speaker: str | None
    passages: tuple[Passage, ...]
    line: int


def read_script(text: str) -> list[Turn]:
    """The turns of a script. Raises TextError naming the line."""
    raise NotImplementedError
