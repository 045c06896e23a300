"""Text that arrives in pieces, on its way into a speech language model as early as is safe."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import chain

from .front import Encoder, Sentence, Sentences, balanced, speakable
from .lexicon import Lexicon
from .plain import PlainStart
from .split import Packer, Piece, Rules, breaths, clauses
from .tags import Spans

# Characters, which last about as long whatever the tokenizer makes of them; those of Chinese and Japanese about
# three times as long as letters.
LONG = 90  # a sentence that is not waited for when nothing was said yet
CLAUSE = 30  # the least of it that is spoken alone
_UNSPACED = ("zh", "ja")
_OTHER_SCRIPTS = ("zh", "ja", "ko", "other")
_COMMAS = (",", "，", "、")
# Words before which a breath may be taken.
_JOINT = re.compile(
    r" (?:and|but|or|because|which|that|when|while|where|with|for|from|to|in|on|at|by|if|"
    r"und|aber|oder|weil|dass|wenn|mit|von|zu|auf|bei)(?= )"
)


@dataclass(frozen=True)
class Increment:
    """What is said next. A segment is one utterance of the language model; its increments follow each other.

    The texts of a segment's increments, joined, are its text; their ids, joined, are those of that text, which the
    ids of the texts one by one need not be. begins, ends: the first and the last increment of a segment; the last may
    be empty. language: the segment's, as far as it was known when it began.
    """

    text: str
    ids: tuple[int, ...]
    language: str
    begins: bool
    ends: bool


class LiveReader:
    """Increments of a text that arrives in pieces. Not to be shared between threads.

    What is said does not depend on where the text was cut; where segments begin does. words: for models that read
    while they speak: the first words of a sentence are given out before it is complete, if nothing that follows can
    change them. Else every increment is a segment: a sentence at once, the first clause of a long one, or as much of it
    as is long enough, if nothing was said yet, and several sentences only where they came together.
    """

    def __init__(
        self,
        tokenizer: Encoder,
        tags: Collection[str] = (),
        lexicon: Lexicon | None = None,
        *,
        words: bool,
        language: str | None = None,
    ) -> None:
        """tags: control tags of the model that a text may hold. language: as in `Sentences`."""
        self._rules = Rules()
        self._sentences = Sentences(tags, lexicon, language)
        self._plain = PlainStart(lexicon)
        self._spoken = Spans(tags)
        self._packer = Packer(self._rules)
        self._utterance = _Utterance(tokenizer, frozenset(tags))
        self._words = words
        self._known = ""  # of the sentence that is not complete: what is certain
        self._said = ""  # and what was given out
        self._silent = True  # nothing was given out since the text began or paused

    def feed(self, piece: str) -> list[Increment]:
        """What may be said now. Raises TextError if `piece` is not valid Unicode."""
        self._complete(self._sentences.feed(piece))
        if not self._spoken.open and (self._words or self._silent):
            text, line = self._sentences.begun()
            if fresh := self._plain.read(text, line=line):
                self._begin(fresh)
        return self._utterance.taken()

    def flush(self) -> list[Increment]:
        """All the rest: what is held is complete as it is. What is fed later goes on behind it."""
        self._complete(self._sentences.flush())
        return self._paused()

    def pause(self) -> list[Increment]:
        """What is held, as the text does not go on for a while; but for a number, a link and such that may go on."""
        self._complete(self._sentences.pause())
        return self._paused()

    def finish(self) -> list[Increment]:
        """All the rest. The reader is as new afterwards."""
        self._complete(self._sentences.finish())
        self._spoken.close()
        return self._paused()

    def _paused(self) -> list[Increment]:
        self._utterance.end()
        self._silent = True
        return self._utterance.taken()

    def _begin(self, fresh: list[str]) -> None:
        """The first words of a sentence: said one by one, or together as soon as they are a clause to be said alone."""
        for word in fresh:
            self._known += word
            if not self._words and (head := _early(self._known)):
                self._said = head
                self._say_segments([(head, self._language())])
                return
        if self._words:
            self._say_words(fresh, self._language())

    def _language(self) -> str:
        """That of the sentence that is not complete: three words of it in Latin letters tell nothing."""
        before = self._sentences.language
        if self._known.isascii() and self._known.count(" ") < 3 and before not in _OTHER_SCRIPTS:
            return before
        return self._sentences.language_of(self._known)

    def _say_words(self, fresh: list[str], language: str) -> None:
        utterance, unspaced = self._utterance, language in _UNSPACED
        blank = " " if self._sentences.blank else ""
        # Before a sentence of Chinese characters that may turn out to be Japanese there may be a blank or none.
        if not self._said and ((unspaced and blank) or unspaced != (utterance.language in _UNSPACED)):
            utterance.end()
        for word in fresh:
            utterance.say(word if self._said else blank + word, language)
            self._said += word
            if utterance.size > (self._rules.longest if word.endswith(_COMMAS) else self._rules.breathless):
                utterance.end()

    def _complete(self, sentences: Iterable[Sentence]) -> None:
        pieces: list[Piece] = []
        for sentence in sentences:
            text = sentence.text if sentence.silent else self._rest(sentence.text)
            parts = clauses(text, sentence.language)
            if self._words:
                self._say_sentence(parts, sentence)
            else:
                pieces += self._pack(parts, sentence)
            if not sentence.silent:
                self._plain.reset()
                self._known = self._said = ""
        if not self._words:
            self._say_segments(pieces + self._packer.finish())

    def _rest(self, text: str) -> str:
        """What is left to be said of a sentence."""
        if not self._said:
            return text
        bare = text.lstrip()
        if bare.startswith(self._said):
            return bare[len(self._said) :]
        # Nothing is said twice, even if words were not as certain as they seemed.
        said = len(self._said.split())
        return " " + " ".join(bare.split()[said:]) if said > 1 else bare[len(self._said) :]

    def _say_sentence(self, parts: list[str], sentence: Sentence) -> None:
        utterance, rules, language = self._utterance, self._rules, sentence.language
        whole = "".join(parts)
        if sentence.silent:
            self._spoken.read(whole)
            return
        if not self._said and language != utterance.language:
            utterance.end()
        length = len if language == "zh" else utterance.tokens
        if length(whole) <= rules.longest:
            parts = [whole]
        gap = ""
        for part in chain.from_iterable(breaths(clause, length, rules) for clause in parts):
            text = gap + part
            words = speakable(self._spoken.words(text))
            if words and utterance.size > rules.shortest and utterance.size_with(text) > rules.longest:
                utterance.end()
            if not words and not (utterance.open and text.strip()):
                gap = text  # signs alone are no segment
                continue
            core = text.strip()
            start = text.index(core)
            gap = text[start + len(core) :]
            utterance.say(text[:start] + self._spoken.whole(core), language)
        if utterance.size > rules.shortest:
            utterance.end()

    def _pack(self, parts: list[str], sentence: Sentence) -> list[Piece]:
        length = len if sentence.language == "zh" or sentence.silent else self._utterance.tokens
        pieces: list[Piece] = []
        if self._silent and not sentence.silent:
            self._silent = False
            first, parts = _first_clause("".join(parts), sentence.language)
            pieces.append((first, sentence.language))
        for part in parts:
            pieces += self._packer.add(part, sentence.language, length)
        return pieces

    def _say_segments(self, pieces: Iterable[Piece]) -> None:
        for segment in balanced(pieces, self._spoken):
            self._silent = False
            self._utterance.say(segment.text, segment.language)
            self._utterance.end()


class _Utterance:
    """The segment that is being given out, and the increments that nobody has taken yet."""

    def __init__(self, tokenizer: Encoder, tags: frozenset[str]) -> None:
        self._tokenizer, self._tags = tokenizer, tags
        self._text, self.language = "", ""
        self._ids: list[int] = []
        self._out: list[Increment] = []

    @property
    def open(self) -> bool:
        return bool(self._text)

    @property
    def size(self) -> int:
        return len(self._text if self.language == "zh" else self._ids)

    def size_with(self, text: str) -> int:
        return len(self._text + text) if self.language == "zh" else self.tokens(self._text + text)

    def tokens(self, text: str) -> int:
        return len(self._encode(text))

    def say(self, text: str, language: str) -> None:
        """`text` behind what was said; in a segment of its own where a token would reach over the border."""
        ids = self._encode(self._text + text)
        if ids[: len(self._ids)] != self._ids:
            self.end()
        begins = not self.open
        if begins:
            text, self.language = text.lstrip(), language
            ids = self._encode(text)
        last = self._out[-1] if self._out else None
        fresh = tuple(ids[len(self._ids) :])
        if last and not begins:
            self._out[-1] = replace(last, text=last.text + text, ids=last.ids + fresh)
        else:
            self._out.append(Increment(text, fresh, self.language, begins=begins, ends=False))
        self._text, self._ids = self._text + text, ids

    def end(self) -> None:
        """What was said is the whole segment."""
        if not self.open:
            return
        if self._out:
            self._out[-1] = replace(self._out[-1], ends=True)
        else:
            self._out.append(Increment("", (), self.language, begins=False, ends=True))
        self._text, self._ids, self.language = "", [], ""

    def taken(self) -> list[Increment]:
        """The increments so far, which are not given again."""
        out, self._out = self._out, []
        return out

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, allowed=self._tags)


def _duration(text: str) -> int:
    """How long `text` lasts, in letters."""
    return sum(1 if character < "\u2e80" else 3 for character in text)


def _early(text: str) -> str:
    """What is said of a sentence of which this much is known: up to a comma; if there is none for long, to a joint."""
    if _duration(text) < CLAUSE:
        return ""
    if text.endswith(_COMMAS):
        return text
    if _duration(text) < LONG or not text.isascii():
        return ""
    joints = [joint.start() for joint in _JOINT.finditer(text) if joint.start() >= CLAUSE]
    return text[: joints[-1]] if joints else text


def _first_clause(text: str, language: str) -> tuple[str, list[str]]:
    """What is said of a sentence first, and the clauses that follow: all of it at once, unless it is long."""
    head = ""
    if _duration(text) > LONG:
        for clause in clauses(text, language, commas=True):
            head += clause
            rest = text[len(head) :]
            if min(_duration(head), _duration(rest)) >= CLAUSE and rest.lstrip()[0].isalnum():
                return head, clauses(rest, language)
    return text, []
