"""Inline tags: silence, how what follows is said, and what is said alone when one line is changed."""

from __future__ import annotations

import pytest
from cosyvox.core import CosyVoxError, TextError
from cosyvox.core.dub import Passage, Style, read_passages
from hypothesis import example, given, settings
from hypothesis import strategies as st


def said(text: str) -> list[tuple[float, str]]:
    return [(passage.pause, passage.text) for passage in read_passages(text)]


def styles(text: str, base: Style | None = None) -> list[Style]:
    return [passage.style for passage in read_passages(text, base or Style())]


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        *(("[pause]", 0.5), ("[pause:0.6]", 0.6), ("[pause:0.6s]", 0.6), ("[pause:600ms]", 0.6)),
        *(("[Pause: .6 s]", 0.6), ("[pause:0,6]", 0.6)),
        *(("[pause：2]", 2.0), ("[pause=2 sec]", 2.0), ("[pause 2]", 2.0), ("[pause:60]", 60.0)),
        *(("[pause:0]", 0.0), ("[pause:1][pause:0.5]", 1.5), ("[pause:1] {speed=2}{} [pause:1]", 2.0)),
    ],
)
def test_a_pause_stands_in_front_of_what_follows(tag: str, seconds: float) -> None:
    assert said(f"Wait. {tag} Go.") == [(0.0, "Wait."), (seconds, "Go.")]


def test_a_pause_at_the_end_is_silence_alone() -> None:
    assert said("Wait [pause:2].") == [(0.0, "Wait."), (2.0, "")]
    assert said("[pause:2]") == [(2.0, "")]
    assert read_passages(" \n ") == []


def test_other_brackets_are_words() -> None:
    for text in ("[pauses] a", "[pause for effect] a", "a [laughter] b", "[door] a"):
        assert said(text) == [(0.0, text)]


@pytest.mark.parametrize("tag", ["[pause:61]", "[pause:x]", "[pause:-1]", "[pause:]", "[pause:1", "[pause:1e9]"])
def test_a_pause_that_cannot_be_is_named(tag: str) -> None:
    with pytest.raises(TextError, match=r"^line 3: '\[pause:.*write \[pause:0\.6\].*at most 60 seconds"):
        read_passages(f"One.\r\nTwo.\r\n{tag} Three.")


def test_silence_is_bounded() -> None:
    with pytest.raises(TextError, match=r"^line 2: .*longer than 60 seconds"):
        read_passages("One.\n" + "[pause:20] … " * 4)


def test_a_style_holds_until_the_next_one_and_replaces_it() -> None:
    text = '{speed=0.9 seed=4 instruct="Sadly, {slowly}" lang=en gain=-3}One. {speed=1.1}Two. {}Three.'
    assert styles(text) == [Style(0.9, 4, "Sadly, {slowly}", "en", -3.0), Style(speed=1.1), Style()]


def test_what_holds_besides() -> None:
    base = Style(speed=0.8, seed=7)
    assert styles("{speed=1.2}One. {}Two.", base) == [Style(speed=1.2, seed=7), base]


@pytest.mark.parametrize(
    "written",
    [
        *("{speed=0.9, seed=4}", "{ SPEED = 0.9 ; Seed = 4 }", "{speed:0.9 seed:4}", "{speed='0.9' seed=“4”}"),
        *("{seed=1 seed=4，speed＝0.9}", "{speed=0.9\nseed=4}"),
    ],
)
def test_ways_to_write_it(written: str) -> None:
    assert styles(f"{written} Hello.") == [Style(speed=0.9, seed=4)]


@pytest.mark.parametrize("quoted", ['"a b"', "'a b'", "“a b”", "‘a b’", "「a b」", '" a\n b "'])
def test_quotes(quoted: str) -> None:
    assert styles(f"{{instruct={quoted}}}Hello.") == [Style(instruct="a b")]


@pytest.mark.parametrize("text", ["a {x=1} b", "{note: this} b", "a {b} c", "{ a", "a } b", "{{a}} b", '{"a": 1} b'])
def test_other_braces_are_words(text: str) -> None:
    assert said(text) == [(0.0, text)]


