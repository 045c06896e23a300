"""How fast each line is spoken: as it fits its slot best, and faster before others have to give way or be stretched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import RequestError
from .fit import FitOptions, Placement, native_speed, place
from .lines import Line

_SPARE = 0.02  # seconds by which speech should be shorter than its time: its ends are not found more precisely
_SAME = 1e-3  # ratios that differ by less are the same
_LOOKS = 8
_STEP = 0.5  # of what a line lacks, in ratios: when all are a little faster, it may be enough


@dataclass(frozen=True)
class Length:
    """Seconds that a line takes at speed 1, and those of them that it takes at any speed."""

    natural: float
    fixed: float

    def at(self, speed: float) -> float:
        """Seconds at that speed."""
        return self.fixed + (self.natural - self.fixed) / speed


def native_speeds(
    lines: Sequence[Line], lengths: Sequence[Length], options: FitOptions, seconds: float | None
) -> list[float]:
    """The speed of every line, within the options. seconds: of the clip, None if it has no end.

    Lines that would be stretched are faster, if they may; those that would be slow are so only within their own time.
    """
    speeds = [alone(line, length, options) for line, length in zip(lines, lengths, strict=True)]
    slots = [line.slot for line in lines]
    looked = options if options.policy == "overlap" else replace(options, policy="spill")
    for _ in range(_LOOKS):
        try:
            spoken = [length.at(speed) for length, speed in zip(lengths, speeds, strict=True)]
            placed = place(slots, spoken, looked, length=seconds)
        except RequestError:  # not at these speeds
            return [options.fastest] * len(lines)
        changed = _changed(lines, speeds, placed, options)
        if changed == speeds:
            break
        speeds = changed
    return speeds


def alone(line: Line, length: Length, options: FitOptions) -> float:
    """The speed at which a line fits best, whatever becomes of the others."""
    time = line.seconds if options.policy == "overlap" else min(line.seconds, line.room)
    return native_speed(length.natural - length.fixed, time - _SPARE - length.fixed, options)


def _changed(
    lines: Sequence[Line], speeds: Sequence[float], placed: Sequence[Placement], options: FitOptions
) -> list[float]:
    changed = []
    for line, speed, one in zip(lines, speeds, placed, strict=True):
        if one.stretch < 1 - _SAME:
            changed.append(max(speed, min(speed / one.stretch**_STEP, options.fastest)))
        elif speed < 1 and one.start + one.seconds > line.cue.end:
            changed.append(1.0)
        else:
            changed.append(speed)
    return changed
