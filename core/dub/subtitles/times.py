"""Times in subtitles: read as every player reads them, and written."""

from __future__ import annotations

import re

from ...errors import SubtitleError

LIMIT = 1000 * 3600.0  # seconds; no clip is as long, and no format has digits for more
_SHOWN = 50  # characters of what was found, in a message

_BLANK = r"[ \t]?"  # translators, human or not, put blanks where there were none
_CLOCK = (
    rf"(?:(\d{{1,3}}){_BLANK}[:：]{_BLANK})?(\d{{1,2}}){_BLANK}[:：]{_BLANK}(\d{{1,2}})"
    rf"(?:{_BLANK}[,.，．。]{_BLANK}(\d{{1,9}}))?"
)
_TIME = re.compile(rf"\s*{_CLOCK}\s*")
_TIMES = re.compile(
    rf"\s*{_CLOCK}[ \t]*(?:-{{1,3}}{_BLANK}(?:>|＞|&gt;)|[–—]>|[→⟶])[ \t]*{_CLOCK}(?P<rest>(?:\s.*)?)", re.DOTALL
)
_SETTING = re.compile(r"[\w-]+:\S*")


def seconds(text: str) -> float | None:
    """The time that `text` is; None if it is none."""
    found = _TIME.fullmatch(text)
    return _seconds(*found.groups()) if found else None


def cue_times(line: str, number: int, example: str) -> tuple[float, float] | None:
    """Start and end, in seconds, if `line` holds a cue's times; None if it holds words.

    example: times as this format writes them. Raises SubtitleError for times that cannot be read.
    """
    found = _TIMES.fullmatch(line)
    if not found:
        if "-->" in line:
            raise wrong(number, f"found {shown(line)}, expected times such as {example}")
        return None
    if not all(map(_SETTING.fullmatch, found["rest"].split())):
        raise wrong(number, f"found {shown(found['rest'])} behind the times: words of a cue begin on the next line")
    groups = found.groups()
    return _seconds(*groups[:4]), _seconds(*groups[4:8])


def clock(time: float, mark: str = ",") -> str:
    """Seconds as "00:01:02,500"; mark: what stands before the milliseconds."""
    milliseconds = max(0, round(time * 1000))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"


def clocks(start: float, end: float, mark: str = ",") -> str:
    """The times of a cue, which lasts a millisecond at least."""
    return f"{clock(start, mark)} --> {clock(max(end, start + 0.001), mark)}"


def shown(text: str) -> str:
    """What was found, short enough for a message."""
    text = " ".join(text[: 4 * _SHOWN].split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def wrong(line: int, what: str) -> SubtitleError:
    """The error of a line."""
    return SubtitleError(f"line {line}: {what}")


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    millionths = int((fraction or "").ljust(6, "0")[:6])
    return (whole * 1_000_000 + millionths) / 1_000_000
