"""Words that are certain before their sentence is complete: those which nothing that follows can change.

Of a sentence's first words these are plain: letters with commas between them, no digit, sign or mark, no abbreviation,
nothing that is read by its neighbours ("Part I"), no word that may begin an entry of the lexicon. The language of the
sentence, which its last word may decide, makes no difference to them.
"""

from __future__ import annotations

import re

from .lexicon import Lexicon

# One blank before a word that is not the first, and letters of ASCII at both edges: beside others a Chinese sentence
# has no blanks. What is longer than forty letters is no word.
_LETTER = "[A-Za-zÀ-ÖØ-öø-ɏ]"
_LATIN = re.compile(rf" ?(?P<word>[A-Za-z](?:(?:['’-]?{_LETTER}){{0,40}}['’-]?[A-Za-z])?),?(?= [A-Za-z])")
_EAST_ASIAN = "[\u3041-\u3096\u30a1-\u30fa\u30fc\u3005\u4e00-\u9fff]"
_CHARACTER = re.compile(rf"(?P<word>{_EAST_ASIAN})[，、]?(?={_EAST_ASIAN})")
_BLANKS = re.compile(" *")
_BULLET = re.compile(r" *(?:(?:[-*+•]|#{1,6}) +)?")
# What the readers of English turn into other words where no digit, sign or stop is near (`english/words.py`).
_READ_OTHERWISE = re.compile(r"(?<!\w)(?:vs|etc|Mrs?|Ms|Dr|[IVX]+(?!['’]))(?!\w)")
# "I" is a numeral in "Part I of it" and in "the I century".
_WORDS_BEFORE_I = (
    "and as because but can could did do how if may must no now shall should since so then though what when where "
    "while why will would yes"
)
_BEFORE_I = frozenset(_WORDS_BEFORE_I.split())
_PERHAPS_CENTURY = re.compile(r" [Cc](?:e|\Z)")


class PlainStart:
    """The plain words that a sentence begins with, as it arrives. Not to be shared between threads."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon
        self.reset()

    def reset(self) -> None:
        """The next text is another sentence's."""
        self._place = 0  # how far the text was read
        self._word = ""

    def read(self, text: str, *, line: bool) -> list[str]:
        """What is certain now and was not before, word by word: "Well,", " it", " is"; Chinese by characters.

        text: all that was written of the sentence. line: whether it begins a line.
        """
        found: list[str] = []
        place = self._place
        if not place and (start := (_BULLET if line else _BLANKS).match(text)):
            place = start.end()
        while (match := _LATIN.match(text, place) or _CHARACTER.match(text, place)) and self._plain(match):
            found.append(match[0])
            self._word = match[0]
            self._place = place = match.end()
        return found

    def _plain(self, match: re.Match[str]) -> bool:
        if self._lexicon and self._lexicon.may_begin(match[0]):
            return False
        if match["word"] == "I":
            before = self._word.strip()
            pronoun = before.endswith(",") or before == before.lower() or before.lower() in _BEFORE_I
            return pronoun and not _PERHAPS_CENTURY.match(match.string, match.end())
        return not _READ_OTHERWISE.search(match["word"])
