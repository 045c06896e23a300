"""SubRip, .srt: a number, times, words, a blank line. There is no standard, so what players read is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from ..cue import Cue
from .markup import SRT_TAG
from .times import clocks, cue_times, shown, wrong

_EXAMPLE = "00:00:01,000 --> 00:00:04,500"
_NUMBER = re.compile(r"\s*#?(\d{1,9})[.:]?\s*")
_ENTITY = re.compile(r"&(?=#?\w{1,31};)")


def parse_srt(lines: Sequence[str]) -> tuple[list[Cue], list[str]]:
    """Cues with their words as they are written, lines and tags included, and warnings. Raises SubtitleError."""
    timed = [(at, times) for at, line in enumerate(lines) if (times := cue_times(line, at + 1, _EXAMPLE))]
    first = timed[0][0] if timed else len(lines)
    numbers = [at for at, line in enumerate(lines[:first]) if line.strip()]
    if not timed or len(numbers) > 1 or (numbers and not _NUMBER.fullmatch(lines[numbers[0]])):
        at = numbers[0] if numbers else 0
        raise wrong(at + 1, f"found {shown(lines[at])}, expected a cue's number or its times, such as {_EXAMPLE}")

    cues: list[Cue] = []
    warnings: list[str] = []
    number = _number(lines[numbers[0]]) if numbers else None
    due = None if number is None else number + 1  # the next cue's number, if this file has numbers
    for (at, (start, end)), following in zip_longest(timed, timed[1:]):
        stop = following[0] if following else len(lines)
        numbered = _number_line(lines, at, stop, number, due) if following else None
        words = list(lines[at + 1 : stop if numbered is None else numbered])
        after = None if numbered is None else _number(lines[numbered])
        untimed = None if number is None or after == due else _untimed(words, due)
        if untimed is not None:
            where = at + 2 + untimed
            if any(line.strip() for line in words[untimed + 1 :]):
                raise wrong(where, f"cue {words[untimed].strip()} has no times, such as {_EXAMPLE}")
            warnings.append(f"line {where}: a number without a cue")
            del words[untimed:]
        cues.append(Cue(start, end, "\n".join(words), line=at + 1))
        number = after
        due = due if after is None else after
        due = None if due is None else due + 1
    return cues, warnings


def write_srt(cues: Iterable[Cue], *, speakers: bool = True) -> str:
    """The text of an .srt file, in which cues are in the order given.

    speakers: whether "[Name]" stands before what somebody says, by which a cue is read with its speaker.
    """
    blocks = []
    for number, cue in enumerate(cues, start=1):
        name = f"[{cue.speaker}] " if speakers and cue.speaker else ""
        blocks.append(f"{number}\n{clocks(cue.start, cue.end)}\n{name}{_written(cue.text)}\n")
    return "\n".join(blocks)


def _written(text: str) -> str:
    """Words on one line that nobody takes for something else."""
    text = _ENTITY.sub("&amp;", " ".join(text.split()))
    text = SRT_TAG.sub(lambda tag: tag[0].replace("<", "&lt;"), text)
    return text.replace("-->", "--&gt;")


def _number(line: str) -> int | None:
    found = _NUMBER.fullmatch(line)
    return int(found[1]) if found else None


def _number_line(lines: Sequence[str], at: int, stop: int, number: int | None, due: int | None) -> int | None:
    """Where the number of the cue stands whose times are in line `stop`; the one before, in `at`, had `number`."""
    last = stop - 1
    while last > at and not lines[last].strip():
        last -= 1
    found = _number(lines[last]) if last > at else None
    if found is None:
        return None
    # Where the cues before had none, "1984" may be somebody's words.
    apart = last == stop - 1 and last > at + 1 and not lines[last - 1].strip()
    return last if number is not None or found == due or apart else None


def _untimed(words: Sequence[str], due: int | None) -> int | None:
    """Where the number of a cue stands that has no times."""
    numbers = (index for index in range(1, len(words)) if not words[index - 1].strip() and _number(words[index]) == due)
    return next(numbers, None)
