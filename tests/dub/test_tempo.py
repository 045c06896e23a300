"""Native speeds: within what is allowed, no faster than needed, and before anything is stretched."""

from __future__ import annotations

import pytest
from actors import company
from cosyvox.core.dub import Cue, FitOptions
from cosyvox.core.dub.fit import place
from cosyvox.core.dub.lines import spoken_lines
from cosyvox.core.dub.tempo import Length, native_speeds
from hypothesis import given
from hypothesis import strategies as st

FIXED = 0.1


def speeds(
    *cues: tuple[float, float, float], options: FitOptions | None = None, clip: float | None = 100.0
) -> list[float]:
    """cues: start, end, and seconds at speed 1."""
    options = options or FitOptions()
    lines = spoken_lines([Cue(start, end, "Words.") for start, end, _ in cues], company(), "x", clip, options.gap)
    return native_speeds(lines, [Length(natural, FIXED) for *_, natural in cues], options, clip)


def near(*values: float):
    return pytest.approx(list(values), abs=0.03)


def test_a_line_alone_fills_its_slot_or_keeps_its_pace() -> None:
    assert speeds((1.0, 3.0, 2.0)) == near(1.0)
    assert speeds((1.0, 3.0, 2.2)) == near(1.1)
    assert speeds((1.0, 3.0, 4.0)) == near(1.2)
    assert speeds((1.0, 3.0, 1.8)) == near(0.9)
    assert speeds((1.0, 3.0, 0.9)) == near(1.0)


def test_nobody_is_slow_beyond_their_own_time() -> None:
    assert speeds((1.0, 3.0, 1.8), (3.05, 5.0, 1.75)) == near(0.92, 0.92), "each has its own time"
    crowd = ((1.0, 2.0, 2.6), (3.0, 5.0, 1.8), (5.1, 7.0, 1.6), (20.0, 22.0, 1.8))
    assert speeds(*crowd, options=FitOptions(shift=0.0, stretch=1.0)) == near(1.2, 1.0, 1.0, 0.91)


def test_who_is_pushed_is_faster_before_being_stretched() -> None:
    crowd = ((1.0, 3.0, 4.0), (3.1, 5.1, 1.8), (5.2, 7.2, 2.2), (8.0, 10.0, 1.8))
    assert speeds(*crowd, options=FitOptions(shift=0.0)) == near(1.2, 1.2, 1.12, 0.91)


def test_cues_that_lie_on_each_other_have_the_time_until_the_next() -> None:
    crossing = ((1.0, 4.0, 2.7), (3.0, 6.0, 2.8))
    assert speeds(*crossing)[0] == 1.2
    assert speeds(*crossing, options=FitOptions(policy="overlap")) == near(0.91, 0.94)


def test_a_clip_that_is_too_short_is_not_reported_before_all_is_tried() -> None:
    assert speeds((0.0, 1.0, 1.5), (1.0, 2.0, 1.5), clip=2.0) == [1.2, 1.2]
    assert speeds((0.0, 1.0, 9.0), (1.0, 2.0, 9.0), clip=2.0) == [1.2, 1.2]


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0.2, 4), st.floats(0.3, 8)), min_size=1, max_size=12),
    st.sampled_from(["spill", "overlap", "error"]),
)
def test_speeds_are_as_allowed_and_nobody_is_stretched_who_could_be_faster(
    drawn: list[tuple[float, float, float]], policy: str
) -> None:
    start, cues = 0.0, []
    for pause, seconds, natural in drawn:
        start += pause
        cues.append((start, start + seconds, natural))
    options = FitOptions(policy=policy)
    found = speeds(*cues, options=options, clip=None)
    assert all(options.slowest <= speed <= options.fastest for speed in found)
    lines = spoken_lines([Cue(a, b, "Words.") for a, b, _ in cues], company(), "x", None)
    spoken = [Length(natural, FIXED).at(speed) for (*_, natural), speed in zip(cues, found, strict=True)]
    placed = place(
        [line.slot for line in lines], spoken, FitOptions(policy="overlap" if policy == "overlap" else "spill")
    )
    for one, speed in zip(placed, found, strict=True):
        assert one.stretch > 0.98 or speed > 1.17
