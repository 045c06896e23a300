"""WebVTT: its blocks, its voices, and captions that roll up."""

from __future__ import annotations

import pytest
from cosyvox.core import SubtitleError
from cosyvox.core.dub import parse_subtitles


def said(text: str) -> list[tuple[float, float, str | None, str]]:
    read = parse_subtitles(text)
    assert read.format == "vtt"
    return [(cue.start, cue.end, cue.speaker, cue.text) for cue in read.cues]


def words(text: str) -> list[tuple[str | None, str]]:
    return [(speaker, words) for _, _, speaker, words in said(f"WEBVTT\n\n00:01.000 --> 00:04.000\n{text}\n")]


FILE = """WEBVTT - a file with everything
Kind: captions
Language: en
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000

STYLE
::cue(v[voice=Ann]) { color: red }
::cue { color: white }

REGION
id:fred
width:40%

NOTE A remark
over two lines

intro
00:01.000 --> 00:02.500 line:0 position:20%,line-left size:60% align:start vertical:rl
Hello,
<b.loud>my</b> friend.

NOTE
00:03.000 --> 00:04.000
Two &amp; <c.yellow.bg_blue>three</c>.

WEBVTT

3
100:00:05.000 --> 100:00:06.000
<lang en-GB>1984</lang>
"""


def test_as_it_should_be() -> None:
    assert said(FILE) == [
        (1.0, 2.5, None, "Hello, my friend."),
        (3.0, 4.0, None, "Two & three."),
        (360005.0, 360006.0, None, "1984"),
    ]
    read = parse_subtitles("\ufeff" + FILE.replace("\n", "\r\n"))
    assert [cue.line for cue in read.cues] == [18, 23, 29]
    assert read.warnings == ()


def test_the_header_may_be_alone() -> None:
    assert said("WEBVTT\n00:01.000 --> 00:02.000\nHi.") == [(1.0, 2.0, None, "Hi.")]


def test_lines_of_blanks() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nOne\n \ntwo.\n \nthe third\n00:03.000 --> 00:04.000\nThree.\n \nNOTE no\n"
    )
    assert said(text) == [(1.0, 2.0, None, "One two."), (3.0, 4.0, None, "Three.")]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("<v Ann>Hello.</v>", [("Ann", "Hello.")]),
        ("<v.first.loud Aunt  May>Hello,\n<i>friend</i>.", [("Aunt May", "Hello, friend.")]),
        ("<v Ann>One.\n<v Bob>Two.", [("Ann", "One."), ("Bob", "Two.")]),
        ("- <v Ann>One.</v>\n- <v Ann>Two.</v>", [("Ann", "One. Two.")]),
        ("<v Ann>One.</v> Two.", [("Ann", "One."), (None, "Two.")]),
        ("<v Ann &amp; Bob>Both.</v>", [("Ann & Bob", "Both.")]),
        ("<v Ann>[Bob] is here.", [("Ann", "[Bob] is here.")]),
        ("[Ann] One.", [("Ann", "One.")]),
        ("<00:00:01.500><c>Hello</c> <unknown>you</unknown>", [(None, "Hello you")]),
        ("a <3 b &lt;i&gt; &amp;amp;", [(None, "a <3 b <i> &amp;")]),
        ("<strong>So</strong> [laughter]", [(None, "<strong>So</strong> [laughter]")]),
    ],
)
def test_voices_and_tags(written: str, spoken: list[tuple[str | None, str]]) -> None:
    assert words(written) == spoken


# "_": a line of one blank
ROLLING = """WEBVTT
Kind: captions

00:00:00.160 --> 00:00:02.389 align:start position:0%
_
the<00:00:00.480><c> house</c><00:00:00.900><c> was</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
the house was
_

00:00:02.399 --> 00:00:04.550 align:start position:0%
the house was
old<00:00:02.800><c> was</c>

00:00:04.550 --> 00:00:04.560 align:start position:0%
old was
_

00:00:09.000 --> 00:00:10.000 align:start position:0%
old was
it<00:00:09.500><c> not</c>
""".replace("_", " ")


def test_captions_that_roll_up_are_spoken_once() -> None:
    """As a well-known video site writes them: each line stands there three times."""
    assert said(ROLLING) == [
        (0.16, 2.389, None, "the house was"),
        (2.399, 4.55, None, "old was"),
        (9.0, 10.0, None, "old was it not"),
    ]


def test_a_refrain_is_spoken_twice() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nYes.\n\n00:02.000 --> 00:03.000\nYes.\n"
    assert [text for *_, text in said(text)] == ["Yes.", "Yes."]


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("WEBVTT\n\nHello there\n", 3, "found 'Hello there', expected times such as 00:00:01.000 -->"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nOne.\n\nlost words\nand more\n", 6, "or NOTE before a remark"),
        ("WEBVTT\n\nid\n00:01.000 --> 00:0.000x\nOne.", 4, "found '00:01.000 --> 00:0.000x'"),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nOne.", 3, "it must end after it begins"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000 One.\n", 3, "words of a cue begin on the next line"),
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\nOne.\n", 1, "expected times"),
        ("WEBVTT\n\nid\n", 3, "found 'id', expected times"),
    ],
)
def test_errors_name_the_line(text: str, line: int, advice: str) -> None:
    with pytest.raises(SubtitleError) as caught:
        parse_subtitles(text, "clip.vtt")
    assert str(caught.value).startswith(f"clip.vtt, line {line}: ")
    assert advice in str(caught.value)
