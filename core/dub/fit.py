"""When each cue is spoken and how fast, so that all is heard, nothing is cut, and no voice lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite

from ..errors import RequestError
from .clock import clock
from .schedule import Task, schedule

BORROWED, EARLIER, LATER, STRETCHED = "borrowed", "earlier", "later", "stretched"
SPILLED, PULLED, OVERLAPS = "spilled", "pulled", "overlaps"
POLICIES = ("spill", "overlap", "error")
_TICKS = 1_000_000  # a second: places are found in whole microseconds
_SLACK = 2  # ticks that are nothing: what just fits still does when all is rounded
_NEVER = 10**17


@dataclass(frozen=True)
class FitOptions:
    """How speech may be changed to fit its cue; each is tried only where those before it are not enough.

    best_of: utterances that are made of a cue that does not fit, the best of which is kept.
    slowest, fastest: the speed at which it may be spoken.
    borrow: speech may run on until the next cue. gap: seconds of silence that are left in front of that one.
    shift: seconds that it may start earlier or later. stretch: times that it may be made faster after it was spoken.
    policy: for what still does not fit. "spill": what follows waits; "overlap": it is spoken at its time, over what
    follows; "error": nothing is made.
    """

    best_of: int = 2
    slowest: float = 0.85
    fastest: float = 1.2
    gap: float = 0.08
    borrow: bool = True
    shift: float = 0.3
    stretch: float = 1.2
    policy: str = "spill"

    def __post_init__(self) -> None:
        """Raises RequestError for what cannot be."""
        for name, low, high in _LIMITS:
            value = getattr(self, name)
            if not low <= value <= high:
                raise RequestError(f"{name} is {value:g}: choose {low:g} to {high:g}")
        if self.best_of != int(self.best_of):
            raise RequestError(f"best_of is {self.best_of:g}: choose a whole number")
        if self.policy not in POLICIES:
            raise RequestError(f"the policy is {self.policy!r}: choose {', '.join(POLICIES[:-1])} or {POLICIES[-1]}")


_LIMITS = (
    ("best_of", 1, 16),
    ("slowest", 0.5, 1),
    ("fastest", 1, 2),
    ("gap", 0, 10),
    ("shift", 0, 60),
    ("stretch", 1, 2),
)


@dataclass(frozen=True)
class Slot:
    """The time of a cue, in seconds."""

    start: float
    end: float


@dataclass(frozen=True)
class Placement:
    """Where speech lies: start and length in seconds, stretching included.

    stretch: seconds after / before, 1 if it is not stretched.
    steps: what was done, in this order: BORROWED: it runs on behind its cue; EARLIER or LATER: it starts so, within
    `shift`; STRETCHED; SPILLED: it starts later than `shift` allows, as it waits for others; PULLED: earlier, so that
    all ends with the clip; OVERLAPS: it lies on what follows.
    overflow: seconds by which this cue itself is too long after all that was allowed: what to shorten.
    """

    start: float
    seconds: float
    stretch: float = 1.0
    steps: tuple[str, ...] = ()
    overflow: float = 0.0


def native_speed(natural: float, slot: float, options: FitOptions) -> float:
    """The speed at which speech that takes `natural` seconds at speed 1 fits a slot of `slot` seconds best.

    Slower only as far as that fills the slot: where it would stay empty for long all the same, slow speech helps
    nobody, and the speed goes back to 1, without a jump, at the square of `slowest`.
    """
    if natural <= 0:
        return 1.0
    speed = natural / slot if slot > 0 else options.fastest
    return min(max(speed, min(1.0, options.slowest**2 / speed)), options.fastest)


def misfit(natural: float, slot: float, room: float, options: FitOptions) -> float:
    """How badly speech of `natural` seconds fits, at the best native speed: the better of two has the lower one.

    slot: seconds of the cue; room: seconds from its start until it must be over. 0 if it fits into the slot, otherwise
    the seconds that are too much, those beyond the room twice.
    """
    spoken = natural / native_speed(natural, slot, options)
    room = max(slot, room) if options.borrow else slot
    return max(0.0, spoken - slot) + max(0.0, spoken - room)


def place(
    slots: Sequence[Slot], seconds: Sequence[float], options: FitOptions, *, length: float | None = None
) -> list[Placement]:
    """Where each of the cues is spoken that last `seconds`; they are spoken in the order in which their slots begin.

    length: seconds of the clip; nothing lasts beyond it. Raises RequestError for what cannot be.

    A first look decides what must be, a second one what is best. Were all speech as short and as early as it may be,
    each cue would start at its earliest: whoever is later than `shift` allows even then waits until just then, and no
    longer (seen from the end of the clip, the same the other way round). With that, each cue has a window. Within them,
    `schedule` finds the places that take the fewest seconds from speech by stretching, and of those the ones that
    shift it by the fewest seconds in all; running on into a gap costs nothing. What fits is therefore left alone,
    unless moving it spares another one stretching.
    """
    if len(slots) != len(seconds):
        raise ValueError(f"{len(slots)} slots, but {len(seconds)} lengths of speech")
    order = sorted(range(len(slots)), key=lambda index: slots[index].start)
    cues = [_Cue(index, slots[index], seconds[index], options) for index in order]
    end = None if length is None else round(length * _TICKS)
    windows = _over_others if options.policy == "overlap" else _one_after_the_other
    tasks = windows(cues, options, end)
    placed = schedule(tasks, overlap=options.policy == "overlap")
    found = _told(cues, tasks, placed, options)
    if options.policy == "error":
        _refuse(cues, found, options)
    result = dict(zip(order, found, strict=True))
    return [result[index] for index in range(len(slots))]


class _Cue:
    """A cue in ticks."""

    def __init__(self, index: int, slot: Slot, seconds: float, options: FitOptions) -> None:
        if not (isfinite(slot.start) and isfinite(slot.end) and isfinite(seconds) and seconds >= 0):
            raise ValueError(f"cue {index + 1} is from {slot.start} to {slot.end}, its speech takes {seconds} seconds")
        shift = round(options.shift * _TICKS)
        self.index, self.slot, self.seconds = index, slot, seconds
        self.start, self.end = round(slot.start * _TICKS), round(slot.end * _TICKS)
        self.earliest = max(0, self.start - shift)
        self.latest = max(0, self.start + shift)
        self.full = max(0, floor(seconds * _TICKS) - _SLACK)
        self.least = ceil(self.full / options.stretch)

    def __str__(self) -> str:
        return f"cue {self.index + 1} (at {clock(self.slot.start)})"


def _one_after_the_other(cues: Sequence[_Cue], options: FitOptions, clip: int | None) -> list[Task]:
    """Windows in which nothing needs to overlap."""
    gaps = _gaps(cues, options, 0)
    earliest = [cue.earliest for cue in cues]
    if clip is not None:
        _check_starts(cues, clip)
        end = clip
        for place in reversed(range(len(cues))):
            end -= cues[place].least  # the latest start from which all that follows ends in time
            earliest[place] = min(earliest[place], end)
            if place:
                end -= gaps[place - 1]
        if cues and end < 0:
            raise RequestError(
                f"{_up(-end)} s are missing: with all that is allowed, the speech does not fit into the clip "
                f"({clock(clip / _TICKS)}). Shorten the texts, or allow more stretch ({options.stretch:g} now), "
                f"faster speech ({options.fastest:g}) or a smaller gap ({options.gap:g} s)"
            )
    tasks = []
    free = 0
    for cue, gap, early in zip(cues, gaps, earliest, strict=True):
        first = max(early, free)
        last = _NEVER if options.borrow else max(cue.end, first + cue.least)
        last = last if clip is None else min(last, clip)
        tasks.append(Task(cue.start, early, max(cue.latest, first), cue.full, cue.least, last, gap))
        free = first + cue.least + gap
    return tasks


def _over_others(cues: Sequence[_Cue], options: FitOptions, clip: int | None) -> list[Task]:
    """Windows in which each is spoken at its own time; what overlaps in the subtitles may overlap as much."""
    tasks = []
    for cue, gap in zip(cues, _gaps(cues, options, -_NEVER), strict=True):
        first, last = cue.earliest, _NEVER
        if clip is not None:
            _check_starts(cues, clip)
            if cue.least > clip:
                raise RequestError(
                    f"{cue} takes {_up(cue.least)} s even when it is stretched, the clip {clock(clip / _TICKS)}: "
                    f"shorten its text or allow more stretch ({options.stretch:g} now)"
                )
            first, last = min(first, clip - cue.least), clip
        if not options.borrow:
            last = min(last, max(cue.end, first + cue.least))
        tasks.append(Task(cue.start, first, max(first, cue.latest), cue.full, cue.least, last, gap))
    return tasks


def _gaps(cues: Sequence[_Cue], options: FitOptions, least: int) -> list[int]:
    """What is left between each cue and the next: no more than the subtitles leave."""
    wanted = round(options.gap * _TICKS)
    between = [after.start - cue.end for cue, after in pairwise(cues)]
    return [min(wanted, max(least, gap)) for gap in between] + [0] * bool(cues)


def _check_starts(cues: Sequence[_Cue], clip: int) -> None:
    """Raises RequestError for cues behind the clip: of another clip, most likely."""
    behind = [cue for cue in cues if cue.start >= clip]
    if behind:
        more = f" and {len(behind) - 1} more begin" if len(behind) > 1 else " begins"
        raise RequestError(
            f"{behind[0]}{more} after the end of the clip ({clock(clip / _TICKS)}): "
            "give the right length or subtitles, or shift or remove these cues"
        )


def _told(
    cues: Sequence[_Cue], tasks: Sequence[Task], placed: Sequence[tuple[int, int]], options: FitOptions
) -> list[Placement]:
    """The places in seconds, with what was done, and what is too long for it."""
    found = []
    after: tuple[_Cue, int] | None = None
    for cue, task, (start, size) in zip(reversed(cues), reversed(tasks), reversed(placed), strict=True):
        if abs(start - cue.start) <= _SLACK:
            start = cue.start
        stretch = size / cue.full if size < cue.full else 1.0
        done = {
            BORROWED: options.borrow and start + size > cue.end + _TICKS // 1000,
            EARLIER: cue.earliest <= start < cue.start,
            LATER: cue.start < start <= cue.latest,
            STRETCHED: stretch < 1,
            SPILLED: start > cue.latest,
            PULLED: start < cue.earliest,
            OVERLAPS: after is not None and start + size > after[1] + 2 * _SLACK,
        }
        found.append(
            Placement(
                cue.slot.start if start == cue.start else start / _TICKS,
                cue.seconds * stretch,
                stretch,
                tuple(step for step, was in done.items() if was),
                _too_long(cue, start, size, task.gap, after, options) / _TICKS,
            )
        )
        after = cue, start
    return found[::-1]


def _too_long(cue: _Cue, start: int, size: int, gap: int, after: tuple[_Cue, int] | None, options: FitOptions) -> int:
    """Ticks that this cue takes from others: those by which it makes the next one later, or itself earlier, than they
    may be, or lies on the next one."""
    late, early, end = max(0, start - cue.latest), max(0, cue.earliest - start), start + size
    own = 0 if options.borrow else end - cue.end - max(0, start - cue.start)
    if after is None:
        return max(own, early)
    follows, then = after
    later, earlier = max(0, then - follows.latest), max(0, follows.earliest - then)
    over = end + min(gap, 0) - then
    over = over if over > 2 * _SLACK else 0
    return max(own, max(0, later - late) + max(0, early - earlier) + over)


def _refuse(cues: Sequence[_Cue], found: Sequence[Placement], options: FitOptions) -> None:
    """Raises RequestError if anything does not fit."""
    long = [f"{cue} by {place.overflow:.2f} s" for cue, place in zip(cues, found, strict=True) if place.overflow > 0]
    if long:
        count = f"{len(long)} cues do" if len(long) > 1 else "1 cue does"
        raise RequestError(
            f"{count} not fit: {', '.join(long)}. Shorten the text, or allow more stretch ({options.stretch:g} now), "
            f"shift ({options.shift:g} s) or faster speech ({options.fastest:g}), or choose the policy spill"
        )


def _up(ticks: int) -> str:
    """Seconds, rounded up to what is enough."""
    return f"{ceil(ticks / 10_000) / 100:.2f}"
