"""Scripts: who speaks from where on."""

from __future__ import annotations

import pytest
from cosyvox.core import CosyVoxError, TextError
from cosyvox.core.dub import Passage, Style, Turn, read_script
from hypothesis import given, settings
from hypothesis import strategies as st


def said(text: str) -> list[tuple[str | None, str]]:
    return [(turn.speaker, " | ".join(passage.text for passage in turn.passages)) for turn in read_script(text)]


def test_names_begin_turns_wherever_they_stand() -> None:
    assert said("Once upon a time.\n[Alice] Hello. [Bob]: Hi,\nyou!\n\n[ Aunt  May ] Well. [小明]：你好。") == [
        *((None, "Once upon a time."), ("Alice", "Hello."), ("Bob", "Hi,\nyou!")),
        *(("Aunt May", "Well."), ("小明", "你好。")),
    ]


def test_a_turn_knows_its_line() -> None:
    turns = read_script("One.\r\n\r\n[Alice]\r\nTwo.\r\nThree. [Bob] Four.")
    assert [(turn.speaker, turn.line) for turn in turns] == [(None, 1), ("Alice", 3), ("Bob", 5)]


def test_tags_and_links_are_no_names() -> None:
    text = "Ha [laughter] [pause:1] so [quick_breath] read [this](http://a.b) … [?] `[x]`"
    assert [turn.speaker for turn in read_script("[Alice] " + text)] == ["Alice"]
    (turn,) = read_script('[Alice] {instruct="as [softly] as can be"} Hush.')
    assert turn == Turn("Alice", (Passage("Hush.", Style(instruct="as [softly] as can be")),), 1)


def test_a_style_ends_with_its_turn() -> None:
    turns = read_script("[Alice] {speed=0.9} One. [Bob] Two. [Alice] Three.")
    assert [turn.passages[0].style for turn in turns] == [Style(speed=0.9), Style(), Style()]


def test_a_turn_of_silence_stays_and_one_of_nothing_goes() -> None:
    assert said("[Alice] [pause:2] [Bob] [Alice] … [Carol] Hi.") == [("Alice", ""), ("Carol", "Hi.")]
    assert read_script("[Alice] [pause:2] [Bob] Hi.")[0].passages == (Passage("", Style(), 2.0),)


def test_a_long_bracket_is_no_name() -> None:
    aside = "[" + "she looks out of the window " * 3 + "]"
    assert said(f"[Alice] {aside} Yes.") == [("Alice", f"{aside} Yes.")]


@pytest.mark.parametrize("text", ["", "\n", "[Alice]", "[Alice] [pause:1]", "[Alice] … [Bob] !"])
def test_nothing_to_say(text: str) -> None:
    with pytest.raises(TextError, match=r"no words: write \[Name\]"):
        read_script(text)


def test_errors_name_the_line_of_the_script() -> None:
    for wrong in ("{speed=9}", "[pause:99]", "[pause:40][pause:40]"):
        with pytest.raises(TextError, match=r"^line 3: "):
            read_script(f"[Alice] One.\n[Bob]\n[Alice] Two. {wrong} Three.")


PIECES = [
    *("Hi. ", "世界", "\n", " ", "[Alice]", "[Bob] ", "[", "]", "[pause:1]", "[pause]", "{speed=2}", "{", "}", "{}"),
    *("`", ":", "[laughter]", "<strong>", "(", ")", "\r", "\u2028", "\0"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text())
def test_whatever_is_written_gives_turns_or_an_error_of_ours(text: str) -> None:
    try:
        turns = read_script(text)
    except CosyVoxError:
        return
    assert turns
    assert all(turn.passages and (turn.speaker is None or turn.speaker.strip()) for turn in turns)
    assert [turn.line for turn in turns] == sorted(turn.line for turn in turns)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["Ann", "Bo Li"]), st.sampled_from(["Yes.", "No,\nno.", "好。"])), min_size=1)
)
def test_turns_are_what_was_written(turns: list[tuple[str, str]]) -> None:
    assert said("".join(f"[{name}] {words}\n" for name, words in turns)) == turns


@pytest.mark.parametrize("piece", ["[", "[a", "[a] ", ".[a]b", "]"])
def test_a_great_deal_of_it(piece: str) -> None:
    """What looks back at all that was read would not come to an end."""
    try:
        read_script("a" + piece * ((1 << 18) // len(piece)))
    except TextError as error:
        assert len(str(error)) < 250
