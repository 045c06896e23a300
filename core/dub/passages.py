"""A text with inline tags as passages: parts that are each said in one manner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """What `{…}` asks for; None leaves a setting as it is.

    speed: 0.5 to 2. seed: 0 to 2^64 - 1. instruct: how to say it. language: "en", "zh", … gain: dB, -60 to 40.
    """

    speed: float | None = None
    seed: int | None = None
    instruct: str | None = None
    language: str | None = None
    gain: float | None = None


@dataclass(frozen=True)
class Passage:
    """What is said in one manner. pause: seconds of silence asked for in front of it; "" is silence alone, at the end."""

    text: str
    style: Style
    pause: float = 0.0


def passages(text: str, base: Style = Style()) -> list[Passage]:
    """The passages of a text. base: the style of what stands in no braces. Raises TextError naming the line."""
    raise NotImplementedError
