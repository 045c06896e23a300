"""Inline tags that style a sentence: recognised wherever the text is cut, dropped where nobody knows them."""

from __future__ import annotations

import pytest
from cosyvox.core.text.styled import Increment, StyledReader
from hypothesis import given, settings
from hypothesis import strategies as st

STYLES = ("cheerful", "whisper", "very sad", "四川话")
TAGS = ("[laughter]", "[breath]", "<strong>", "</strong>")


def joined(increments: list[Increment]) -> list[Increment]:
    out: list[Increment] = []
    for style, text in increments:
        if out and out[-1][0] == style:
            out[-1] = (style, out[-1][1] + text)
        else:
            out.append((style, text))
    return out


def read(*pieces: str) -> list[Increment]:
    reader = StyledReader(STYLES, TAGS)
    found = [increment for piece in pieces for increment in reader.feed(piece)]
    return joined(found + reader.finish())


CASES: list[tuple[str, list[Increment]]] = [
    ("", []),
    ("It is on.", [(None, "It is on.")]),
    ("[cheerful] It is on. Then", [("cheerful", "It is on. "), (None, "Then")]),
    ("[Cheerful]It is 21.5 °C. Yes", [("cheerful", "It is 21.5 °C. "), (None, "Yes")]),
    ("[cheerful]: Good morning!", [("cheerful", "Good morning!")]),
    ("Hello. [whisper] Hush. [very_sad] No.", [(None, "Hello. "), ("whisper", "Hush. "), ("very sad", "No.")]),
    ("[cheerful] Dr. Who came at 5 p.m. on the 3. Mai. So", [("cheerful", "Dr. Who came at 5 p.m. on the 3. Mai. "),
                                                             (None, "So")]),
    ("[cheerful] See [a. B](x.y/z) now. So", [("cheerful", "See [a. B](x.y/z) now. "), (None, "So")]),
    ("好的。[四川话]灯开了。再见。", [(None, "好的。"), ("四川话", "灯开了。"), (None, "再见。")]),
    ("[cheerful] “Yes!” he said", [("cheerful", "“Yes!” "), (None, "he said")]),
    ("[cheerful]\nIt is on.\nNext", [("cheerful", "\nIt is on.\n"), (None, "Next")]),
    ("- [cheerful] Milk\n- Bread", [("cheerful", "- Milk\n"), (None, "- Bread")]),
    ("**[cheerful]** Milk", [("cheerful", "**** Milk")]),
    ("[whisper] [cheerful] Milk", [("cheerful", "Milk")]),
    ("[giggles] Hello.", [(None, "Hello.")]),
    ("[Speaks softly] Hello.", [(None, "Hello.")]),
    ("Done. [sighs]", [(None, "Done. ")]),
    ("Well, [sighs] that is it.", [(None, "Well, that is it.")]),
    ("It is on, [whisper] quietly.", [(None, "It is on, quietly.")]),
    ("[laughter] That is fun, [breath] is it?", [(None, "[laughter] That is fun, [breath] is it?")]),
    ("[laughter] [cheerful] Fun.", [(None, "[laughter]"), ("cheerful", " Fun.")]),
    ("[<strong>]", [(None, "[<strong>]")]),
    ("[cheerful](https://a.b) is a link.", [(None, "[cheerful](https://a.b) is a link.")]),
    ("See [the docs](https://a.b), [text][1] and [1].", [(None, "See [the docs](https://a.b), [text][1] and [1].")]),
    ("[docs]: https://a.b", [(None, "[docs]: https://a.b")]),
    ("[j][ǐ]行", [(None, "[j][ǐ]行")]),
    ("- [x] done\n- [ ] open\n[1] note\n[^1]: note", [(None, "- [x] done\n- [ ] open\n[1] note\n[^1]: note")]),
    ("He [the king] said a[i] and b[index].", [(None, "He [the king] said a[i] and b[index].")]),
    ("[This is a whole remark] yes", [(None, "[This is a whole remark] yes")]),
    (r"\[cheerful] a", [(None, r"\[cheerful] a")]),
    ("`[cheerful]` is a tag.", [(None, "`[cheerful]` is a tag.")]),
    ("```\n[cheerful] a\n```\n[cheerful] b", [(None, "```\n[cheerful] a\n```\n"), ("cheerful", "b")]),
    ("[cheerful", [(None, "[cheerful")]),
    ("[" * 5, [(None, "[" * 5)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_tags_wherever_the_text_is_cut(text: str, expected: list[Increment]) -> None:
    assert read(text) == expected
    assert read(*text) == expected
    for cut in range(1, len(text)):
        assert read(text[:cut], text[cut:]) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["[", "]", "cheerful", "[cheerful] ", "[sighs] ", "[laughter]", "Dr. ", "Yes. ", "好。", "\n", "`", "```",
             " ", "- ", "(", "a", "1. ", "**", ":", "[x] ", "\\"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_the_cut_never_matters(parts: list[str]) -> None:
    text = "".join(parts)
    whole = read(text)
    assert read(*text) == whole
    assert read(*parts) == whole
    left = "".join(said for _, said in whole)
    if "[" not in text:
        assert left == text


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("The light is on", ""),
        ("The light is on. ", ""),
        ("The light is on. [chee", "[chee"),
        ("The light is on. [cheerful]", "[cheerful]"),
        ("[1", ""),
        ("See [the d", ""),
        ("See [the", "[the"),
        ("A list[", ""),
        ("\n- **", "- **"),
        ("[" + "a" * 60, ""),
    ],
)
def test_only_what_may_be_a_tag_is_held(text: str, held: str) -> None:
    reader = StyledReader(STYLES, TAGS)
    out = "".join(said for character in text for _, said in reader.feed(character))
    assert out + held == text


def test_a_reader_is_as_new_afterwards() -> None:
    reader = StyledReader(STYLES, TAGS)
    for text, expected in CASES:
        assert joined(reader.feed(text) + reader.finish()) == expected
