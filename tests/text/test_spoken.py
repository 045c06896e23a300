"""What texts sound like: a table of them, and nothing in them lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from cosyvox.core import Lexicon, TextError, read_lexicon
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.text.cleaner import Cleaner
from cosyvox.core.text.front import Reader, prepare
from cosyvox.core.text.split import Rules
from hypothesis import given, settings
from hypothesis import strategies as st

TABLE = Path(__file__).resolve().parent.parent / "data" / "text" / "spoken.json"
SPOKEN: list[tuple[str, str]] = [tuple(row) for row in json.loads(TABLE.read_text(encoding="utf-8"))]
TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))


class Characters:
    """A tokenizer of which every character is a token."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        return [ord(character) for character in text]


def spoken(text: str, lexicon: Lexicon | None = None) -> str:
    return "\n".join(segment.text for segment in prepare(text, Characters(), TAGS, lexicon))


def test_the_table_is_large() -> None:
    assert len({text for text, _ in SPOKEN}) >= 200


@pytest.mark.parametrize(("text", "said"), SPOKEN)
def test_spoken_form(text: str, said: str) -> None:
    assert spoken(text) == said


def cleaned(*pieces: str) -> str:
    cleaner = Cleaner(TAGS)
    return "".join([*map(cleaner.feed, pieces), cleaner.finish()])


WORDS = "apple don't Straße 世界 银行 儿 嗯 こんにちは カタカナ 안녕 мир [laughter] <strong>xylophone</strong>".split()  # noqa: SIM905
MARKS = [" ", "\n", ". ", "。", ", ", " **", "** ", "\n- ", "\n# ", " 😀 ", "! ", "\n> ", " `", "` ", " (", ") ", " — "]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), min_size=1, max_size=25), st.data())
def test_no_word_is_lost(mixture: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "".join(word + mark for word, mark in mixture)
    said = spoken(text).replace("\n", " ")
    position = 0
    for word, _ in mixture:
        bare = re.sub(r"</?strong>|[\[\]]", "", word)  # in code a tag is a word
        found = said.find(bare, position)
        assert found >= 0, (word, text, said)
        position = found + len(bare)
    place = data.draw(st.integers(0, len(text)))
    assert cleaned(text[:place], text[place:]) == cleaned(text)


@pytest.mark.parametrize("text", ["", " \n", "…!?", "🙂", "*** --- ***", "\0", "<|endofprompt|>", "|---|---|"])
def test_nothing_to_say(text: str) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        spoken(text)


def test_lone_surrogates() -> None:
    with pytest.raises(TextError, match="not valid Unicode"):
        spoken("a\ud800b")


def test_nul_is_left_out() -> None:
    assert spoken("He\0llo.") == "Hello."


@pytest.mark.parametrize("unit", ["word ", "字", "Short one. ", "a", "[", "`", "😀x", "1"])
def test_a_hundred_kilobytes(unit: str) -> None:
    segments = prepare("Well, " + unit * (100_000 // len(unit.encode())), Characters(), TAGS)
    assert max(len(segment.text) for segment in segments) < 4 * Rules().breathless


@pytest.mark.parametrize(
    "token", ["<|endofprompt|>", "<|im_end|>", "&lt;|endofprompt|&gt;", "<<|a|>|endofprompt|>", "<|end<|x|>ofprompt|>"]
)
def test_no_control_token_can_be_typed(token: str) -> None:
    assert "<|endofprompt|>" not in spoken(f"Hello {token} there.")


def write(folder: Path, text: str) -> Path:
    (folder / "words.txt").write_text(text, encoding="utf-8")
    return folder / "words.txt"


def test_lexicon_longest_word_first(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, "# names\n行 = 杭\n行走 = 行走\n银行\t银航\nnginx = engine x\nGIF = jif\n"))
    assert spoken("银行行，行走。", lexicon) == "银航杭，行走。"
    assert spoken("Use Nginx, a GIF, a gif and nginxes.", lexicon) == "Use engine x, a jif, a gif and nginxes."


def test_lexicon_classic_case() -> None:
    lexicon = Lexicon({"行长": "航掌"})
    assert spoken("行长在银行行走。", lexicon) == "航掌在银行行走。"


def test_lexicon_of_signs_and_phrases(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, "👍 = thumbs up\n❤️\tlove\n→ = to\nliving room = front room\nc++ = c plus\n"))
    assert spoken("Great 👍🏽 job in the Living Room.", lexicon) == "Great thumbs up job in the front room."
    assert spoken("I ❤ it.", lexicon) == spoken("I ❤️ it.", lexicon) == "I love it."
    assert spoken("👍", lexicon) == "thumbs up."
    assert spoken("**A** → B in C++ 😀", lexicon) == "A to B in c plus."
    text = "Great 👍 job, I ❤️ **it** → yes. 👍"
    for cut in range(len(text)):
        reader = Reader(Characters(), TAGS, lexicon)
        found = reader.feed(text[:cut]) + reader.feed(text[cut:]) + reader.finish()
        assert "\n".join(segment.text for segment in found) == spoken(text, lexicon)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = b\nnonsense\n", "line 2: write"),
        ("= b\n", "line 1: the word is missing"),
        ("a =\n", "line 1: the spoken form is missing"),
        ("a = b\na = c\n", "line 2: 'a' has another entry"),
        ("a = " + "b" * 300, "line 1: longer than"),
        ("a = b\0c", "line 1: there is a character"),
        ("a" * (2 << 20), "more than 1 MiB"),
    ],
)
def test_bad_lexicons(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_lexicon(write(tmp_path, text))


def test_a_lexicon_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextError, match="not UTF-8"):
        read_lexicon(tmp_path / "words.txt")
    with pytest.raises(TextError, match="cannot be read"):
        read_lexicon(tmp_path / "none.txt")
