"""Subtitles of every format: files, other times, written and read again, and whatever else is thrown at them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from cosyvox.core import CosyVoxError, SubtitleError
from cosyvox.core.dub import Cue, Subtitles, parse_subtitles, read_subtitles, write_srt, write_vtt
from hypothesis import example, given, settings
from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data" / "dub"
SRT = "1\n00:00:01,000 --> 00:00:02,000\n[Ann] Où?\n\n2\n00:00:03,000 --> 00:00:04,500\n你好。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a clip 片.srt"
    file.write_bytes(SRT.encode(encoding))
    assert read_subtitles(file) == read_subtitles(str(file)) == parse_subtitles(SRT)
    file.write_bytes(b"\xfe\xff" + SRT.encode("utf-16-be"))
    assert read_subtitles(file, speakers=["x"]) == parse_subtitles(SRT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SRT.encode("utf-8").replace(b"\xc3\xb9", b"\xf9"), r"^a\.srt, line 3: not UTF-8: save the file as UTF-8"),
        (SRT.encode("gb18030"), r"^a\.srt, line 3: not UTF-8"),
        ("1\n00:00:01,000 --> 00:00:02,000\nHi.".encode("utf-16-le"), r"^a\.srt, this is no text: save .* as UTF-8"),
        (SRT.encode("utf-16")[:-1], r"^a\.srt, line \d+: not UTF-16"),
        (b"\x00\x01\x02", r"no text"),
        (b"", r"^a\.srt, the subtitles are empty"),
        (b"1" * (8 * 1024 * 1024 + 1), r"^a\.srt has more than 8 MiB"),
        (b"1\n00:00:01,000 --> soon\nHi.", r"^a\.srt, line 2: found"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.srt"
    file.write_bytes(content)
    with pytest.raises(SubtitleError, match=message):
        read_subtitles(file)


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path / "none.srt", tmp_path):
        with pytest.raises(SubtitleError, match=r"cannot be read: .*; check the path"):
            read_subtitles(path)
    with pytest.raises(SubtitleError, match="the text has more than 8 MiB"):
        parse_subtitles("1" * (8 * 1024 * 1024 + 1))


def times(subtitles: Subtitles) -> list[tuple[float, float]]:
    return [(cue.start, cue.end) for cue in subtitles.cues]


def test_other_times() -> None:
    read = parse_subtitles(SRT)
    assert times(read.shifted(-1.0)) == [(0.0, 1.0), (2.0, 3.5)]
    assert times(read.scaled(2.0).shifted(0.5)) == [(2.5, 4.5), (6.5, 9.5)]
    moved = read.shifted(1.0)
    assert [(cue.text, cue.speaker, cue.line) for cue in moved.cues] == [("Où?", "Ann", 2), ("你好。", None, 6)]
    assert (moved.format, moved.warnings, moved.seconds) == (read.format, read.warnings, 5.5)
    assert read.seconds == 4.5


def test_other_times_that_cannot_be() -> None:
    read = parse_subtitles(SRT)
    with pytest.raises(SubtitleError, match=r"begins before the clip: shift by -1 s at most"):
        read.shifted(-1.001)
    for factor in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(SubtitleError, match="choose more than 0"):
            read.scaled(factor)
    for seconds in (4e6, float("inf"), float("nan")):
        with pytest.raises(SubtitleError, match="thousand hours"):
            read.shifted(seconds)
    with pytest.raises(SubtitleError, match="thousand hours"):
        read.scaled(1e-300).scaled(1e-300)


def test_written() -> None:
    cues = [Cue(0.9996, 3661.25, "Tom & Ann\n\nare <b>here</b>. -->", "Ann"), Cue(360000.0, 360000.0001, "1984 &amp;")]
    assert write_srt(cues) == (
        "1\n00:00:01,000 --> 01:01:01,250\n[Ann] Tom & Ann are &lt;b>here&lt;/b>. --&gt;\n\n"
        "2\n100:00:00,000 --> 100:00:00,001\n1984 &amp;amp;\n"
    )
    assert write_vtt(cues) == (
        "WEBVTT\n\n00:00:01.000 --> 01:01:01.250\n<v Ann>Tom &amp; Ann are &lt;b&gt;here&lt;/b&gt;. --&gt;\n\n"
        "100:00:00.000 --> 100:00:00.001\n1984 &amp;amp;\n"
    )
    assert write_srt(cues[:1], speakers=False).splitlines()[2].startswith("Tom")
    assert "<v" not in write_vtt(cues, speakers=False)
    assert write_srt([]) == ""


@pytest.mark.parametrize(
    ("name", "seconds", "overlaps"), [("easy.srt", 105.0, 0), ("tight.vtt", 97.04, 0), ("impossible.ass", 98.52, 7)]
)
def test_the_story_that_is_dubbed(name: str, seconds: float, overlaps: int) -> None:
    read = read_subtitles(DATA / name)
    assert (len(read.cues), {cue.speaker for cue in read.cues}) == (24, {"Ann", "Ben"})
    assert sum(after.start < cue.end for cue, after in pairwise(read.cues)) == overlaps
    assert len(read.warnings) == (overlaps > 0)
    assert read.seconds < seconds
    assert all(cue.text[-1] in ".?" and cue.text.isascii() for cue in read.cues)


PIECES = [
    *("Hello", "Hi.", " ", "\n", "- ", "[Bob] ", "<i>", "</i>", "<v Ann>", "</v>", "{\\an8}", "{\\p1}"),
    *("{speed=0.9}", "{}"),
    *("[pause:1]", "&amp;", "&lt;", "&gt;", "<", ">", "1984", "[laughter]", "<strong>", "</strong>", "你好", "："),
    *("-", "--"),
    *("\\N", "\\h", "{", "}", "[", "]", "&", ";", "lt", "i", "\u200e", "Ann: ", "|", "<br>", "<rt>", "</ruby>"),
    *("\t", "5"),
    *("\u3000", "<00:00:01.000>", "...", "-->", "/", "#", "\\"),
]
HEADS = {
    "srt": "1\n00:00:01,000 --> 00:00:09,000\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:09.000\n",
    "ass": "Dialogue: 0,0:00:01.00,0:00:09.00,Default,,0,0,0,,",
}


def shape(subtitles: Subtitles) -> list[tuple[float, float, str, str | None]]:
    return [(round(cue.start, 3), round(cue.end, 3), cue.text, cue.speaker) for cue in subtitles.cues]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(list(HEADS)), st.lists(st.sampled_from(PIECES), max_size=12), st.booleans())
@example("ass", ["：", "[Bob] ", "Hello"], False)
@example("srt", ["[", "i", "\n", "]", "Hi."], False)
@example("vtt", ["&amp;", "lt", ";", "i", ">", "<", "/"], False)
def test_what_was_read_is_read_again_from_what_is_written(form: str, pieces: list[str], known: bool) -> None:
    try:
        read = parse_subtitles(HEADS[form] + "".join(pieces), speakers=["Ann"] if known else None)
    except CosyVoxError:
        return
    assert all(cue.text == " ".join(cue.text.split()) != "" for cue in read.cues)
    assert shape(parse_subtitles(write_srt(read.cues))) == shape(read)
    assert shape(parse_subtitles(write_vtt(read.cues))) == shape(read)


WORDS = st.lists(st.sampled_from(["you.", "1984", "好。", "[laughter]", "a-b", "—", "7"]), min_size=1).map(" ".join)
CUES = st.builds(
    lambda start, length, text, speaker: Cue(start / 1000, (start + length) / 1000, f"So {text}", speaker),
    *(st.integers(0, 3_000_000_000), st.integers(1, 500_000_000)),
    *(WORDS, st.sampled_from([None, "Ann", "Bo Li", "小明"])),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(CUES, min_size=1, max_size=8, unique_by=lambda cue: cue.start).map(
        lambda cues: sorted(cues, key=lambda cue: cue.start)
    )
)
def test_what_is_written_is_read(cues: list[Cue]) -> None:
    for text, form in ((write_srt(cues), "srt"), (write_vtt(cues), "vtt")):
        read = parse_subtitles(text)
        assert read.format == form
        assert shape(read) == shape(Subtitles(tuple(cues), "srt"))
        assert [text.split("\n")[cue.line - 1].count("-->") for cue in read.cues] == [1] * len(cues)


MORE = [
    "00:00:01,000 --> 00:00:02,000\n",
    "1\n",
    "2\n",
    "\n\n",
    "WEBVTT",
    "NOTE",
    "Dialogue: ",
    "Format: ",
    "[Events]",
    ",,,",
]


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(["", *HEADS.values()]),
    st.lists(st.sampled_from(PIECES + MORE), max_size=25).map("".join) | st.text(),
)
def test_whatever_is_written_gives_cues_or_an_error_of_ours(head: str, text: str) -> None:
    try:
        read = parse_subtitles(head + text)
    except CosyVoxError as error:
        assert len(str(error)) < 300
        return
    assert read.cues
    assert all(0 <= cue.start < cue.end and cue.text for cue in read.cues)
    assert [cue.start for cue in read.cues] == sorted(cue.start for cue in read.cues)


@settings(max_examples=100, deadline=None)
@given(st.binary() | st.text().map(lambda text: text.encode("utf-16", "surrogatepass")))
def test_whatever_is_in_a_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("files") / "a.srt"
    file.write_bytes(content)
    with pytest.raises(SubtitleError):
        read_subtitles(file)


@pytest.mark.parametrize("form", HEADS)
@pytest.mark.parametrize("piece", ["[", "{", "<", "</", "<i", "{\\a", "&a", "[a]b\n[b]c\n", "<v a>b", "1\n\n", "- "])
def test_a_great_deal_of_it(form: str, piece: str) -> None:
    """What looks back at all that was read would not come to an end."""
    text = HEADS[form] + piece * ((1 << 18) // len(piece)) + "\nHi."
    try:
        assert parse_subtitles(text).cues
    except SubtitleError as error:
        assert len(str(error)) < 300
