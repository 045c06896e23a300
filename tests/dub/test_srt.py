"""SubRip files as they are found: what every player forgives is forgiven, what would lose words is an error."""

from __future__ import annotations

import pytest
from cosyvox.core import SubtitleError
from cosyvox.core.dub import Subtitles, parse_subtitles

TIMES = "00:00:01,000 --> 00:00:04,000"


def said(text: str, **options: list[str]) -> list[tuple[float, float, str]]:
    read = parse_subtitles(text, **options)
    assert read.format == "srt"
    return [(cue.start, cue.end, cue.text) for cue in read.cues]


def cue(words: str, *speakers: str) -> Subtitles:
    return parse_subtitles(f"1\n{TIMES}\n{words}\n", speakers=speakers)


def words(text: str, *speakers: str) -> list[tuple[str | None, str]]:
    return [(cue.speaker, cue.text) for cue in cue(text, *speakers).cues]


def test_as_it_should_be() -> None:
    read = parse_subtitles(f"1\n{TIMES}\nHello,\nmy friend.\n\n2\n00:00:05,250 --> 01:00:06,000\nWell?\n")
    assert [(cue.start, cue.end, cue.text, cue.speaker, cue.line) for cue in read.cues] == [
        (1.0, 4.0, "Hello, my friend.", None, 2),
        (5.25, 3606.0, "Well?", None, 7),
    ]
    assert (read.format, read.warnings, read.seconds) == ("srt", (), 3606.0)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\r\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\n\n \n\ufeff"])
def test_ends_of_lines_and_marks(end: str, mark: str) -> None:
    text = f"{mark}1\n{TIMES}\nHello,\nfriend.\n\n\ufeff2\n00:00:05,000 --> 00:00:06,000\nWell?"
    assert said(text.replace("\n", end)) == [(1.0, 4.0, "Hello, friend."), (5.0, 6.0, "Well?")]


@pytest.mark.parametrize(
    "times",
    [
        *("0:00:01,0 --> 0:00:04", "00:01.000 --> 00:04.000"),
        *("00:00:01.000-->00:00:04.000", " 00:00:01,000  -->  0:0:4 "),
        *("00:00:01,000 --> 00:00:04,000  X1:100 X2:200 Y1:0 Y2:1", f"{TIMES} align:start position:0%"),
        *("00:00:01,000 -> 00:00:04,000", "00:00:01,000 —> 00:00:04,000", "00:00:01,000 → 00:00:04,000"),
        *(
            "00:00:01,000 --&gt; 00:00:04,000",
            "00 : 00 : 01, 000 --> 00: 00: 04, 000",
            "００:00:01，000 --> 00：00：04。000",
        ),
        *("00:00:01,000000 --> 00:00:04,000000000", "00:00:01;".replace(";", ",000") + "\t-->\t00:00:04,000"),
    ],
)
def test_times_as_players_read_them(times: str) -> None:
    assert said(f"1\n{times}\nHello.") == [(1.0, 4.0, "Hello.")]


def test_a_clip_of_days() -> None:
    assert said("1\n100:00:00,000 --> 100:61:61,500\nHello.") == [(360000.0, 363721.5, "Hello.")]


@pytest.mark.parametrize(
    "numbers",
    [("1\n", "2\n", "3\n"), ("", "", ""), ("1.\n", "#2\n", " 3 \n"), ("1\n\n", "2\n \n", "3\n"), ("", "7\n", "3\n")],
)
def test_numbers_are_not_needed(numbers: tuple[str, str, str]) -> None:
    one, two, three = numbers
    text = f"{one}{TIMES}\nOne.\n\n{two}00:05 --> 00:06\n1984\n\n\n\n{three}00:07 --> 00:08\nEnd."
    assert said(text) == [(1.0, 4.0, "One."), (5.0, 6.0, "1984"), (7.0, 8.0, "End.")]


def test_numbers_that_are_words() -> None:
    bare = f"{TIMES}\nIn\n1984\n00:00:05,000 --> 00:00:06,000\n5\n00:00:07,000 --> 00:00:08,000\n6"
    assert said(bare) == [(1.0, 4.0, "In 1984"), (5.0, 6.0, "5"), (7.0, 8.0, "6")]
    tight = f"1\n{TIMES}\nIn\n1984\n2\n00:00:05,000 --> 00:00:06,000\n3\n3\n00:00:07,000 --> 00:00:08,000\n6"
    assert said(tight) == [(1.0, 4.0, "In 1984"), (5.0, 6.0, "3"), (7.0, 8.0, "6")]


