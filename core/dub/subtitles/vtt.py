"""WebVTT, .vtt (https://www.w3.org/TR/webvtt1/): blocks between blank lines, of which those with times are cues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..cue import Cue
from .times import clocks, cue_times, shown, wrong

_EXAMPLE = "00:00:01.000 --> 00:00:04.500"
_SILENT = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)(?:\s|$)")  # joined segments of a stream repeat the first line


def parse_vtt(lines: Sequence[str]) -> list[Cue]:
    """Cues with their words as they are written, lines and tags included. Raises SubtitleError."""
    return _Blocks(lines).cues()


def write_vtt(cues: Iterable[Cue], *, speakers: bool = True) -> str:
    """The text of a .vtt file, in which cues are in the order given.

    speakers: whether "<v Name>" stands before what somebody says, by which a cue is read with its speaker.
    """
    blocks = ["WEBVTT\n"]
    for cue in cues:
        voice = f"<v {_escaped(cue.speaker)}>" if speakers and cue.speaker else ""
        blocks.append(f"{clocks(cue.start, cue.end, '.')}\n{voice}{_escaped(' '.join(cue.text.split()))}\n")
    return "\n".join(blocks)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Blocks:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def cues(self) -> list[Cue]:
        cues: list[Cue] = []
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if not line.strip():
                at += 1
            elif _SILENT.match(line):
                at = self._after(at + 1)
            else:
                if self._times(at) is None:
                    at += 1  # the cue's own name
                times = self._times(at)
                if times is None:
                    raise wrong(at, f"found {shown(line)}, expected times such as {_EXAMPLE}, or NOTE before a remark")
                end = self._end(at + 1)
                cues.append(Cue(*times, "\n".join(self._lines[at + 1 : end]), line=at + 1))
                at = end
        return cues

    def _times(self, at: int) -> tuple[float, float] | None:
        return cue_times(self._lines[at], at + 1, _EXAMPLE) if at < len(self._lines) else None

    def _after(self, at: int) -> int:
        """Where a block without times ends whose first line is before `at`."""
        while at < len(self._lines) and self._lines[at].strip() and "-->" not in self._lines[at]:
            at += 1
        return at

    def _end(self, at: int) -> int:
        """Where the words end that begin at `at`. A line of blanks is one of them, unless a block follows."""
        while at < len(self._lines) and self._lines[at] and self._times(at) is None:
            if not self._lines[at].strip() and self._begins(at + 1):
                break
            at += 1
        return at

    def _begins(self, at: int) -> bool:
        silent = at < len(self._lines) and bool(_SILENT.match(self._lines[at]))
        return silent or self._times(at) is not None or self._times(at + 1) is not None
