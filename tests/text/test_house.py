"""What a home says, in its languages: the spoken form, and that it is the same wherever the text is cut."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.text import front
from cosyvox.core.text.front import Reader, prepare
from cosyvox.core.text.live import LiveReader

TABLE = Path(__file__).resolve().parent.parent / "data" / "text" / "house.json"
# The language of the text where it is said which (null: told from its words), the text, what is spoken.
ROWS: list[tuple[str | None, str, str]] = [tuple(row) for row in json.loads(TABLE.read_text(encoding="utf-8"))]
TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))


class Words:
    """A tokenizer of which every word is a token."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        return [sum(map(ord, word)) for word in text.split()]


@pytest.fixture(autouse=True, scope="module")
def _sentences_are_read_once() -> Iterator[None]:
    """A sentence's words are a pure function of it; cut and uncut, it is the same sentence or it is read anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "normalize", cache(front.normalize))
        yield


def read(pieces: Iterable[str], language: str | None) -> str:
    reader = Reader(Words(), TAGS, language=language)
    segments = [segment for piece in pieces for segment in reader.feed(piece)] + reader.finish()
    return "\n".join(segment.text for segment in segments)


def heard(pieces: Iterable[str], language: str | None, *, words: bool) -> str:
    """Without blanks: where segments begin depends on when the text came."""
    reader = LiveReader(Words(), TAGS, words=words, language=language)
    increments = [increment for piece in pieces for increment in reader.feed(piece)] + reader.finish()
    return "".join("".join(increment.text for increment in increments).split())


def test_the_table_is_large() -> None:
    assert len({text for _, text, _ in ROWS}) >= 150
    spoken = [segment.language for known, text, _ in ROWS for segment in prepare(text, Words(), TAGS, language=known)]
    assert all(Counter(spoken)[language] > 35 for language in ("en", "zh", "de", "ja"))


@pytest.mark.parametrize(("language", "text", "said"), ROWS)
def test_wherever_it_is_cut(language: str | None, text: str, said: str) -> None:
    assert "\n".join(segment.text for segment in prepare(text, Words(), TAGS, language=language)) == said
    assert read(text, language) == said
    for cut in range(1, len(text)):
        assert read((text[:cut], text[cut:]), language) == said


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize(("language", "text", "said"), ROWS)
def test_while_it_arrives(language: str | None, text: str, said: str, words: bool) -> None:
    assert heard(text, language, words=words) == "".join(said.split())
    for cut in range(1, len(text), 3):
        assert heard((text[:cut], text[cut:]), language, words=words) == "".join(said.split())
