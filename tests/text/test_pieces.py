"""A text that arrives in pieces is read as if it had come whole: segments equal in every field, wherever it was cut."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from cosyvox.core import Lexicon, TextError
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.text import front
from cosyvox.core.text.cleaner import Cleaner
from cosyvox.core.text.front import Reader, Segment, prepare

DATA = Path(__file__).resolve().parent.parent / "data"
TABLE = [text for text, _ in json.loads((DATA / "text/spoken.json").read_text(encoding="utf-8"))]
GOLDEN = [
    entry["text"] for entry in json.loads((DATA / "parity/common/text.json").read_text(encoding="utf-8"))["entries"]
]
TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))
LEXICON = Lexicon({"行长": "航掌", "hello": "hallo"})


class Letters:
    """A tokenizer of which every byte is half a token."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        return [0] * (len(text.encode()) // 2)


@pytest.fixture(autouse=True, scope="module")
def _sentences_are_read_once() -> Iterator[None]:
    """A sentence's words are a pure function of it; what is tested here is which sentences there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "normalize", cache(front.normalize))
        yield


def read(*pieces: str, lexicon: Lexicon | None = LEXICON) -> list[Segment]:
    reader = Reader(Letters(), TAGS, lexicon)
    return [segment for piece in pieces for segment in reader.feed(piece)] + reader.finish()


def whole(text: str) -> list[Segment]:
    try:
        return prepare(text, Letters(), TAGS, LEXICON)
    except TextError:
        return []


def cleaned(*pieces: str) -> str:
    cleaner = Cleaner(TAGS)
    return "".join([*map(cleaner.feed, pieces), cleaner.finish()])


def random_pieces(text: str, random: random.Random, longest: int) -> list[str]:
    pieces = []
    while text:
        size = random.randint(1, longest)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@pytest.mark.parametrize("text", TABLE + GOLDEN)
def test_one_text_cut_at_every_place(text: str) -> None:
    expected = whole(text)
    assert read(*text) == expected
    for place in range(len(text) + 1):
        assert read(text[:place], text[place:]) == expected, place


@pytest.mark.parametrize("text", TABLE + GOLDEN)
def test_clean_wherever_it_is_cut(text: str) -> None:
    expected = cleaned(text)
    assert cleaned(*text) == expected
    for place in range(len(text) + 1):
        assert cleaned(text[:place], text[place:]) == expected, place


@pytest.mark.parametrize("text", ["Wait…. He left.", "Wait…!. He left.", "等等….他走了。", "好。.然后走了。"])
def test_sentences_end_where_they_end_in_one_piece(text: str) -> None:
    for place in range(len(text) + 1):
        whole, cut = Cleaner(), Cleaner()
        assert cut.units(text[:place]) + cut.units(text[place:]) == whole.units(text), place


@pytest.mark.parametrize("seed", range(20))
def test_long_texts_in_random_pieces(seed: int) -> None:
    """Neighbours matter: languages change, short pieces are merged, lists and code begin and end."""
    choose = random.Random(seed)
    text = "".join(row + choose.choice([" ", "\n", "\n\n", ""]) for row in choose.sample(TABLE + GOLDEN, 40))
    expected = whole(text)
    assert len(expected) > 5
    assert read(*text) == expected
    for longest in (3, 30, 300):
        assert read(*random_pieces(text, choose, longest)) == expected


@pytest.mark.parametrize("longest", [7, 1000, 4001])
def test_a_text_without_a_place_to_cut(longest: int) -> None:
    """What is held back is bounded; where the bound falls does not depend on the pieces."""
    choose = random.Random(longest)
    for unit in ("word ", "字", "(", "`a. ", "[b. ", "x" * 40 + "\n", ". ", "\r", "“。”", "<strong>a</strong>"):
        text = unit * (9000 // len(unit))
        assert cleaned(*random_pieces(text, choose, longest)) == cleaned(text), unit


def test_a_reader_is_as_new_afterwards() -> None:
    """Nothing of one text, neither its language nor an open mark, is left for the next."""
    reader = Reader(Letters(), TAGS)
    for text in ("我有一个苹果。", "```\ncode", "<strong>Open. Still open", "An [open link", "12."):
        assert reader.feed(text) + reader.finish() == read(text, lexicon=None)


def test_segments_come_as_soon_as_they_are_complete() -> None:
    reader = Reader(Letters(), TAGS)
    sentence = "This is a sentence of a length that is spoken alone, with words enough for two segments of it. "
    first = reader.feed(sentence) + reader.feed(sentence) + reader.feed(sentence) + reader.feed("And")
    assert [segment.text for segment in first] == [(sentence * 2).strip()]