@pytest.mark.parametrize(
    ("braces", "advice"),
    [
        ("{sped=1}", "no setting 'sped': write {speed=0.9 "),
        ("{speed=3}", "speed is '3': write a number from 0.5 to 2"),
        ("{speed=nan}", "speed is 'nan'"),
        ("{speed=}", "speed is ''"),
        ("{seed=-1}", "from 0 to 18446744073709551615"),
        ("{seed=18446744073709551616}", "from 0 to 18446744073709551615"),
        ("{seed=" + "9" * 9999 + "}", "seed is '9999"),
        ("{gain=41}", "from -60 to 40"),
        ("{lang=english}", "one of en, zh, ja"),
        ('{instruct=""}', "such as instruct="),
        ('{instruct="sadly}', "is not closed: end it with"),
        ("{speed=0.9 Hello there", "found 'Hello there' where a setting or } is expected"),
        ("{speed=0.9", "found ''"),
    ],
)
def test_a_style_that_cannot_be_names_its_line(braces: str, advice: str) -> None:
    with pytest.raises(TextError) as caught:
        read_passages(f"One.\n\nTwo {braces}", line=10)
    assert str(caught.value).startswith("line 12: ")
    assert advice in str(caught.value)
    assert len(str(caught.value)) < 250


def test_lines_that_end_a_sentence_are_said_alone() -> None:
    text = "One.\nTwo goes\non “here.”\nThree? [laughter]\n他说。\nFour\n\n\nFive"
    assert [text for _, text in said(text)] == [
        *("One.", "Two goes\non “here.”", "Three? [laughter]", "他说。", "Four", "Five"),
    ]


def test_a_changed_line_changes_one_passage() -> None:
    lines = ["One comes.", "Two goes", "home.", "", "Three!", "{speed=2}Four."]
    before = read_passages("\n".join(lines))
    lines[4] = "Thirteen!"
    after = read_passages("\n".join(lines))
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True]


def test_a_sentence_keeps_its_marks() -> None:
    assert said("Hello, {speed=0.8}friend{}, come{seed=1}.” {seed=2}…") == [
        *((0.0, "Hello,"), (0.0, "friend,"), (0.0, "come.”")),
    ]
    assert said("你好{speed=0.8}朋友{}，来。") == [(0.0, "你好"), (0.0, "朋友，"), (0.0, "来。")]


def test_pairs_of_a_models_tags_are_whole_in_every_passage() -> None:
    assert [text for _, text in said("<strong>One {speed=0.9}two</strong> three.")] == [
        *("<strong>One</strong>", "<strong>two</strong> three."),
    ]
    assert [text for _, text in said("<strong>One.\nTwo.")] == ["<strong>One.</strong>", "Two."]


def test_nothing_in_code_is_a_tag() -> None:
    text = "```\n{speed=9}\n[pause:x]\nend.\n```\nWrite `{sped=1} [pause]` there."
    assert said(text) == [(0.0, text)]
    assert said("```\n{speed=9}\n```\n[pause:1]Go.") == [(0.0, "```\n{speed=9}\n```"), (1.0, "Go.")]


PIECES = [
    *("Hi", "Hi. ", "世界。", "\n", "\n\n", " ", "[pause:1]", "[pause", "[", "]", "{", "}", "{}", "{speed=0.9}"),
    *('"', "{a=1}", "<strong>", "</strong>", "[laughter]", "`", "```\n", "…", "5", "—", "\r", "\u2028", "\0", "\ud800"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text())
@example("Hi{}.{}")
def test_whatever_is_written_gives_passages_or_an_error_of_ours(text: str) -> None:
    try:
        found = read_passages(text)
    except CosyVoxError:
        return
    assert all(passage.text and not passage.text.isspace() for passage in found[:-1])
    assert sum(map(len, (passage.text for passage in found))) <= len(text) + len("<strong></strong>") * len(found)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["One goes.", "“So.”", "好。", "{speed=0.9}Why?", "[pause:1]No!"]), min_size=1))
def test_every_line_is_said_as_it_is_said_alone(lines: list[str]) -> None:
    for index, line in enumerate(lines):
        (alone,) = read_passages("{}" + line)
        there = read_passages("\n".join(lines))[index]
        assert (there.text, there.pause) == (alone.text, alone.pause)
        assert there.style.speed == (0.9 if any("{" in before for before in lines[: index + 1]) else None)


@pytest.mark.parametrize(
    "piece", ["{", "[", "[pause", "`", "{a{", "“{", "{}.", ". ", "\n", "```\n", "\r", "<strong>a{}"]
)
def test_a_great_deal_of_it(piece: str) -> None:
    """What looks back at all that was read would not come to an end."""
    text = "a" + piece * ((1 << 18) // len(piece))
    try:
        assert len(read_passages(text)) < len(text)
    except TextError as error:
        assert len(str(error)) < 250


def test_passages_are_values() -> None:
    assert read_passages("{speed=2}Hi.") == [Passage("Hi.", Style(speed=2.0), 0.0)]
