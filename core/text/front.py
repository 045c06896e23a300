"""The front end of text: from what a user or a language model wrote to the segments that are spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from ..errors import TextError
from .cleaner import Cleaner
from .language import guess
from .lexicon import Lexicon
from .normalize import normalize
from .split import Packer, Piece, Rules, clauses, ended
from .tags import Spans, split_tags
from .tokenizer import check_unicode


class Encoder(Protocol):
    """What is asked of a tokenizer: the ids of a text, to count them."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]: ...


@dataclass(frozen=True)
class Segment:
    """What is spoken in one go, and the language it is mostly in ("zh", "en", "ja", …, "other")."""

    text: str
    language: str


class Reader:
    """Segments of a text that arrives in pieces, each as soon as it is complete.

    The segments are the same wherever the text was cut. tags: control tags of the model that a text
    may hold. A pair of them (<strong>…</strong>) reaches to the end of its line at most; where it spans
    several segments it is closed and opened again. Not to be shared between threads.
    """

    def __init__(
        self, tokenizer: Encoder, tags: Collection[str] = (), lexicon: Lexicon | None = None, rules: Rules | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._tags = frozenset(tags)
        self._lexicon = lexicon
        self._rules = rules or Rules()
        self._cleaner = Cleaner(self._tags)
        self._packer = Packer(self._rules)
        self._written, self._spoken = Spans(self._tags), Spans(self._tags)
        self._language = "en"  # of the sentence before: digits alone are read as it was
        self._blank = False  # whether the sentence before was parted by one from this

    def feed(self, piece: str) -> list[Segment]:
        """The segments that are complete now. Raises TextError if `piece` is not valid Unicode."""
        check_unicode(piece)
        return self._read(self._cleaner.units(piece))

    def finish(self) -> list[Segment]:
        """The rest. The reader is as new afterwards."""
        segments = self._read(self._cleaner.last_units()) + self._segments(self._packer.finish())
        self._written.close()
        self._spoken.close()
        self._language, self._blank = "en", False
        return segments

    def _read(self, units: Iterable[str]) -> list[Segment]:
        pieces: list[Piece] = []
        for unit in units:
            text = self._written.read(unit.strip())
            if unit.endswith("\n"):
                text += self._written.close()
            if speakable(self._written.words(text)):
                pieces += self._sentence(text, parted=unit[-1].isspace())
            elif spans := "".join(split_tags(text, self._tags)[1::2]):
                pieces += self._packer.add(spans, self._language, len)
        return self._segments(pieces)

    def _sentence(self, text: str, *, parted: bool) -> list[Piece]:
        """parted: whether a blank follows it."""
        self._language = language = guess(" ".join(split_tags(text, self._tags)[::2]), default=self._language)
        text = ended(normalize(self._pronounced(text), language, self._tags), language)
        if self._blank and language != "zh":
            text = " " + text
        self._blank = parted and text[-1:].isascii()
        length = len if language == "zh" else self._tokens
        pieces: list[Piece] = []
        for clause in clauses(text, language, commas=self._rules.commas):
            pieces += self._packer.add(clause, language, length)
        return pieces

    def _pronounced(self, text: str) -> str:
        """`text` with the lexicon's words, in which a tag is no word."""
        if not self._lexicon:
            return text
        parts = split_tags(text, self._tags)
        return "".join(part if index % 2 else self._lexicon.apply(part) for index, part in enumerate(parts))

    def _segments(self, pieces: Iterable[Piece]) -> list[Segment]:
        segments = [Segment(self._spoken.whole(text.strip()), language) for text, language in pieces]
        return [segment for segment in segments if speakable(self._spoken.words(segment.text))]

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, allowed=self._tags))


def prepare(text: str, tokenizer: Encoder, tags: Collection[str] = (), lexicon: Lexicon | None = None) -> list[Segment]:
    """The segments of a whole text, in order, none empty. Raises TextError if there is nothing to say."""
    reader = Reader(tokenizer, tags, lexicon)
    segments = reader.feed(text) + reader.finish()
    if not segments:
        raise TextError("the text has no letters or digits: there is nothing to say")
    return segments


def speakable(text: str) -> bool:
    """Whether there is anything to say in `text`: a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)
