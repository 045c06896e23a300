"""The picture: what is where, in which colour."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core.dub.lettering import fitted, font_for, legible, plain_font
from cosyvox.core.dub.picture import COLOURS, TALLEST, WIDTH, state, timeline
from cosyvox.core.dub.report import LineReport
from numpy.typing import NDArray
from reports import TEXTS, line, many

LEGEND = 92  # rows above the strips


def amount(picture: NDArray[np.uint8], name: str) -> int:
    """Pixels of a colour below the legend."""
    return int((picture[LEGEND:] == COLOURS[name]).all(axis=2).sum())


def span(picture: NDArray[np.uint8], name: str) -> tuple[int, int]:
    """From where to where a colour goes in the first strip."""
    (places,) = (picture[LEGEND : LEGEND + 92, 24:-24] == COLOURS[name]).all(axis=2).any(axis=0).nonzero()
    return int(places[0]), int(places[-1]) + 1


CASES = {
    "as it is": line(2, 5, speed=1.1),
    "runs on into the gap": line(2, 5, until=6, steps=("borrowed",)),
    "shifted": line(2, 5, at=2.2, until=6, steps=("borrowed", "later")),
    "stretched": line(2, 5, at=1.8, steps=("earlier", "stretched"), stretch=0.9),
    "waits or is pulled": line(2, 5, at=4, until=7, steps=("stretched", "spilled"), stretch=0.9),
    "too long or overlaps": line(2, 5, until=9, steps=("borrowed",), overflow=1.0),
}


@pytest.mark.parametrize("name", COLOURS)
def test_speech_lies_at_its_time_in_its_colour(name: str) -> None:
    report = CASES[name]
    assert state(report) == name
    picture = timeline([report], 20.0)
    assert (picture.dtype, picture.shape[1:]) == (np.uint8, (WIDTH, 3))
    scale = (WIDTH - 48) / 20
    start, end = span(picture, name)
    assert start == pytest.approx(report.start * scale, abs=3)
    assert end == pytest.approx(report.end * scale, abs=3)
    assert [other for other in COLOURS if amount(picture, other)] == [name]


def test_all_colours_are_told_apart() -> None:
    """Also where red and green look the same: by how light they are, or how blue."""
    seen = [np.array([0.21 * red + 0.72 * green + 0.07 * blue, blue]) for red, green, blue in COLOURS.values()]
    for number, one in enumerate(seen):
        for other in seen[number + 1 :]:
            assert np.abs(one - other).max() > 25


def test_what_overlaps_is_hatched() -> None:
    def dark(lines: list[LineReport]) -> int:
        return int((timeline(lines, 20.0)[LEGEND : LEGEND + 92].max(axis=2) < 60).sum())

    first, second = line(1, 5, until=8, steps=("overlaps",), overflow=1.0), line(7, 10)
    assert dark([first, second]) > dark([line(1, 5, until=7, steps=("overlaps",), overflow=1.0), second]) + 300


@pytest.mark.parametrize(("count", "seconds"), [(0, 3.0), (1, 0.001), (5, 1.0), (25, 3.0), (200, 3.0), (1000, 6.0)])
def test_any_number_of_cues(count: int, seconds: float) -> None:
    lines = many(count, seconds)
    picture = timeline(lines, count * seconds)
    assert picture.shape[0] <= TALLEST
    assert picture.shape[0] >= LEGEND + 92
    if count:
        assert amount(picture, "shifted") > 0


def test_a_cue_that_goes_on_in_the_next_strip() -> None:
    picture = timeline([line(18, 23)], 40.0)
    strips = [(picture[top : top + 92] == COLOURS["as it is"]).all(axis=2).sum() for top in (LEGEND, LEGEND + 92)]
    assert strips[1] > strips[0] > 2000


def test_cues_beyond_the_end_are_drawn_too() -> None:
    assert amount(timeline([line(18, 29), line(31, 39)], 20.0), "as it is") > 10_000
    assert amount(timeline([line(0, 1)], 0.0), "as it is") > 1000


def test_text_is_seen_and_differs() -> None:
    lines = [line(0, 8, text) for text in (*TEXTS, 100 * "long ", "ﺳﻼﻡ", "🎬 \u200b", "")]
    pictures = [timeline([one], 10.0).tobytes() for one in lines[:3]]
    assert len(set(pictures)) == 3
    for one in lines:
        timeline([one], 10.0)


def test_letters_that_a_font_lacks_are_left_out() -> None:
    font = plain_font(14)
    assert legible("Hello,  世界 and\nagain", font) == "Hello, ... and again"
    assert legible("naïve", font) == "naive"
    assert legible("世界", font) == "..."
    assert legible("", font) == ""
    assert legible(legible("é世x", font_for("é世x", 14)), font_for("x", 14))


@pytest.mark.parametrize("width", [0, 10, 50, 200, 2000])
def test_text_that_is_too_wide_is_cut(width: int) -> None:
    font = plain_font(15)
    text = fitted(TEXTS[2], font, width)
    assert font.getlength(text) <= width
    assert text == TEXTS[2] or not text or text.endswith("...")
    if width < 2000:
        assert font.getlength(text) > width - 60
