"""Tasks in a fixed order, each within its window: as little shortened as possible, then as close to its wish.

Both are sums over tasks that are linked by differences only, so the least cost of all tasks so far is a convex function
of where the last one starts, made of straight pieces, and takes a step per task to carry on (the "slope trick").
All times are whole numbers: then so is the best answer, and nothing is ever off by a rounding.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

# Prices of a tick, so far apart that no number of ticks of the cheaper one pays for one of the dearer.
_SHIFT, _SHORTER, _OVERLAP = 1, 10**9, 10**18


@dataclass(frozen=True)
class Task:
    """wish: where it should start. earliest, latest: where it may. full, least: how long it may be. end: where it must
    have ended. gap: between its end and the next one's start; below 0 they may overlap by that."""

    wish: int
    earliest: int
    latest: int
    full: int
    least: int
    end: int
    gap: int


def schedule(tasks: Sequence[Task], *, overlap: bool = False) -> list[tuple[int, int]]:
    """(start, length) of each task, such that

    - the sum of what each lies on the next, if `overlap`, is the least possible; otherwise none does;
    - of those, that with the least sum of full - length; of those, with the least sum of |start - wish|;
    - of those, the one in which all is latest, as late speech disturbs less than early speech (ITU-R BT.1359).

    Raises ValueError if there is none.
    """
    cost = _Convex(-(10**18), [2 * 10**18], [0])
    marks: list[tuple[int, int, int]] = []
    for task in tasks:
        cost.restrict(task.earliest, task.latest)
        cost.add_distance(task.wish)
        shortest = cost.last_below(-_SHORTER)  # where it starts if its length made no difference to its end
        cost.add_length(task.least, task.full)
        cost.restrict(cost.low, task.end)
        marks.append((shortest, cost.last_below(0), cost.last_below(-_OVERLAP) if overlap else cost.low))
        cost.wait(task.gap, overlap)
    placed: list[tuple[int, int]] = []
    bound = 10**18
    for task, (shortest, best, least) in zip(reversed(tasks), reversed(marks), strict=True):
        end = max(least, min(best, bound - task.gap))
        start = max(end - task.full, min(shortest, end - task.least))
        placed.append((start, end - start))
        bound = start
    return placed[::-1]


class _Convex:
    """A convex function of straight pieces, but for a constant: where it begins, the pieces' lengths and slopes."""

    def __init__(self, low: int, lengths: list[int], slopes: list[int]) -> None:
        self.low, self._lengths, self._slopes = low, lengths, slopes

    def restrict(self, low: int, high: int) -> None:
        """Defined between `low` and `high` only."""
        position = self.low
        kept = []
        for length, slope in zip(self._lengths, self._slopes, strict=True):
            left, right = max(position, low), min(position + length, high)
            if right > left:
                kept.append((right - left, slope))
            position += length
        self.low = max(self.low, low)
        if self.low > min(position, high):
            raise ValueError("there is no such schedule")
        self._lengths = [length for length, _ in kept]
        self._slopes = [slope for _, slope in kept]

    def add_distance(self, wish: int) -> None:
        """Plus |x - wish|."""
        position = self.low
        lengths, slopes = [], []
        for length, slope in zip(self._lengths, self._slopes, strict=True):
            before = min(max(wish - position, 0), length)
            if before:
                lengths.append(before)
                slopes.append(slope - _SHIFT)
            if length > before:
                lengths.append(length - before)
                slopes.append(slope + _SHIFT)
            position += length
        self._lengths, self._slopes = lengths, slopes

    def add_length(self, least: int, full: int) -> None:
        """Of the start becomes of the end, the length being whatever costs least: an infimal convolution."""
        self.low += least
        if full > least:
            index = bisect_right(self._slopes, -_SHORTER)
            self._lengths.insert(index, full - least)
            self._slopes.insert(index, -_SHORTER)

    def wait(self, gap: int, overlap: bool) -> None:
        """Of the end becomes of the next one's start: `gap` later or more, or earlier, at a price, if `overlap`."""
        keep = bisect_left(self._slopes, 0)
        self._lengths[keep:], self._slopes[keep:] = [2 * 10**18], [0]
        self.low += gap
        if overlap:
            steep = bisect_right(self._slopes, -_OVERLAP)
            self.low += sum(self._lengths[:steep]) - 10**18
            self._lengths[:steep], self._slopes[:steep] = [10**18], [-_OVERLAP]

    def last_below(self, slope: int) -> int:
        """The last point where the function plus -slope * x is least."""
        return self.low + sum(self._lengths[: bisect_right(self._slopes, slope)])
