"""Speech that fits: by its properties, and against an exhaustive search."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import pytest
from cosyvox.core import RequestError
from cosyvox.core.dub.fit import POLICIES, FitOptions, Placement, Slot, misfit, native_speed, place
from hypothesis import given, settings
from hypothesis import strategies as st

TIGHT = 1e-5  # seconds: places are whole microseconds, and a few of them are nothing
DEFAULT = FitOptions(stretch=1.3)  # as the figures below have it


def end(placement: Placement) -> float:
    return placement.start + placement.seconds


def about(value: object) -> object:
    return pytest.approx(value, abs=TIGHT)


def alone(seconds: float, options: FitOptions = DEFAULT, length: float | None = None) -> Placement:
    (placement,) = place([Slot(10, 12)], [seconds], options, length=length)
    return placement


# One step after the other


def test_what_fits_is_left_alone() -> None:
    placed = place([Slot(0, 2), Slot(2, 4), Slot(5, 6.5)], [2.0, 1.1, 1.5], DEFAULT, length=6.5)
    assert placed == [Placement(0, 2.0), Placement(2, 1.1), Placement(5, 1.5)]


def test_first_the_gap_is_borrowed() -> None:
    placed = place([Slot(1, 3), Slot(4, 5)], [2.92, 1.0], DEFAULT)
    assert placed == [Placement(1, 2.92, steps=("borrowed",)), Placement(4, 1.0)]


def test_then_it_shifts_no_more_than_needed() -> None:
    first, second = place([Slot(1, 3), Slot(4, 5)], [3.1, 1.0], DEFAULT)
    assert first == Placement(1, 3.1, steps=("borrowed",))
    assert second.start == about(4.18)  # rather late than early
    assert second.steps == ("borrowed", "later")
    first, second, third = place([Slot(1, 3), Slot(4, 5), Slot(5, 6)], [3.1, 1.0, 1.0], DEFAULT)
    assert first.start == about(0.82)  # one cue is moved, not two
    assert first.steps == ("borrowed", "earlier")
    assert (second, third) == (Placement(4, 1.0), Placement(5, 1.0))


def test_then_it_is_stretched() -> None:
    first, second = place([Slot(1, 3), Slot(4, 5)], [4.0, 1.0], DEFAULT)
    assert (first.start, second.start) == (about(0.7), about(4.3))
    assert end(first) == about(4.3 - 0.08)
    assert first.stretch == about((4.3 - 0.08 - 0.7) / 4.0)
    assert first.steps == ("borrowed", "earlier", "stretched")
    assert (second.seconds, second.stretch, second.overflow) == (1.0, 1.0, 0.0)


def test_then_what_follows_waits() -> None:
    first, second, third = place([Slot(1, 3), Slot(4, 5), Slot(5.5, 9)], [5.2, 1.2, 2.0], DEFAULT)
    assert first.stretch == about(1 / 1.3)
    assert end(first) == about(0.7 + 4.0)
    assert first.overflow == about(0.7 + 4.0 + 0.08 - 4.3)
    assert second.start == about(4.78)
    assert second.steps == ("borrowed", "stretched", "spilled")
    assert second.overflow == 0  # it did nothing wrong
    assert third.steps == ("later",)


def test_or_it_is_spoken_over_what_follows() -> None:
    first, second = place([Slot(1, 3), Slot(4, 5)], [5.2, 1.0], replace(DEFAULT, policy="overlap"))
    assert (first.start, second.start) == (about(0.7), about(4.3))
    assert first.steps == ("borrowed", "earlier", "stretched", "overlaps")
    assert first.overflow == about(4.7 - 4.3)


def test_or_nothing_is_made() -> None:
    slots, options = [Slot(61, 63), Slot(64, 65), Slot(65, 70), Slot(70, 71)], replace(DEFAULT, policy="error")
    with pytest.raises(
        RequestError, match=r"^2 cues do not fit: cue 1 \(at 1:01\.0\) by 0\.48 s, cue 2 .* by 1\.00 s\."
    ):
        place(slots, [5.2, 2.6, 1.0, 1.0], options)
    assert place(slots, [4.0, 0.6, 1.0, 1.0], options) == place(slots, [4.0, 0.6, 1.0, 1.0], DEFAULT)


def test_without_borrowing() -> None:
    options = replace(DEFAULT, borrow=False)
    first, second = place([Slot(1, 3), Slot(8, 9)], [2.1, 1.2], options)
    assert (first.start, end(first)) == (about(0.9), about(3))
    assert first.steps == ("earlier",)
    assert (second.start, end(second)) == (about(7.8), about(9))
    too_long = alone(4.0, options)
    assert too_long.start == about(9.7)
    assert too_long.overflow == about(9.7 + 4.0 / 1.3 - 12)
    with pytest.raises(RequestError, match="1 cue does not fit: cue 1"):
        alone(4.0, replace(DEFAULT, borrow=False, policy="error"))


def test_cues_that_abut_need_no_gap_but_others_keep_it() -> None:
    placed = place([Slot(0, 2), Slot(2, 4), Slot(4.05, 5)], [2.0, 2.0, 0.9], DEFAULT)
    assert [placement.steps for placement in placed] == [(), (), ()]


def test_cues_that_overlap_are_spoken_one_after_the_other_unless_overlaps_are_asked_for() -> None:
    slots, seconds = [Slot(1, 4), Slot(2, 5), Slot(2, 3)], [1.5, 1.0, 0.5]
    first, second, third = place(slots, seconds, replace(DEFAULT, shift=5))
    assert end(first) <= second.start + TIGHT
    assert end(second) <= third.start + TIGHT
    over = place(slots, [3.0, 1.0, 0.5], replace(DEFAULT, policy="overlap"))
    assert [(placement.start, placement.seconds) for placement in over] == [(1, 3.0), (2, 1.0), (2, 0.5)]
    assert over[0].steps == ("overlaps",)
    assert over[0].overflow == 0


def test_the_order_is_that_of_the_starts() -> None:
    slots, seconds = [Slot(5, 6), Slot(1, 2), Slot(3, 4)], [1.0, 2.5, 1.3]
    turned = [
        place([slots[i] for i in order], [seconds[i] for i in order], DEFAULT) for order in ((0, 1, 2), (1, 2, 0))
    ]
    assert turned[0] == [turned[1][2], turned[1][0], turned[1][1]]


# The clip's end is a wall


def test_the_last_cue_ends_with_the_clip() -> None:
    assert alone(2.4, length=12.4) == Placement(10, 2.4, steps=("borrowed",))
    assert alone(2.4, length=12.2).start == about(9.8)
    stretched = alone(2.6, length=12)
    assert (stretched.start, end(stretched)) == (about(9.7), about(12))
    pulled = alone(3.9, length=12)
    assert (pulled.start, pulled.stretch) == (about(9), about(1 / 1.3))
    assert pulled.steps == ("stretched", "pulled")
    assert pulled.overflow == about(0.7)


def test_a_run_is_pulled_from_the_wall() -> None:
    placed = place([Slot(0, 1), Slot(4, 6), Slot(6, 8)], [1.0, 2.0, 3.9], DEFAULT, length=8)
    assert [placement.start for placement in placed] == about([0, 5 - 2 / 1.3, 5])
    assert [placement.overflow for placement in placed] == about([0, 0, 0.7])


def test_what_cannot_be_says_how_much_is_missing() -> None:
    with pytest.raises(RequestError, match=r"^1\.00 s are missing: .*the clip \(0:02\.0\).*stretch \(1\.3 now\)"):
        place([Slot(0, 1), Slot(1, 2)], [1.3, 2.6], DEFAULT, length=2)
    with pytest.raises(RequestError, match=r"cue 1 \(at 0:10\.0\) takes 13\.00 s even when it is stretched"):
        alone(16.9, replace(DEFAULT, policy="overlap"), length=12)
    with pytest.raises(RequestError, match=r"cue 2 \(at 1:01:00\.5\) and 1 more begin after the end of the clip"):
        place([Slot(0, 1), Slot(3660.5, 3662), Slot(3663, 3664)], [1.0, 1.0, 1.0], DEFAULT, length=3600)


def test_over_what_is_before_it_rather_than_over_the_end() -> None:
    first, second = place([Slot(0, 2), Slot(2, 3)], [2.0, 2.6], replace(DEFAULT, policy="overlap"), length=3)
    assert end(second) == about(3)
    assert second.start == about(1)
    assert second.steps == ("stretched", "pulled")
    assert end(first) == about(2 / 1.3)
    assert first.overflow == about(2 / 1.3 - 1)


# Against an exhaustive search. In tenths of seconds: all is linear, so the best of those is best of all.


@dataclass(frozen=True)
class Case:
    slots: list[tuple[int, int]]
    full: list[int]
    shift: int
    borrow: bool
    overlap: bool
    length: int | None

    def place(self) -> list[Placement]:
        options = FitOptions(
            gap=0.1, stretch=2, shift=self.shift / 10, borrow=self.borrow, policy="overlap" if self.overlap else "spill"
        )
        slots = [Slot(start / 10, stop / 10) for start, stop in self.slots]
        length = None if self.length is None else self.length / 10
        return place(slots, [full / 10 for full in self.full], options, length=length)

    def gap(self, number: int) -> float:
        """That is to be left behind a cue; below 0 where cues overlap that may."""
        if number + 1 == len(self.slots):
            return 0
        between = self.slots[number + 1][0] - self.slots[number][1]
        return min(1, between if self.overlap else max(0, between))

    def cost(self, number: int, start: float, size: float, free: float) -> tuple[float, ...]:
        """What is to be least, the first before all others. free: from when on nothing else is spoken."""
        wish, stop = self.slots[number]
        early = max(0, max(0, wish - self.shift) - start)
        late = max(0, start - wish - self.shift)
        behind = 0 if self.borrow else max(0, start + size - stop)
        return (early, late, behind, max(0, free - start), self.full[number] - size, abs(start - wish))

    def best(self) -> tuple[float, ...] | None:
        """The least sums of all costs; None if there is no way."""
        latest = self.length if self.length is not None else self.slots[-1][1] + sum(self.full) + len(self.full)

        @cache
        def rest(number: int, free: float) -> tuple[float, ...] | None:
            if number == len(self.slots):
                return (0,) * 6
            found = []
            for size in range(self.full[number] // 2, self.full[number] + 1):
                for start in range(0 if self.overlap else max(0, int(free)), latest - size + 1):
                    if (after := rest(number + 1, start + size + self.gap(number))) is not None:
                        found.append(summed(self.cost(number, start, size, free), after))
            return min(found, default=None)

        return rest(0, -100)


def summed(*costs: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(sum, zip(*costs, strict=True)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    slots, at = [], draw(st.integers(0, 3))
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 4))
        slots.append((at, at + size))
        at += size + draw(st.integers(-1, 2))
    full = [2 * draw(st.integers(0, 4)) for _ in slots]
    length = draw(st.none() | st.integers(slots[-1][0] + 1, slots[-1][1] + 3))
    return Case(slots, full, draw(st.integers(0, 3)), draw(st.booleans()), draw(st.booleans()), length)


@given(cases())
@settings(max_examples=300, deadline=None)
def test_nothing_is_better(case: Case) -> None:
    best = case.best()
    if best is None:
        with pytest.raises(RequestError):
            case.place()
        return
    free, costs = -100.0, []
    for number, placement in enumerate(case.place()):
        costs.append(case.cost(number, 10 * placement.start, 10 * placement.seconds, free))
        free = 10 * end(placement) + case.gap(number)
    assert summed(*costs) == pytest.approx(best, abs=1e-3)


# Properties of all placements


@st.composite
def films(draw: st.DrawFn) -> tuple[list[Slot], list[float], FitOptions, float | None]:
    seconds = st.floats(0, 8, allow_subnormal=False)
    slots, at = [], draw(seconds)
    for _ in range(draw(st.integers(0, 12))):
        size = draw(st.floats(0.2, 6))
        slots.append(Slot(at, at + size))
        at += max(0, size + draw(st.floats(-1, 3)))
    options = FitOptions(
        gap=draw(st.floats(0, 1)),
        borrow=draw(st.booleans()),
        shift=draw(st.floats(0, 2)),
        stretch=draw(st.floats(1, 2)),
        policy=draw(st.sampled_from(POLICIES)),
    )
    length = draw(st.none() | st.floats(0.1, 10).map(lambda more: at + more))
    return slots, [draw(seconds) for _ in slots], options, length


@given(films())
@settings(max_examples=300, deadline=None)
def test_properties(film: tuple[list[Slot], list[float], FitOptions, float | None]) -> None:
    slots, seconds, options, length = film
    try:
        placed = place(slots, seconds, options, length=length)
    except RequestError as error:
        assert options.policy == "error" or length is not None
        assert re.search(r"not fit|are missing|takes|after the end", str(error))
        return
    assert len(placed) == len(slots)
    for slot, natural, placement in zip(slots, seconds, placed, strict=True):
        steps, moved = set(placement.steps), placement.start - slot.start
        assert placement.start >= 0
        assert length is None or end(placement) <= length + TIGHT
        assert placement.seconds == about(natural * placement.stretch)
        assert 1 / options.stretch - TIGHT <= placement.stretch <= 1
        assert ("stretched" in steps) == (placement.stretch < 1)
        assert ("spilled" in steps) == (moved > options.shift + TIGHT)
        assert ("pulled" in steps) == (placement.start < max(0, slot.start - options.shift) - TIGHT)
        assert (moved == 0) == (not steps & {"earlier", "later", "spilled", "pulled"})
        assert options.policy != "overlap" or "spilled" not in steps
        assert options.policy != "error" or not (placement.overflow or steps & {"spilled", "pulled", "overlaps"})
    for (slot, placement), (then, after) in pairwise(zip(slots, placed, strict=True)):
        if options.policy != "overlap":
            left = min(options.gap, max(0, then.start - slot.end))
            assert end(placement) + left <= after.start + TIGHT
            assert placement.start <= after.start + TIGHT
        if abs(end(placement) - after.start) > TIGHT:
            assert ("overlaps" in placement.steps) == (end(placement) > after.start)
    bounds_broken = any({"spilled", "pulled"} & set(placement.steps) for placement in placed)
    assert bounds_broken <= any(placement.overflow > 0 for placement in placed)


@given(films())
@settings(max_examples=100, deadline=None)
def test_speech_as_long_as_its_cue_is_never_touched(
    film: tuple[list[Slot], list[float], FitOptions, float | None],
) -> None:
    slots, _, options, _ = film
    slots = [
        Slot(slot.start, min([slot.end, *(then.start for then in slots[number + 1 :])]))
        for number, slot in enumerate(slots)
    ]
    slots = [slot for slot in slots if slot.end > slot.start]
    seconds = [slot.end - slot.start for slot in slots]
    placed = place(slots, seconds, options, length=max([slot.end for slot in slots], default=1.0))
    assert placed == [Placement(slot.start, natural) for slot, natural in zip(slots, seconds, strict=True)]


def test_a_long_film() -> None:
    slots = [Slot(3.0 * number, 3.0 * number + 2.9) for number in range(2000)]
    placed = place(slots, [3.0 + number % 7 / 5 for number in range(2000)], DEFAULT, length=6600)
    assert all(end(placement) <= after.start + TIGHT for placement, after in pairwise(placed))
    assert any("stretched" in placement.steps for placement in placed)


# Speeds, misfits, options, and what is no cue


def test_native_speed_fills_the_slot_as_far_as_it_may() -> None:
    assert native_speed(2.2, 2.0, DEFAULT) == about(1.1)
    assert native_speed(1.8, 2.0, DEFAULT) == about(0.9)
    assert native_speed(4.0, 2.0, DEFAULT) == 1.2
    assert native_speed(1.7, 2.0, DEFAULT) == about(0.85)
    assert native_speed(1.0, 0.0, DEFAULT) == 1.2
    assert native_speed(0.0, 0.0, DEFAULT) == 1.0


def test_what_would_leave_its_slot_empty_anyway_is_not_slowed() -> None:
    """Between the two, speed rises again to 1, and never is below the slowest."""
    speeds = [native_speed(part / 100 * 2.0, 2.0, DEFAULT) for part in range(1, 101)]
    assert min(speeds) == about(0.85) and max(speeds) == 1.0
    assert max(abs(after - before) for before, after in pairwise(speeds)) < 0.02
    assert set(speeds[:72]) == {1.0}


def test_misfit_tells_which_utterance_is_better() -> None:
    assert misfit(2.4, 2.0, 2.0, DEFAULT) == 0.0
    assert misfit(0.3, 2.0, 2.0, DEFAULT) == 0.0
    assert misfit(3.0, 2.0, 4.0, DEFAULT) == about(0.5)
    assert misfit(3.0, 2.0, 2.2, DEFAULT) == about(0.5 + 0.3)
    assert misfit(3.0, 2.0, 4.0, FitOptions(borrow=False)) == about(0.5 + 0.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("best_of", 0), ("best_of", 1.5), ("slowest", 0.2), ("slowest", 1.1), ("fastest", 0.9), ("fastest", 3)),
        *(("gap", -0.1), ("shift", -1), ("shift", float("nan")), ("stretch", 0.9), ("stretch", 2.1), ("policy", "cut")),
    ],
)
def test_options_that_cannot_be(name: str, value: object) -> None:
    with pytest.raises(RequestError, match=rf"{name} is .*: choose "):
        FitOptions(**{name: value})  # type: ignore[arg-type]


def test_what_is_no_cue() -> None:
    assert place([], [], DEFAULT, length=1.0) == []
    for slots, seconds in (([Slot(0, 1)], []), ([Slot(0, float("inf"))], [1.0]), ([Slot(0, 1)], [float("nan")])):
        with pytest.raises(ValueError):
            place(slots, seconds, DEFAULT)
