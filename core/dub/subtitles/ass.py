"""Advanced SubStation Alpha, .ass, and its elder, .ssa: lines of fields separated by commas."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..cue import Cue
from .times import seconds, shown, wrong

_EXAMPLE = "Dialogue: 0,0:00:01.00,0:00:04.50,Default,Alice,0,0,0,,Hello."
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_ENTRY = re.compile(r"\s*(?P<kind>[A-Za-z]+)\s*:\s?(?P<value>.*)", re.DOTALL)
_SECTION = re.compile(
    r"\s*\[(script info|v4\+{0,2} styles\+?|events|fonts|graphics|aegisub [^\]]*)\]\s*", re.IGNORECASE
)
_NOT_SPOKEN = frozenset({"comment", "picture", "sound", "movie", "command"})


def parse_ass(lines: Sequence[str]) -> list[Cue]:
    """Cues with their words as they are written, tags included. Raises SubtitleError."""
    cues: list[Cue] = []
    fields: Sequence[str] = _FIELDS
    section = "events"
    for number, line in enumerate(lines, start=1):
        heading = _SECTION.fullmatch(line)
        entry = _ENTRY.fullmatch(line)
        kind = entry["kind"].lower() if entry else ""
        if heading:
            section = heading[1].lower()
        elif section != "events" or not line.strip() or line.lstrip().startswith((";", "!:")) or kind in _NOT_SPOKEN:
            continue
        elif entry and kind == "format":
            fields = _format(entry["value"], number)
        elif entry and kind == "dialogue":
            cues.append(_cue(entry["value"], fields, number))
        else:
            raise wrong(number, f"found {shown(line)}, expected an event such as {_EXAMPLE}")
    return cues


def _format(value: str, number: int) -> list[str]:
    fields = [field.strip().lower() for field in value.split(",")]
    fields = ["name" if field == "actor" else field for field in fields]
    if not {"start", "end"} <= set(fields) or fields[-1] != "text":
        raise wrong(number, f"found {shown(value)}, expected a format with Start, End and, at its end, Text")
    return fields


def _cue(value: str, fields: Sequence[str], number: int) -> Cue:
    values = value.split(",", len(fields) - 1)
    if len(values) < len(fields):
        raise wrong(number, f"found {len(values)} fields, expected {len(fields)}, as in {_EXAMPLE}")
    event = dict(zip(fields, values, strict=True))
    start, end = seconds(event["start"]), seconds(event["end"])
    if start is None or end is None:
        found = event["start"] if start is None else event["end"]
        raise wrong(number, f"found {shown(found)}, expected a time such as 0:00:01.00")
    return Cue(start, end, event["text"], event.get("name") or None, number)
