"""A user's pronunciation file: how words are to be said.

One entry a line, `word = spoken form` or the two separated by a tab; `#` begins a comment. Where
entries overlap the longest wins, so a word that contains another keeps its own reading if it has an
entry of its own: with `行 = 航` and `行走 = 行走`, 行走 stays as it is. Words written with letters and
spaces match whole words, in any case when the entry is in lower case. An entry may be several words, or signs that are
left out otherwise: `👍 = thumbs up`.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from ..errors import TextError

MOST_BYTES = 1 << 20
MOST_ENTRIES = 20_000
LONGEST = 200  # characters of a word or of its spoken form

# Letters of the scripts that put spaces between words. In 用nginx吗 the neighbours of nginx are none.
_ALPHABETIC = r"[A-Za-z\u00c0-\u052f]"
_OPENING = re.compile(rf"{_ALPHABETIC}+|.", re.DOTALL)


class Lexicon:
    """Replaces words by their spoken forms. Immutable; safe to use from many threads."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """entries: word -> spoken form."""
        self._spoken = {unicodedata.normalize("NFC", word): said for word, said in entries.items()}
        self._folded = {word: said for word, said in self._spoken.items() if word == word.casefold()}
        longest_first = sorted(self._spoken, key=len, reverse=True)
        pattern = "|".join(_pattern(word, anycase=word in self._folded) for word in longest_first)
        self._words = re.compile(pattern) if pattern else None
        signs = {_bare(word): said for word, said in self._spoken.items() if _is_sign(word)}
        self._said_signs = signs
        self._signs = re.compile("|".join(map(_sign_pattern, sorted(signs, key=len, reverse=True)))) if signs else None
        self._openings = {_OPENING.findall(word.casefold())[0] for word in self._spoken if word}

    def __len__(self) -> int:
        return len(self._spoken)

    @property
    def digest(self) -> str:
        """Tells lexicons apart by their entries."""
        return sha256(repr(sorted(self._spoken.items())).encode()).hexdigest()

    def apply(self, text: str) -> str:
        """`text` with every word that has an entry replaced; what was replaced is not read again."""
        return self._words.sub(self._say, text) if self._words else text

    def say_signs(self, text: str) -> str:
        """`text`, not cleaned yet, with every emoji or other sign that has an entry in words."""
        return self._signs.sub(lambda sign: f" {self._said_signs[_bare(sign[0])]} ", text) if self._signs else text

    def may_begin(self, text: str) -> bool:
        """Whether a word that has an entry may begin in `text`, whole words, wherever it ends."""
        return not self._openings.isdisjoint(_OPENING.findall(text.casefold()))

    def _say(self, match: re.Match[str]) -> str:
        word = match[0]
        return self._spoken.get(word) or self._folded.get(word.casefold(), word)


def read_lexicon(file: str | os.PathLike[str]) -> Lexicon:
    """The lexicon in a file. Raises TextError naming the line that is wrong."""
    path = Path(file)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TextError(f"{path} has more than {MOST_BYTES >> 20} MiB: a pronunciation file is a list of words")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TextError(f"{path} cannot be read: {error.strerror or error}; check the path") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is not UTF-8: save it as UTF-8") from error
    entries: dict[str, str] = {}
    for index, line in enumerate(text.splitlines(), start=1):
        entry = _entry(line, f"{path}, line {index}")
        if entry is None:
            continue
        word, said = entry
        if entries.setdefault(word, said) != said:
            raise TextError(f"{path}, line {index}: {word!r} has another entry above: keep one")
        if len(entries) > MOST_ENTRIES:
            raise TextError(f"{path}, line {index}: more than {MOST_ENTRIES} entries: leave some out")
    return Lexicon(entries)


def _entry(line: str, where: str) -> tuple[str, str] | None:
    """Word and spoken form of a line; None if it says nothing."""
    line = re.sub(r"(?:^|\s)#.*", "", line).strip()
    if not line:
        return None
    word, separator, said = (part.strip() for part in line.partition("\t" if "\t" in line else "="))
    if not separator and "\t" not in line and "=" not in line:
        raise TextError(f"{where}: write `word = spoken form`, or put a tab between the two")
    word = unicodedata.normalize("NFC", word)
    if not word or not said:
        raise TextError(f"{where}: the {'spoken form' if word else 'word'} is missing: write `word = spoken form`")
    if max(len(word), len(said)) > LONGEST:
        raise TextError(f"{where}: longer than {LONGEST} characters: an entry is a word or a short phrase")
    if not all(part.isprintable() for part in (word, said)):
        raise TextError(f"{where}: there is a character that cannot be printed: remove it")
    return word, said


def _is_sign(word: str) -> bool:
    """ASCII's signs are left to Markdown."""
    return not any(character.isascii() or character.isalnum() for character in word)


def _bare(sign: str) -> str:
    """A sign without the mark by which it is shown in colours or not, which may be there or not."""
    return sign.replace("\ufe0f", "").replace("\ufe0e", "")


def _sign_pattern(sign: str) -> str:
    return "".join(re.escape(character) + "[\ufe0e\ufe0f]?" for character in sign)


def _pattern(word: str, *, anycase: bool) -> str:
    """A word of an alphabet with spaces must not match inside another; one of a script without may."""
    before = f"(?<!{_ALPHABETIC})" if re.match(_ALPHABETIC, word[0]) else ""
    after = f"(?!{_ALPHABETIC})" if re.match(_ALPHABETIC, word[-1]) else ""
    return f"{before}(?i:{re.escape(word)}){after}" if anycase else f"{before}{re.escape(word)}{after}"
