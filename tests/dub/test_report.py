"""The report: what it says of each line, in text and as data."""

from __future__ import annotations

import json
import unicodedata

import pytest
from cosyvox.core.dub.clock import clock
from cosyvox.core.dub.report import as_json, columns, shortened, summary, table
from reports import TEXTS, line, many

LINES = [
    line(0.5, 2.0, speaker="Alice", speed=1.125),
    line(62.0, 64.0, TEXTS[3], at=61.75, until=64.5, steps=("borrowed", "earlier"), seed=2**64 - 1),
    line(65.0, 66.0, TEXTS[2], steps=("stretched", "spilled"), at=66.5, until=68.0, stretch=0.8, overflow=1.25),
]


def test_a_row_says_what_was_done() -> None:
    head, _, first, second, third, total = (" ".join(row.split()) for row in table(LINES).splitlines())
    assert head == "# cue spoken shift speed stretch too long what was done speaker text"
    assert first == "1 0:00.50 - 0:02.00 0:00.50 - 0:02.00 1.12 Alice Good morning."
    assert second == f"2 1:02.00 - 1:04.00 1:01.75 - 1:04.50 -0.25 borrowed, earlier {TEXTS[3]}"
    assert third.startswith("3 1:05.00 - 1:06.00 1:06.50 - 1:08.00 +1.50 80% 1.25 stretched, spilled The train")
    assert total == (
        "3 cues: speeds 1.00 to 1.12; 1 running on into the gap, 2 shifted (by 1.50 s at most), 1 stretched (to 80% at "
        "most), 1 waiting for others, 1 too long (by 1.25 s in all)"
    )


def test_columns_are_aligned_whatever_the_script() -> None:
    lines = [
        line(0, 1, "text", speaker=name)
        for name in ("Bob", "爱丽丝", "A name that is far too long for a column", "Zoë")
    ]
    rows = table(lines).splitlines()[:-1]
    assert len({columns(row[: row.index("text")]) for row in rows if "text" in row}) == 1
    assert "A name that is…" in rows[4]


def test_columns_without_anything_are_left_out() -> None:
    head = table([line(0, 1), line(1, 2)]).splitlines()[0]
    assert head.split() == ["#", "cue", "spoken", "text"]


def test_long_texts_and_line_breaks_stay_in_their_row() -> None:
    lines = table([line(0, 1, "one\ntwo " + 30 * "three "), line(1, 2)]).splitlines()
    assert len(lines) == 5
    assert lines[2].endswith("…")
    assert "one two three" in lines[2]


def test_warnings_and_nothing_at_all() -> None:
    assert table([], ["it is late", "it is loud"]).splitlines() == [
        "0 cues: nothing is too long",
        "Warning: it is late",
        "Warning: it is loud",
    ]
    assert table([line(0, 1)]).splitlines()[-1] == "1 cue: speeds 1.00 to 1.00; nothing is too long"


def test_json_says_the_same() -> None:
    told = json.loads(as_json(LINES, ["it is late"]))
    assert told["warnings"] == ["it is late"]
    assert [cue["number"] for cue in told["cues"]] == [1, 2, 3]
    assert told["cues"][1] == {
        "number": 2,
        "line": 7,
        "speaker": None,
        "text": TEXTS[3],
        "cue": {"start": 62.0, "end": 64.0},
        "start": 61.75,
        "end": 64.5,
        "natural": 2.0,
        "speed": 1.0,
        "stretch": 1.0,
        "seed": 2**64 - 1,
        "steps": ["borrowed", "earlier"],
        "overflow": 0.0,
    }
    assert told["summary"] == vars(summary(LINES))
    assert told["summary"]["furthest_shift"] == 1.5
    assert (told["summary"]["too_long"], told["summary"]["overflow"]) == (1, 1.25)
    assert json.loads(as_json([]))["summary"]["cues"] == 0
    assert TEXTS[3] in as_json(LINES)


def test_times_are_rounded_to_milliseconds() -> None:
    (cue,) = json.loads(as_json([line(1 / 3, 2 / 3, at=0.33334)]))["cues"]
    assert (cue["cue"], cue["start"]) == ({"start": 0.333, "end": 0.667}, 0.333)
    assert line(1.0, 2.0, at=1.0004).shift == 0


def test_a_long_table() -> None:
    lines = table(many(1000)).splitlines()
    assert len(lines) == 1003
    assert lines[-1].startswith("1000 cues: ")
    assert "200 shifted (by 0.05 s at most)" in lines[-1]


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        *((0, 1, "0:00.0"), (-0.2, 1, "0:00.0"), (75, 0, "1:15"), (59.96, 1, "1:00.0")),
        *((3599.999, 2, "1:00:00.00"), (90061.5, 2, "25:01:01.50")),
    ],
)
def test_clock(seconds: float, digits: int, text: str) -> None:
    assert clock(seconds, digits) == text


@pytest.mark.parametrize("width", [3, 10, 17, 40])
def test_shortened_texts_fit(width: int) -> None:
    for text in (*TEXTS, "日本語のテキストです", unicodedata.normalize("NFD", "Übermäßig señor")):
        short = shortened(text, width)
        assert columns(short) <= width
        assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
