"""Control tags: a model's own are kept and stay in pairs, whatever a text does with them; all others are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from cosyvox.core import Lexicon
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.text.front import prepare
from cosyvox.core.text.split import Rules
from hypothesis import example, given, settings
from hypothesis import strategies as st

TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))
PAIRED = {"<strong>": "</strong>", "<laughter>": "</laughter>"}


class Characters:
    """A tokenizer of which every character is a token."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        return [ord(character) for character in text]


def spoken(text: str, lexicon: Lexicon | None = None) -> list[str]:
    return [segment.text for segment in prepare(text, Characters(), TAGS, lexicon)]


def balanced(text: str) -> bool:
    waiting: list[str] = []
    for tag in re.findall(r"</?(?:strong|laughter)>", text):
        if tag in PAIRED:
            waiting.append(PAIRED[tag])
        elif not waiting or waiting.pop() != tag:
            return False
    return not waiting


LONG = "This sentence has more than sixty characters, so that it is a piece of its own."


def test_a_span_over_several_segments_is_whole_in_each() -> None:
    assert spoken(f"<strong>{LONG} {LONG}</strong> {LONG}") == [
        f"<strong>{LONG}</strong>",
        f"<strong>{LONG}</strong>",
        LONG,
    ]


def test_spans_in_each_other() -> None:
    assert spoken(f"<laughter>{LONG} <strong>{LONG}</strong></laughter> {LONG}") == [
        f"<laughter>{LONG}</laughter>",
        f"<laughter><strong>{LONG}</strong></laughter>",
        LONG,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A <strong>bold word.", "A <strong>bold word.</strong>"),
        ("A bold</strong> word.", "A bold word."),
        ("<strong>One <strong>two</strong> three.", "<strong>One two</strong> three."),
        ("<strong>One <laughter>two</strong> three</laughter>.",
         "<strong>One <laughter>two</laughter></strong><laughter> three</laughter>."),
        ("<strong></strong>Hello.", "Hello."),
        ("<strong>Mind this\nLine two.", "<strong>Mind this</strong>. Line two."),
        ("<strong>你好。再见。</strong>好。", "<strong>你好。再见。</strong>好。"),
        ("Wow.</strong> Well.", "Wow. Well."),
        ("<strong>Wow. !!! </strong> Well.", "<strong>Wow. </strong> Well."),
    ],
)  # fmt: skip
def test_tags_that_do_not_fit_together(text: str, said: str) -> None:
    assert spoken(text) == [said]


PIECES = [*sorted(TAGS), LONG, "Hi. ", "世界。", "…! ", "\n", " ", "`", "**", "字" * 90]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=15))
@example(["<strong>", "字" * 90, "字" * 90, "</strong>", "字" * 90])
def test_every_segment_is_balanced_and_no_tag_is_cut(pieces: list[str]) -> None:
    for segment in spoken("Well. " + "".join(pieces)):
        assert balanced(segment)
        assert not re.search(r"[<>\[\]]", re.sub("|".join(map(re.escape, TAGS)), "", segment))


def test_no_tag_is_cut_where_a_text_has_no_place_to_cut() -> None:
    for start in range(len("<strong>")):
        said = spoken("字" * (4000 - start) + "<strong>好</strong>")
        assert "".join(said).endswith("<strong>好</strong>。")


def test_a_tag_is_no_word_of_a_lexicon() -> None:
    lexicon = Lexicon({"strong": "mighty", "laughter": "fun"})
    assert spoken("A <strong>strong</strong> [laughter] laughter.", lexicon) == [
        "A <strong>mighty</strong> [laughter] fun."
    ]


def test_a_tag_in_code_is_a_word() -> None:
    assert spoken("Write `<strong>` or `[laughter]` there.") == ["Write strong or laughter there."]


def test_rules_of_the_longest_piece_hold_with_tags() -> None:
    for segment in spoken("<strong>" + "很长" * 500 + "</strong>"):
        assert len(segment) <= Rules().breathless + len("<strong></strong>")
