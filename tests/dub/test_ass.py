"""ASS and SSA: events, their fields and what overrides do in their text."""

from __future__ import annotations

import pytest
from cosyvox.core import SubtitleError
from cosyvox.core.dub import parse_subtitles

FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
FILE = f"""[Script Info]
; made by hand
Title: A house, a film
Dialogue: not an event

[Aegisub Project Garbage]
Last Style Storage: Default

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Fonts]
fontname: a.ttf
Dialogue: 0,!!!

[Events]
{FORMAT}
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not spoken
Dialogue: 1,0:00:05.25,0:00:06.00,Default,Bob,0,0,0,,Well, well,\\Nwell.
Dialogue: 0,0:00:01.00,0:00:04.50,Default, Ann ,00,00,00,Scroll up;0;0,{{\\an8\\t(1,2)}}Hello,\\hmy {{c=1}}friend.
Dialogue: 1,0:00:01.00,0:00:04.50,Default,Ann,0,0,0,,Hello, my friend.
Dialogue: 0,100:00:00.00,100:00:01.00,Sign,,0,0,0,,{{\\p1}}m 0 0 l 100 0{{\\p0}}
"""


def said(text: str) -> list[tuple[float, float, str | None, str]]:
    read = parse_subtitles(text)
    assert read.format == "ass"
    return [(cue.start, cue.end, cue.speaker, cue.text) for cue in read.cues]


def words(text: str, name: str = "") -> list[tuple[str | None, str]]:
    line = f"Dialogue: 0,0:00:01.00,0:00:04.00,Default,{name},0,0,0,,{text}"
    return [(speaker, words) for _, _, speaker, words in said(line)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_as_it_should_be(end: str) -> None:
    text = "\ufeff" + FILE.replace("\n", end)
    assert said(text) == [(1.0, 4.5, "Ann", "Hello, my friend."), (5.25, 6.0, "Bob", "Well, well, well.")]
    read = parse_subtitles(text)
    assert [cue.line for cue in read.cues] == [21, 20]
    assert read.warnings == ("line 23: no words, left out", "line 22: there twice, spoken once")


def test_fields_in_another_order() -> None:
    text = "[Script Info]\n[EVENTS]\nFormat: End , Start, Actor, Text\nDialogue: 0:00:02.50, 0:00:01.00,Ann,One, two.\n"
    assert said(text) == [(1.0, 2.5, "Ann", "One, two.")]
    text = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.50,One, two.\n"
    assert said(text) == [(1.0, 2.5, None, "One, two.")]


def test_the_elder_format() -> None:
    text = "[Script Info]\nScriptType: v4.00\n[V4 Styles]\nFormat: Name\n[Events]\n"
    text += "Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    text += "Dialogue: Marked=0,0:00:01.00,0:00:02.00,*Default,NTP,0000,0000,0000,!Effect,One.\n"
    assert said(text) == [(1.0, 2.0, "NTP", "One.")]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("{\\k20}Hel{\\k30}lo", [(None, "Hello")]),
        ("{\\pos(1,2)\\t(0,5,\\fs3)}Hello{\\r}", [(None, "Hello")]),
        ("{\\p1}m 0 0{\\p0}Hello{\\pos(1,2)} you{\\p2}m 1 1", [(None, "Hello you")]),
        ("One\\Ntwo\\nthree\\hfour", [(None, "One two three four")]),
        ("- One\\N- Two", [(None, "One. Two")]),
        ("{TL note = x}{sync=done}Hello {speed=0.9}you{} there", [(None, "Hello {speed=0.9}you{} there")]),
        ('{instruct="softly, {so}"}Hello [laughter]', [(None, '{instruct="softly, {so}"}Hello [laughter]')]),
        ("Hello {never closed", [(None, "Hello {never closed")]),
        ("<i>Hello</i> x < y", [(None, "Hello x < y")]),
        ("[Ann] Hello", [("Ann", "Hello")]),
    ],
)
def test_overrides(written: str, spoken: list[tuple[str | None, str]]) -> None:
    assert words(written) == spoken


def test_the_field_names_the_speaker() -> None:
    assert words("[sighs] Hello", "Ann") == [("Ann", "[sighs] Hello")]
    assert words("Hello", " Aunt  [May] ") == [("Aunt May", "Hello")]


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        (
            f"[Events]\n{FORMAT}\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,One.",
            3,
            "found 9 fields, expected 10",
        ),
        (f"[Events]\n{FORMAT}\nDialogue: 0,soon,0:00:02.00,D,,0,0,0,,One.", 3, "found 'soon', expected a time such as"),
        (f"[Events]\n{FORMAT}\nDialogue: 0,0:00:02.00,0:00:01.00,D,,0,0,0,,One.", 3, "it must end after it begins"),
        (
            f"[Events]\n{FORMAT}\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,One\ntwo",
            4,
            "found 'two', expected an event",
        ),
        (
            "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,One\n[laughs]",
            3,
            "found '[laughs]', expected an event",
        ),
        ("[Events]\nFormat: Layer, Text\n", 2, "expected a format with Start, End and, at its end, Text"),
        ("[Events]\nFormat: Start, Text, End\n", 2, "expected a format"),
        ("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{speed=9}One", 2, "speed is '9'"),
    ],
)
def test_errors_name_the_line(text: str, line: int, advice: str) -> None:
    with pytest.raises(SubtitleError) as caught:
        parse_subtitles(text, "clip.ass")
    assert str(caught.value).startswith(f"clip.ass, line {line}: ")
    assert advice in str(caught.value)


def test_no_events() -> None:
    with pytest.raises(SubtitleError, match="no cue has words"):
        parse_subtitles("[Script Info]\nTitle: x\n")
