"""The front end of text: from what a user or a language model wrote to the segments that are spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from ..errors import TextError
from .cleaner import Cleaner
from .language import guess, settled
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


@dataclass(frozen=True)
class Sentence:
    """A sentence in words, with the blank that parts it from the one before.

    silent: it has no words, only tags that begin or end a span.
    """

    text: str
    language: str
    silent: bool = False


class Sentences:
    """The sentences of a text that arrives in pieces, as they are spoken: the same wherever it was cut.

    Not to be shared between threads.
    """

    def __init__(self, tags: Collection[str] = (), lexicon: Lexicon | None = None, language: str | None = None) -> None:
        """language: the text's, where it is known; else that of each sentence is told from its words."""
        self._tags = frozenset(tags)
        self._lexicon = lexicon
        self._first = language or "en"
        self.known = language
        self._cleaner = Cleaner(self._tags, lexicon)
        self._written = Spans(self._tags)
        self.language = self._first  # of the sentence before: digits alone are read as it was
        self.blank = False  # whether the sentence before was parted by one from this

    def feed(self, piece: str) -> list[Sentence]:
        """The sentences that are complete now. Raises TextError if `piece` is not valid Unicode."""
        check_unicode(piece)
        return self._read(self._cleaner.units(piece))

    def flush(self) -> list[Sentence]:
        """What is held is a sentence, though it may not look like one; what is fed later goes on behind it."""
        return self._read(self._cleaner.held_units())

    def pause(self) -> list[Sentence]:
        """`flush`, but for what may be the beginning of something: a number, a link."""
        return self._read(self._cleaner.paused_units())

    def finish(self) -> list[Sentence]:
        """The rest. The sentences of another text may follow."""
        sentences = self._read(self._cleaner.last_units())
        self._written.close()
        self.language, self.blank = self._first, False
        return sentences

    def begun(self) -> tuple[str, bool]:
        """What was written of the next sentence so far, and whether it begins a line; "" in a code block."""
        return self._cleaner.begun()

    def _read(self, units: Iterable[str]) -> list[Sentence]:
        sentences = []
        for unit in units:
            text = self._written.read(unit.strip())
            if unit.endswith("\n"):
                text += self._written.close()
            if speakable(self._written.words(text)):
                sentences.append(self._sentence(text, parted=unit[-1].isspace()))
            elif spans := "".join(split_tags(text, self._tags)[1::2]):
                sentences.append(Sentence(spans, self.language, silent=True))
        return sentences

    def language_of(self, text: str) -> str:
        """That of the next sentence, or of its beginning."""
        return settled(text, self.known) if self.known else guess(text, default=self.language)

    def _sentence(self, text: str, *, parted: bool) -> Sentence:
        """parted: whether a blank follows it."""
        self.language = language = self.language_of(" ".join(split_tags(text, self._tags)[::2]))
        text = ended(normalize(self._pronounced(text), language, self._tags), language)
        # Latin words may become a Chinese sentence by what follows them: they keep the blank that was there.
        if self.blank and (language != "zh" or text[:1].isascii()):
            text = " " + text
        self.blank = parted and text[-1:].isascii()
        return Sentence(text, language)

    def _pronounced(self, text: str) -> str:
        """`text` with the lexicon's words, in which a tag is no word."""
        if not self._lexicon:
            return text
        parts = split_tags(text, self._tags)
        return "".join(part if index % 2 else self._lexicon.apply(part) for index, part in enumerate(parts))


class Reader:
    """Segments of a text that arrives in pieces, each as soon as it is complete.

    The segments are the same wherever the text was cut. tags: control tags of the model that a text
    may hold. A pair of them (<strong>…</strong>) reaches to the end of its line at most; where it spans
    several segments it is closed and opened again. Not to be shared between threads.
    """

    def __init__(
        self,
        tokenizer: Encoder,
        tags: Collection[str] = (),
        lexicon: Lexicon | None = None,
        rules: Rules | None = None,
        *,
        language: str | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._tags = frozenset(tags)
        self._rules = rules or Rules()
        self._sentences = Sentences(self._tags, lexicon, language)
        self._packer = Packer(self._rules)
        self._spoken = Spans(self._tags)

    def feed(self, piece: str) -> list[Segment]:
        """The segments that are complete now. Raises TextError if `piece` is not valid Unicode."""
        return balanced(self._pieces(self._sentences.feed(piece)), self._spoken)

    def finish(self) -> list[Segment]:
        """The rest. The reader is as new afterwards."""
        segments = balanced(self._pieces(self._sentences.finish()) + self._packer.finish(), self._spoken)
        self._spoken.close()
        return segments

    def _pieces(self, sentences: Iterable[Sentence]) -> list[Piece]:
        pieces: list[Piece] = []
        for sentence in sentences:
            length = len if sentence.language == "zh" or sentence.silent else self._tokens
            for clause in clauses(sentence.text, sentence.language, commas=self._rules.commas):
                pieces += self._packer.add(clause, sentence.language, length)
        return pieces

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, allowed=self._tags))


def balanced(pieces: Iterable[Piece], spoken: Spans) -> list[Segment]:
    """Pieces as segments whose tags are whole in each, without those in which there is nothing to say."""
    segments = [Segment(spoken.whole(text.strip()), language) for text, language in pieces]
    return [segment for segment in segments if speakable(spoken.words(segment.text))]


def prepare(
    text: str,
    tokenizer: Encoder,
    tags: Collection[str] = (),
    lexicon: Lexicon | None = None,
    *,
    language: str | None = None,
) -> list[Segment]:
    """The segments of a whole text, in order, none empty. language: as in `Sentences`.

    Raises TextError if there is nothing to say.
    """
    reader = Reader(tokenizer, tags, lexicon, language=language)
    segments = reader.feed(text) + reader.finish()
    if not segments:
        raise TextError("the text has no letters or digits: there is nothing to say")
    return segments


def speakable(text: str) -> bool:
    """Whether there is anything to say in `text`: a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)