def test_blank_lines_inside_a_cue() -> None:
    text = f"1\n\n{TIMES}\n\nOne\n\ntwo\n \n\n3 more\n\n2\n00:00:05,000 --> 00:00:06,000\nWell?"
    assert said(text) == [(1.0, 4.0, "One two 3 more"), (5.0, 6.0, "Well?")]


def test_a_number_at_the_end_of_a_file_that_was_cut_off() -> None:
    read = parse_subtitles(f"1\n{TIMES}\nOne.\n\n2\n\n")
    assert [cue.text for cue in read.cues] == ["One."]
    assert read.warnings == ("line 5: a number without a cue",)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<i>Hello</i> <B>there</B>", "Hello there"),
        ('<font color="#ff0000" face="A > B">Hello</font>', 'B">Hello'),
        ("<font\ncolor=red>Hello</font>", "Hello"),
        ("{\\an8}Hello {\\i1}there{\\i0}", "Hello there"),
        ("{y:i}Hello {c:$0000ff}there{i}{/i}", "Hello there"),
        ("</ i>Hello< /i > there</i", "Hello there"),
        ("Hello<br>there<BR/>you", "Hello there you"),
        ("Hello\\Nthere\\hyou", "Hello there you"),
        ("Tom &amp; Ann &lt;3 &#233;t&#xE9; &nbsp;&quot;so&quot;", 'Tom & Ann <3 été "so"'),
        ("R&D; AT&T <3 x < y > z", "R&D; AT&T <3 x < y > z"),
        ("\u200e\u202aHello\u202c \u00a0\u3000there\u200b", "Hello there"),
        ("<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>です", "漢字です"),
        (
            "{speed=0.9}Hello[pause:0.6] [laughter] <strong>you</strong>{}",
            "{speed=0.9}Hello[pause:0.6] [laughter] <strong>you</strong>{}",
        ),
        ("{sigh} Well {x=1}", "{sigh} Well {x=1}"),
        ("它很好。\n真的", "它很好。 真的"),
    ],
)
def test_markup_is_not_spoken(written: str, plain: str) -> None:
    assert words(written) == [(None, plain)]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("- Hi.\n- Hello.", "Hi. Hello."),
        ("-Hi\n-Hello", "Hi. Hello"),
        ("– Hi,\n— Hello?", "Hi. Hello?"),
        ("- 好\n- 不", "好。 不"),
        ("- 5 apples\n-5 degrees", "5 apples -5 degrees"),
        ("Well\n--and then", "Well --and then"),
        ("a - b\nc", "a - b c"),
    ],
)
def test_dashes_part_sentences(written: str, plain: str) -> None:
    assert words(written) == [(None, plain)]


def test_names() -> None:
    assert words("[Alice] Hello.") == [("Alice", "Hello.")]
    assert words("<i>[ Aunt\nMay ]:</i> Hello\n[laughter] you") == [("Aunt May", "Hello [laughter] you")]
    assert words("<v Bob>Hello.</v>") == [("Bob", "Hello.")]
    assert words("[pause:1] Hello.") == [(None, "[pause:1] Hello.")]
    assert words("Note: hello.") == [(None, "Note: hello.")]


def test_names_that_are_known() -> None:
    assert words("ALICE: Hello.", "Alice") == [("ALICE", "Hello.")]
    assert words("- Aunt  May： 你好。", "aunt may") == [("Aunt May", "你好。")]
    assert words("Bob: Hello.", "Alice") == [(None, "Bob: Hello.")]


def test_several_speakers_share_the_time_of_a_cue() -> None:
    read = cue("- [Ann] Yes.\n- [Bob] I do not think that I can.\n[Bob] No.")
    assert [(cue.speaker, cue.text) for cue in read.cues] == [
        ("Ann", "Yes."),
        ("Bob", "I do not think that I can. No."),
    ]
    first, second = read.cues
    assert (first.start, first.end, second.end) == (1.0, second.start, 4.0)
    assert 1.0 < first.end < 2.0
    assert read.warnings == ("line 2: several speakers share the cue's time",)


