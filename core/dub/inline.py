"""Inline tags in a text: silence, and how what follows is said. What stands in code is no tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ..errors import TextError
from ..families import ALL_FAMILIES
from .style import Style, begins_style, read_style

LONGEST_PAUSE = 60.0  # seconds
_PAUSE = 0.5  # seconds of "[pause]"

_TAG = re.compile(
    r"(?P<fence>^[ \t]*(?:```|~~~)[^`\n]*$)"
    r"|(?P<code>`[^`\n]{1,300}`)"
    r"|(?P<silence>\[\s*pause\s*\])"
    r"|(?P<pause>\[\s*pause(?:\s*[:：=]|\s+(?=[\d.,]))(?P<time>[^\[\]\n]{0,40})(?P<closed>\])?)"
    r"|(?P<brace>\{)",
    re.IGNORECASE | re.MULTILINE,
)
_SECONDS = re.compile(r"\s*(\d{1,6}(?:[.,]\d{0,6})?|[.,]\d{1,6})\s*(ms|s|sec|seconds?)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """Text between tags. line: where it begins. code: it is code, in which nothing is a tag."""

    text: str
    line: int
    code: bool = False


@dataclass(frozen=True)
class Pause:
    """Silence that is asked for in line `line`."""

    seconds: float
    line: int


Token = Words | Pause | Style


def tokens(text: str, line: int = 1) -> list[Token]:
    """`text` cut at its tags; line breaks become "\\n". line: the number of its first line.

    Raises TextError, which names the line, for a tag that says what cannot be done.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: list[Token] = []
    start = place = 0  # of the text that was not given out, and of what was not read
    fenced = False

    def take(end: int, *, code: bool = False) -> None:
        nonlocal start, line
        if end > start:
            found.append(Words(text[start:end], line, code))
            line += text.count("\n", start, end)
        start = end

    while tag := _TAG.search(text, place):
        place = tag.end()
        if tag["fence"] is not None:
            take(place if fenced else tag.start(), code=fenced)
            fenced = not fenced
        elif fenced or (tag["brace"] and not begins_style(text, tag.start())):
            continue
        elif tag["code"]:
            take(tag.start())
            take(place, code=True)
        else:
            take(tag.start())
            style_or_pause, place = _read(text, tag, line)
            found.append(style_or_pause)
            line += text.count("\n", start, place)
            start = place
    take(len(text), code=fenced)
    return found


def _read(text: str, tag: re.Match[str], line: int) -> tuple[Pause | Style, int]:
    if tag["brace"]:
        return read_style(text, tag.start(), line)
    if tag["silence"]:
        return Pause(_PAUSE, line), tag.end()
    time = _SECONDS.fullmatch(tag["time"]) if tag["closed"] else None
    seconds = float(time[1].replace(",", ".")) / (1000 if (time[2] or "").lower() == "ms" else 1) if time else None
    if seconds is None or seconds > LONGEST_PAUSE:
        shown = tag[0].strip()
        raise TextError(f"line {line}: {shown!r} is no pause: write [pause:0.6], [pause:600ms], at most 60 seconds")
    return Pause(seconds, line), tag.end()


@cache
def control_tags() -> frozenset[str]:
    """What a text may hold for one model or another: "[laughter]", "<strong>"."""
    return frozenset(tag for family in ALL_FAMILIES for tag in family.control_tokens if not tag.startswith("<|"))
