"""When each cue is spoken and how fast, so that all is heard, nothing is cut, and no voice lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BORROWED, EARLIER, LATER, STRETCHED = "borrowed", "earlier", "later", "stretched"
SPILLED, PULLED, OVERLAPS = "spilled", "pulled", "overlaps"
POLICIES = ("spill", "overlap", "error")


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
    stretch: float = 1.3
    policy: str = "spill"


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
    """The speed at which speech that takes `natural` seconds at speed 1 fits a slot of `slot` seconds best."""
    raise NotImplementedError


def misfit(natural: float, slot: float, room: float, options: FitOptions) -> float:
    """How badly speech of `natural` seconds fits, at the best native speed: the better of two has the lower one.

    slot: seconds of the cue; room: seconds until the next one. 0 if it fits into the slot, otherwise the seconds that
    are too much, those beyond the room twice.
    """
    raise NotImplementedError


def place(
    slots: Sequence[Slot], seconds: Sequence[float], options: FitOptions, *, length: float | None = None
) -> list[Placement]:
    """Where each of the cues is spoken that last `seconds`; they begin one after the other.

    length: seconds of the clip; nothing lasts beyond it. Raises RequestError for what cannot be.
    """
    raise NotImplementedError