def test_what_nobody_says() -> None:
    text = f"1\n{TIMES}\n[door slams]\n\n2\n{TIMES}\n\n3\n{TIMES}\n♪ ♪\n\n4\n{TIMES}\n[pause:2]\n\n"
    text += f"5\n00:00:09,000 --> 00:00:03,000\n<i></i>\n\n6\n{TIMES}\n[laughter]\n\n7\n{TIMES}\n[music]\n[Ann] Hi."
    read = parse_subtitles(text)
    assert [(cue.speaker, cue.text) for cue in read.cues] == [(None, "[laughter]"), ("Ann", "Hi.")]
    assert read.warnings == ("lines 2, 6, 9, 13, 17: no words, left out", "line 25: begins before another cue ends")


def test_order_overlaps_and_repetitions() -> None:
    starts = (5, 1, 3, 3, 4)
    text = "\n\n".join(f"00:00:0{start},000 --> 00:00:0{start + 1},500\nI am {start}." for start in starts)
    read = parse_subtitles(text)
    assert [cue.start for cue in read.cues] == [1.0, 3.0, 4.0, 5.0]
    assert read.warnings == (
        "line 4: begins before the cue above, sorted by time",
        "line 10: there twice, spoken once",
        "lines 13, 1: begins before another cue ends",
    )


def test_warnings_name_a_few_lines() -> None:
    text = "\n\n".join(f"{number}\n{TIMES}\n♪" for number in range(1, 200)) + f"\n\n{TIMES}\nHi."
    assert parse_subtitles(text).warnings == ("lines 2, 6, 10, 14, 18 and 194 more: no words, left out",)


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        (f"1\n{TIMES}\nA\n\n2\n00:00:0x,000 --> 00:00:06,000\nB", 6, "expected times such as 00:00:01,000 -->"),
        (f"1\n{TIMES}\nA\n\n2\n00:00:05,000 -->\nB", 6, "found '00:00:05,000 -->'"),
        ("1\n-00:00:01,000 --> 00:00:06,000\nB", 2, "found '-00:00:01,000 -->"),
        ("1\n1000:00:00,000 --> 1000:00:06,000\nB", 2, "found '1000:00:00"),
        (f"1\n{TIMES} Hello there\n", 2, "found 'Hello there' behind the times: words of a cue begin on the next line"),
        (
            "1\n00:00:04,000 --> 00:00:01,000\nB",
            2,
            "begins at 00:00:04,000 and ends at 00:00:01,000: it must end after",
        ),
        ("1\n00:00:04,000 --> 00:00:04,000\nB", 2, "it must end after it begins"),
        (f"Hello.\n1\n{TIMES}\nA", 1, "found 'Hello.', expected a cue's number or its times"),
        (f"1\n2\n{TIMES}\nA", 1, "found '1', expected a cue's number or its times"),
        (f"1\n{TIMES}\nA\n\n2\nB\n\n3\n00:00:05,000 --> 00:00:06,000\nC", 5, "cue 2 has no times"),
        (f"1\n{TIMES}\nA\n\n2\nB", 5, "cue 2 has no times"),
        (f"1\n{TIMES}\nA {{speed=9}}", 2, "speed is '9': write a number from 0.5 to 2"),
        (f"1\n{TIMES}\nA [pause:99]", 2, "is no pause"),
        ("Hello there", 1, "found 'Hello there', expected SRT, WebVTT or ASS"),
        ("{25}{75}Hello.", 1, "found '{25}{75}Hello.', expected SRT"),
    ],
)
def test_errors_name_the_line(text: str, line: int, advice: str) -> None:
    for name in ("", "clip.srt"):
        with pytest.raises(SubtitleError) as caught:
            parse_subtitles(text.replace("\n", "\r\n"), name)
        assert str(caught.value).startswith(f"clip.srt, line {line}: " if name else f"line {line}: ")
        assert advice in str(caught.value)


@pytest.mark.parametrize("text", ["", " \n\ufeff\n", f"1\n{TIMES}\n♪", f"1\n{TIMES}\n[door slams]"])
def test_nothing_to_say(text: str) -> None:
    with pytest.raises(SubtitleError, match=r"the subtitles are empty|no cue has words"):
        parse_subtitles(text)
